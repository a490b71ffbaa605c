"""The HTTP side: the vendor's models and written tasks, and the sandbox's own interface."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from sandbox.speech.parts import Rendering
from sandbox.speech.voice import VoiceUnavailable
from tests.sandbox.speech.realtime_wire import Service, ToneVoice, running

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service() -> AsyncIterator[Service]:
    async with running() as service:
        yield service


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": "Bearer sk-test"}
    async with httpx.AsyncClient(base_url=service.http_url, headers=headers) as client:
        yield client


async def test_models_tell_when_they_end(http: httpx.AsyncClient) -> None:
    models = {model["id"]: model for model in (await http.get("/v1/models")).json()["data"]}
    one = (await http.get("/v1/models/gpt-realtime")).json()

    assert "gpt-realtime-2.1" in models
    assert "shutdown_date" not in models["gpt-realtime-2.1"]
    assert one == models["gpt-realtime"]
    assert one["shutdown_date"] == "2027-01-20"


@pytest.mark.parametrize(
    ("path", "code"), [("/v1/models/gpt-9", "model_not_found"), ("/v1/none", None), ("/v1/realtime", None)]
)
async def test_what_does_not_exist_is_told_as_the_vendor_tells_it(
    http: httpx.AsyncClient, path: str, code: str | None
) -> None:
    answer = await http.get(path)

    assert answer.status_code == 404
    assert answer.json()["error"] | {"type": "invalid_request_error", "code": code} == answer.json()["error"]


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/models"), ("POST", "/v1/responses")])
async def test_a_bad_key_is_refused(service: Service, method: str, path: str) -> None:
    async with httpx.AsyncClient(base_url=service.http_url, headers={"Authorization": "Bearer sk-bad"}) as client:
        answer = await client.request(method, path)

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "invalid_api_key"


async def test_written_tasks_are_done_by_rule(http: httpx.AsyncClient) -> None:
    task = {
        "model": "gpt-6-luna",
        "instructions": "Answer with one of: sales, spam, other.",
        "input": [{"role": "user", "content": [{"type": "input_text", "text": "caller: You have won a free cruise!"}]}],
    }
    answer = (await http.post("/v1/responses", json=task)).json()

    assert answer["status"] == "completed"
    assert answer["output"][0]["content"][0]["text"] == "spam"
    assert answer["usage"]["total_tokens"] > 0


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"model":""}', b'{"model":"m","input":5}', b'{"model":"m","stream":true}']
)
async def test_a_task_that_cannot_be_done_is_refused(http: httpx.AsyncClient, body: bytes) -> None:
    answer = await http.post("/v1/responses", content=body)

    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


async def test_health(http: httpx.AsyncClient) -> None:
    assert (await http.get("/sandbox/health")).json() == {"status": "ok"}


async def test_the_voice_speaks_lines(http: httpx.AsyncClient) -> None:
    spoken = await http.post("/sandbox/voice", json={"text": "Hello there", "language": "en", "voice": "caller"})

    assert spoken.headers["content-type"] == "audio/basic"
    assert spoken.content == (await ToneVoice().render("Hello there")).audio


@pytest.mark.parametrize("body", [b"", b"{}", b'{"text":5}', b'{"text":"x","speed":2}'])
async def test_a_line_that_cannot_be_spoken_is_refused(http: httpx.AsyncClient, body: bytes) -> None:
    refused = await http.post("/sandbox/voice", content=body)

    assert refused.status_code == 400
    assert refused.headers["content-type"] == "application/problem+json"


class MuteVoice:
    async def render(self, text: str, *, language: str = "en", voice: str = "marin") -> Rendering:
        raise VoiceUnavailable("espeak-ng is not installed")


async def test_a_voice_that_cannot_speak_says_why() -> None:
    async with running(voice=MuteVoice()) as service, httpx.AsyncClient(base_url=service.http_url) as client:
        refused = await client.post("/sandbox/voice", json={"text": "Hello"})

    assert refused.status_code == 503
    assert refused.json()["detail"] == "espeak-ng is not installed"


async def test_sessions_are_listed_with_their_items_newest_first(service: Service) -> None:
    async with service.session() as old:
        await old.update(instructions="old")
    async with service.session() as new:
        await new.update(instructions="new")
        text = [{"type": "input_text", "text": "Hello"}]
        await new.send("conversation.item.create", item={"type": "message", "role": "user", "content": text})
        await new.next("conversation.item.done")
        live, past, *_ = (await service.get("/sandbox/sessions"))["sessions"]

    assert (live["status"], live["session"]["instructions"]) == ("live", "new")
    assert live["conversation"][0]["content"] == text
    assert live["conversation"][0]["understood"] == {"role": "user", "text": "Hello"}
    assert live["received"] == {"session.update": 1, "conversation.item.create": 1}
    assert (past["status"], past["session"]["instructions"], past["close_code"]) == ("closed", "old", 1000)
