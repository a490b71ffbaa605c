"""Opening a session: who gets in, and what the others are told (checklist points 1 and 2)."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from websockets.exceptions import ConnectionClosed, InvalidStatus

from sandbox.speech.settings import SpeechSettings
from tests.sandbox.speech.realtime_wire import Client, Service, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

SESSION_KEYS = [
    *("type", "object", "id", "model", "output_modalities", "instructions", "tools", "tool_choice"),
    *("max_output_tokens", "tracing", "truncation", "prompt", "expires_at", "audio", "include"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service() -> AsyncIterator[Service]:
    async with running(SpeechSettings(refused_keys=("sk-revoked",), log_level="WARNING")) as service:
        yield service


async def closing_of(client: Client) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed) as closed:
        await client.receive()
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


async def test_the_first_event_is_the_session_with_all_its_defaults(service: Service) -> None:
    async with service.client() as client:
        created = await client.receive()

    session = created["session"]
    assert created["type"] == "session.created"
    assert list(session) == SESSION_KEYS
    assert session["type"] == "realtime"
    assert session["object"] == "realtime.session"
    assert session["model"] == "gpt-realtime-2.1"
    assert session["audio"] == {
        "input": {
            "format": {"type": "audio/pcm", "rate": 24000},
            "transcription": None,
            "noise_reduction": None,
            "turn_detection": {
                "type": "server_vad",
                "threshold": 0.5,
                "prefix_padding_ms": 300,
                "silence_duration_ms": 200,
                "idle_timeout_ms": None,
                "create_response": True,
                "interrupt_response": True,
            },
        },
        "output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "marin", "speed": 1.0},
    }
    unchanged = (session["tools"], session["tool_choice"], session["max_output_tokens"], session["truncation"])
    assert unchanged == ([], "auto", "inf", "auto")


async def test_ids_have_the_form_of_the_vendor(service: Service) -> None:
    async with service.client() as client:
        created = await client.receive()

    assert re.fullmatch(r"event_[0-9A-Za-z]{21}", created["event_id"])
    assert re.fullmatch(r"sess_[0-9A-Za-z]{21}", created["session"]["id"])


async def test_a_session_expires_an_hour_after_its_creation() -> None:
    async with running(SpeechSettings(log_level="WARNING")) as service, service.client() as client:
        created = await client.receive()
        (listed,) = (await service.get("/sandbox/sessions"))["sessions"]

    assert created["session"]["expires_at"] == pytest.approx(listed["opened_at"] + 3600, abs=1)


async def test_no_compression_is_agreed_on(service: Service) -> None:
    async with service.client() as client:
        assert client.socket.response is not None
        assert "Sec-WebSocket-Extensions" not in client.socket.response.headers


async def test_a_key_may_come_as_a_subprotocol(service: Service) -> None:
    offered = ["realtime", "openai-insecure-api-key.ek_browser"]
    async with service.client(key=None, subprotocols=offered) as client:
        created = await client.receive()

    assert created["type"] == "session.created"
    assert client.socket.subprotocol == "realtime"


@pytest.mark.parametrize("key", [None, "", "sk-bad", "sk-bad-123", "sk-revoked"])
async def test_a_bad_key_gets_an_error_and_code_3000(service: Service, key: str | None) -> None:
    async with service.client(key=key) as client:
        error = await client.receive()
        closing = await closing_of(client)

    assert error["type"] == "error"
    assert error["error"]["code"] == "invalid_api_key"
    assert error["error"]["type"] == "invalid_request_error"
    assert closing == (3000, "invalid_request_error.invalid_api_key")


async def test_a_bad_key_can_be_made_to_fail_the_upgrade() -> None:
    async with running(SpeechSettings(bad_key_status="http", log_level="WARNING")) as service:
        with pytest.raises(InvalidStatus) as refused:
            async with service.client(key="sk-bad"):
                pass

    assert refused.value.response.status_code == 401
    assert b'"code":"invalid_api_key"' in (refused.value.response.body or b"")


@pytest.mark.parametrize(
    ("headers", "subprotocols"),
    [
        ({"OpenAI-Beta": "realtime=v1"}, None),
        ({}, ["realtime", "openai-insecure-api-key.sk-1", "openai-beta.realtime-v1"]),
    ],
)
async def test_the_beta_protocol_is_closed(
    service: Service, headers: dict[str, str], subprotocols: list[str] | None
) -> None:
    async with service.client(headers=headers, subprotocols=subprotocols) as client:
        assert await closing_of(client) == (4000, "invalid_request_error.beta_api_shape_disabled")


@pytest.mark.parametrize(
    ("query", "code"), [("", "missing_required_parameter"), ("model=gpt-realtime-9", "model_not_found")]
)
async def test_a_session_needs_a_model_that_exists(service: Service, query: str, code: str) -> None:
    async with service.client(query) as client:
        error = await client.receive()
        closing = await closing_of(client)

    assert error["error"]["code"] == code
    assert error["error"]["param"] == "model"
    assert closing == (4000, f"invalid_request_error.{code}")


async def test_there_are_no_calls_to_attach_to(service: Service) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with service.client("call_id=rtc_123"):
            pass

    assert refused.value.response.status_code == 404


async def test_a_transcription_session_writes_down_and_does_not_answer(service: Service) -> None:
    async with service.client("intent=transcription") as client:
        created = await client.receive()
        await client.send("session.update", session={"type": "transcription", "instructions": "Be kind."})
        refused = await client.next("error")
        listening = {"format": {"type": "audio/pcmu"}, "transcription": {"model": "gpt-transcribe"}}
        await client.send("session.update", session={"type": "transcription", "audio": {"input": listening}})
        updated = await client.next("session.updated")
        await client.send("response.create")
        unanswered = await client.next("error")

    assert created["session"]["type"] == "transcription"
    assert created["session"]["object"] == "realtime.transcription_session"
    assert refused["error"]["param"] == "session.instructions"
    assert updated["session"]["audio"]["input"]["transcription"] == {"model": "gpt-transcribe"}
    assert unanswered["error"]["code"] == "invalid_event"
