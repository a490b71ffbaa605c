"""The sandbox's own interface: handset, calls and their audio, pages."""

import asyncio
import io
import json
import wave
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from audiokit.mulaw import FRAME_BYTES, silence
from sandbox.carrier.voice import Voice
from tests.sandbox.carrier.called import CalledApp
from tests.sandbox.carrier.conftest import CALLER, NUMBER, Carrier
from tests.sandbox.carrier.servers import serving


@asynccontextmanager
async def line(carrier: Carrier, sid: str) -> AsyncIterator[ClientConnection]:
    url = f"{carrier.url.replace('http', 'ws', 1)}/sandbox/calls/{sid}/line"
    async with connect(url, compression=None) as socket:
        yield socket


async def until(socket: ClientConnection, kind: str, timeout_s: float = 10) -> dict[str, Any]:
    """The next event of a kind."""
    async with asyncio.timeout(timeout_s):
        while True:
            message = await socket.recv()
            if isinstance(message, str) and json.loads(message)["event"] == kind:
                event: dict[str, Any] = json.loads(message)
                return event


async def ring(carrier: Carrier) -> str:
    answer = await carrier.http.post("/sandbox/calls", json={"from": CALLER, "to": NUMBER})
    sid: str = answer.json()["call_sid"]
    return sid


@pytest.fixture
def waiting(app: CalledApp) -> CalledApp:
    """An application that waits for a key."""
    app.replies["/calls/inbound"] = '<Gather timeout="30"/>'
    return app


class TestLine:
    async def test_tells_the_story_from_its_beginning(self, waiting: CalledApp, carrier: Carrier) -> None:
        sid = await ring(carrier)
        await waiting.hook("/calls/inbound")
        async with line(carrier, sid) as socket:
            events = [await until(socket, kind) for kind in ("ringing", "webhook", "answered", "verb")]

        assert [event["at"] for event in events] == sorted(event["at"] for event in events)
        assert events[1]["path"] == "/calls/inbound"
        assert events[1]["status"] == 200
        assert (events[3]["verb"], events[3]["timeout"]) == ("Gather", "30")

    async def test_gives_a_frame_every_20_ms_to_every_listener(self, waiting: CalledApp, carrier: Carrier) -> None:
        sid = await ring(carrier)

        async def frames(socket: ClientConnection) -> list[bytes]:
            heard: list[bytes] = []
            while len(heard) < 10:
                message = await socket.recv()
                if isinstance(message, bytes):
                    heard.append(message)
            return heard

        async with line(carrier, sid) as one, line(carrier, sid) as other, asyncio.timeout(10):
            heard = await asyncio.gather(frames(one), frames(other))

        assert {len(frame) for frames_ in heard for frame in frames_} == {FRAME_BYTES}

    async def test_takes_audio_of_any_length(self, waiting: CalledApp, carrier: Carrier) -> None:
        sid = await ring(carrier)
        said = b"\x22" * 1111
        async with line(carrier, sid) as socket:
            await until(socket, "answered")
            await socket.send(said[:11])
            await socket.send(said[11:])
            await asyncio.sleep(0.5)
            await socket.send(json.dumps({"do": "hang_up"}))
            await until(socket, "ended")
        audio = await carrier.http.get(f"/sandbox/calls/{sid}/audio.wav")

        with wave.open(io.BytesIO(audio.content)) as file:
            left = file.readframes(file.getnframes())[0::4]
        loud = [byte for byte in left if byte]
        assert len(loud) == len(said)

    async def test_says_lines_in_order_and_drops_them(self, waiting: CalledApp, carrier: Carrier) -> None:
        sid = await ring(carrier)
        async with line(carrier, sid) as socket:
            await socket.send(json.dumps({"do": "say", "id": "l1", "text": "Hello"}))
            await socket.send(json.dumps({"do": "play", "id": "l2", "audio": b64encode(silence(30_000)).decode()}))
            first = await until(socket, "caller_started")
            await until(socket, "caller_finished")
            second = await until(socket, "caller_started")
            await socket.send(json.dumps({"do": "stop_talking"}))
            finished = await until(socket, "caller_finished")

        assert (first["id"], first["text"]) == ("l1", "Hello")
        assert second["id"] == finished["id"] == "l2"
        assert finished["said_ms"] < 30_000

    @pytest.mark.parametrize(
        "order",
        ["nonsense", "[]", '{"do":"dance"}', '{"do":"press","digits":"x"}', '{"do":"play","audio":"%"}', '{"do":1}'],
    )
    async def test_refuses_what_is_no_order_and_goes_on(self, waiting: CalledApp, carrier: Carrier, order: str) -> None:
        sid = await ring(carrier)
        async with line(carrier, sid) as socket:
            await until(socket, "answered")
            await socket.send(order)
            await until(socket, "problem")
            await socket.send('{"do":"press","digits":"5"}')
            event = await until(socket, "dtmf")

        assert event["digit"] == "5"

    async def test_ends_with_the_call(self, waiting: CalledApp, carrier: Carrier) -> None:
        sid = await ring(carrier)
        async with line(carrier, sid) as socket:
            await socket.send('{"do":"hang_up"}')
            event = await until(socket, "ended")
            with pytest.raises(ConnectionClosed):
                await socket.recv()

        assert event["by"] == "caller"

    async def test_of_an_unknown_call_is_refused(self, carrier: Carrier) -> None:
        with pytest.raises(InvalidStatus):
            async with line(carrier, "CA0"):
                pass


