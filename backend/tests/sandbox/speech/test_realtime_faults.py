"""What goes wrong on demand (checklist point 10, and the sandbox's own interface)."""

import asyncio

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from audiokit.mulaw import silence
from sandbox.speech.parts import Speak
from sandbox.speech.settings import SpeechSettings
from tests.sandbox.speech.realtime_wire import (
    Client,
    Event,
    ScriptedBrain,
    audio_of,
    running,
    tone,
    types,
)

LONG = Speak("word " * 40)


async def closing_of(client: Client) -> int | None:
    """The code of the closing frame; None when the connection broke without one."""
    try:
        while True:
            await client.receive()
    except ConnectionClosed as closed:
        return None if closed.rcvd is None else closed.rcvd.code


class TestScript:
    async def test_is_listed_and_forgotten(self) -> None:
        async with running() as service, httpx.AsyncClient(base_url=service.http_url) as http:
            added = await http.post("/sandbox/faults", json={"kind": "fail_response", "code": "x", "count": 2})
            listed = (await http.get("/sandbox/faults")).json()
            deleted = await http.delete("/sandbox/faults")
            empty = (await http.get("/sandbox/faults")).json()

        assert added.status_code == 201
        assert listed == added.json()
        assert listed["faults"][0] | {"kind": "fail_response", "code": "x", "count": 2} == listed["faults"][0]
        assert (deleted.status_code, empty) == (204, {"faults": []})

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"[]",
            b'{"kind":"earthquake"}',
            b'{"kind":"fail_response","count":0}',
            b'{"kind":"slow_connect"}',
            b'{"kind":"slow_connect","delay_s":-1}',
            b'{"kind":"fail_response","colour":"red"}',
        ],
    )
    async def test_says_what_is_wrong_with_a_fault(self, body: bytes) -> None:
        async with running() as service, httpx.AsyncClient(base_url=service.http_url) as http:
            refused = await http.post("/sandbox/faults", content=body)

        assert refused.status_code == 400
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["detail"]

    async def test_a_fault_happens_as_often_as_it_says(self) -> None:
        async with running() as service, service.session() as client:
            await service.fault("fail_response", count=2)
            ends = [(await client.respond())[-1]["response"]["status"] for _ in range(3)]

        assert ends == ["failed", "failed", "completed"]


class TestConnection:
    async def test_is_refused_by_status(self) -> None:
        async with running() as service:
            await service.fault("refuse_connection", code=429)
            with pytest.raises(InvalidStatus) as refused:
                async with service.session():
                    pass
            async with service.session() as client:
                assert types(client.log) == ["session.created"]

        assert refused.value.response.status_code == 429

    async def test_is_refused_by_closing(self) -> None:
        async with running() as service:
            await service.fault("refuse_connection", code=1013)
            async with service.client() as client:
                assert await closing_of(client) == 1013
                assert client.log == []

    async def test_is_slow(self) -> None:
        loop = asyncio.get_running_loop()
        async with running() as service:
            await service.fault("slow_connect", delay_s=0.3)
            began = loop.time()
            async with service.session():
                assert loop.time() - began >= 0.3

    @pytest.mark.parametrize(("fault", "code"), [({}, None), ({"code": 1011}, 1011), ({"after_s": 0.1}, None)])
    async def test_breaks_while_it_lives(self, fault: Event, code: int | None) -> None:
        async with running() as service, service.session() as client:
            await service.fault("drop_socket", **fault)
            assert await closing_of(client) == code
            async with service.session() as next_one:
                await next_one.update()

    async def test_breaks_for_a_caller_first(self) -> None:
        async with running() as service, service.session() as caller, service.session() as other:
            await caller.append(tone(20))
            await caller.update()
            await service.fault("drop_socket")
            assert await closing_of(caller) is None
            await other.update()

    async def test_breaks_when_it_comes(self) -> None:
        async with running() as service:
            await service.fault("drop_socket", after_s=0.1)
            async with service.client() as client:
                assert await closing_of(client) is None

        assert types(client.log) == ["session.created"]

    @pytest.mark.parametrize(("more", "code"), [({}, None), ({"code": 1011}, 1011)])
    async def test_breaks_in_the_middle_of_a_response(self, more: Event, code: int | None) -> None:
        async with running(brain=ScriptedBrain([[LONG]])) as service, service.session() as client:
            await client.telephone()
            await service.fault("drop_socket", on_response=True, after_deltas=3, **more)
            await client.send("response.create")
            assert await closing_of(client) == code
            (past,) = (await service.get("/sandbox/sessions"))["sessions"]

        assert past["sent"]["response.output_audio.delta"] >= 3
        assert "response.done" not in past["sent"]
        assert past["status"] == "closed"


class TestSession:
    async def test_expires_after_its_time(self) -> None:
        settings = SpeechSettings(session_s=0.3, log_level="WARNING")
        async with running(settings) as service, service.session() as client:
            error = (await client.next("error"))["error"]
            code = await closing_of(client)

        assert (error["code"], error["type"], error["event_id"]) == ("session_expired", "invalid_request_error", None)
        assert error["message"].startswith("Your session hit the maximum duration")
        assert code == 1001

    async def test_expires_on_demand(self) -> None:
        async with running() as service, service.session() as client:
            await service.fault("expire_session")
            error = (await client.next("error"))["error"]
            code = await closing_of(client)

        assert error["message"] == "Your session hit the maximum duration of 60 minutes."
        assert code == 1001

    async def test_gets_an_error_nobody_caused(self) -> None:
        async with running() as service, service.session() as client:
            await service.fault("send_error")
            error = (await client.next("error"))["error"]
            await client.update()

        assert error == {
            "type": "insufficient_quota",
            "code": "credit_balance_exhausted",
            "message": "Credit balance exhausted.",
            "param": None,
            "event_id": None,
        }

    async def test_refuses_an_update(self) -> None:
        async with running() as service, service.session() as client:
            await service.fault("reject_update")
            await client.send("session.update", session={"type": "realtime", "instructions": "x"})
            error = (await client.next("error"))["error"]
            updated = await client.update()

        assert (error["code"], error["param"]) == ("unknown_parameter", "session.reasoning")
        assert updated["session"]["instructions"] != "x"


class TestResponse:
    async def test_fails_without_a_word(self) -> None:
        async with running() as service, service.session() as client:
            await service.fault("fail_response", code="inference_rate_limit_exceeded", type="invalid_request_error")
            events = await client.respond()

        done = events[-1]["response"]
        assert types(events) == ["response.created", "rate_limits.updated", "response.done"]
        assert (done["status"], done["output"], done["usage"]) == ("failed", [], None)
        assert done["status_details"]["type"] == "failed"
        assert done["status_details"]["error"]["code"] == "inference_rate_limit_exceeded"

    async def test_fails_in_the_middle(self) -> None:
        async with running(brain=ScriptedBrain([[LONG]])) as service, service.session() as client:
            await client.telephone()
            await service.fault("fail_response", after_deltas=2)
            events = await client.respond()

        done = events[-1]["response"]
        assert types(events).count("response.output_audio.delta") == 2
        assert (done["status"], done["output"][0]["status"]) == ("failed", "incomplete")

    @pytest.mark.parametrize("reason", ["max_output_tokens", "content_filter"])
    async def test_is_incomplete(self, reason: str) -> None:
        async with running(brain=ScriptedBrain([[LONG]])) as service, service.session() as client:
            await service.fault("incomplete_response", reason=reason)
            done = (await client.respond())[-1]["response"]

        assert done["status"] == "incomplete"
        assert done["status_details"] == {"type": "incomplete", "reason": reason}
        assert done["output"][0]["status"] == "incomplete"

    async def test_is_slow(self) -> None:
        loop = asyncio.get_running_loop()
        async with running() as service, service.session() as client:
            await service.fault("slow_response", delay_s=0.4)
            await client.send("response.create")
            await client.next("response.created")
            created_at = loop.time()
            await client.next("response.output_item.added")
            assert loop.time() - created_at >= 0.3

    async def test_leaves_stale_audio_after_an_interruption(self) -> None:
        settings = SpeechSettings(pacing=1, log_level="WARNING", seed=1)
        async with running(settings, brain=ScriptedBrain([[LONG]])) as service, service.session() as client:
            await client.telephone({"type": "server_vad", "create_response": False})
            await service.fault("stale_audio", deltas=3)
            await client.send("response.create")
            await client.next("response.output_audio.delta")
            await client.append(silence(400) + tone(400))
            await client.next("input_audio_buffer.speech_started")
            events = await client.until("response.done")

        assert len(audio_of(events)) > 0
        assert types(events).count("response.output_audio.delta") == 3
        assert events[-1]["response"]["status_details"]["reason"] == "turn_detected"


class TestStream:
    async def test_has_unknown_events(self) -> None:
        async with running() as service, service.session() as client:
            await service.fault("unknown_events", count=3)
            await client.respond()

        assert types(client.log).count("session.mood.changed") == 3

    async def test_has_events_twice(self) -> None:
        async with running() as service, service.session() as client:
            await service.fault("duplicate_events", count=1)
            events = await client.respond()

        first, second = events[0], events[1]
        assert first["type"] == second["type"] == "response.created"
        assert first["response"] == second["response"]
        assert first["event_id"] != second["event_id"]

    async def test_has_rate_limits_anywhere(self) -> None:
        async with running() as service, service.session() as client:
            await service.fault("stray_rate_limits", count=4)
            events = await client.respond()

        assert types(events).count("rate_limits.updated") == 5