class TestCalls:
    async def test_are_listed_newest_first_with_their_recordings(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = "<Start><Recording/></Start><Pause length='0.2'/>"
        sids = [await ring(carrier), await ring(carrier)]
        await app.hook("/calls/status", 2)
        listed = (await carrier.http.get("/sandbox/calls")).json()["calls"]
        call = (await carrier.http.get(f"/sandbox/calls/{sids[0]}")).json()

        assert [it["call_sid"] for it in listed] == sids[::-1]
        assert (call["from"], call["to"], call["status"]) == (CALLER, NUMBER, "completed")
        assert call["events"][-1]["event"] == "ended"
        assert [it["status"] for it in call["recordings"]] == ["completed"]

    async def test_an_unknown_one_is_a_problem(self, carrier: Carrier) -> None:
        answer = await carrier.http.get("/sandbox/calls/CA0")

        assert answer.status_code == 404
        assert answer.json()["status"] == 404

    @pytest.mark.parametrize("order", [{}, {"from": "", "to": NUMBER}, {"from": CALLER, "to": NUMBER, "params": 1}])
    async def test_a_ring_that_makes_no_sense_is_refused(self, carrier: Carrier, order: dict[str, Any]) -> None:
        answer = await carrier.http.post("/sandbox/calls", json=order)

        assert answer.status_code == 422


class TestPages:
    async def test_reads_of_the_application_carry_its_key(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/api/calls"] = JSONResponse({"calls": []})
        answer = await carrier.http.get("/sandbox/app/api/calls", params={"carrier_call_id": "CA1"})

        assert answer.json() == {"calls": []}
        hook = app.at("/api/calls")[0]
        assert hook.headers["authorization"] == "Bearer key"
        assert hook.fields == {"carrier_call_id": "CA1"}

    async def test_nothing_is_written_through_them(self, app: CalledApp, carrier: Carrier) -> None:
        answer = await carrier.http.post("/sandbox/app/api/calls")

        assert answer.status_code == 405
        assert app.hooks == []

    @pytest.mark.parametrize(("path", "kind"), [("/", "text/html"), ("/main.js", "text/javascript")])
    async def test_the_softphone_is_served_fresh(self, carrier: Carrier, path: str, kind: str) -> None:
        answer = await carrier.http.get(path)

        assert answer.headers["content-type"].startswith(kind)
        assert answer.headers["cache-control"] == "no-store"


class TestVoice:
    async def test_speaks_by_the_speech_service(self) -> None:
        service = FastAPI()

        @service.post("/sandbox/voice")
        async def voice(request: Request) -> Response:
            return Response((await request.json())["text"].encode(), media_type="audio/basic")

        async with serving(service) as port:
            voice_ = Voice(f"http://127.0.0.1:{port}")
            audio = await voice_.render("Hello", language="de", voice="caller")
            await voice_.close()

        assert audio == b"Hello"

    async def test_speaks_alone_without_it(self) -> None:
        voice = Voice("http://127.0.0.1:9")
        audio = await voice.render("Hello")
        await voice.close()

        assert len(audio) > 1000
