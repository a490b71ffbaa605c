"""A chat-completions endpoint as the brain: a real HTTP server that speaks the protocol, also badly."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from sandbox.speech.brain import BrainUnavailable, build_brain
from sandbox.speech.parts import Brain, Said, Situation, Speak, ToolAnswered, ToolAsked, UseTool
from tests.sandbox.speech.brain_dialog import HANG_UP

_SITUATION = Situation(
    "Be kind.",
    "",
    (HANG_UP,),
    (
        Said("assistant", "How can I help you?"),
        Said("user", "Please take a message."),
        ToolAsked("c1", "take_message", '{"text": "Hello"}'),
        ToolAnswered("c1", '{"ok": true}'),
        ToolAsked("c2", "hang_up", "{}"),
        Said("user", "Bye."),
    ),
)


@dataclass
class Endpoint:
    """Answers every request with the same bytes; keeps what it was asked. One that hangs waits until it is closed."""

    status: int = 200
    answer: object = None
    hangs: bool = False
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    handlers: set[asyncio.Task[None]] = field(default_factory=set)
    requests: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.handlers.add(asyncio.ensure_future(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lengths = [line.split(":")[1] for line in head.lower().splitlines() if line.startswith("content-length:")]
        body = await reader.readexactly(int(lengths[0]))
        self.requests.append((head, json.loads(body)))
        if self.hangs:
            await self.closing.wait()
        answer = self.answer if isinstance(self.answer, bytes) else json.dumps(self.answer).encode()
        writer.write(f"HTTP/1.1 {self.status} X\r\ncontent-length: {len(answer)}\r\nconnection: close\r\n\r\n".encode())
        writer.write(answer)
        writer.close()


@asynccontextmanager
async def brain_at(endpoint: Endpoint, timeout_s: float = 5.0) -> AsyncIterator[Brain]:
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield build_brain(f"http://127.0.0.1:{port}/v1/", model="tiny", api_key="k", timeout_s=timeout_s)
        endpoint.closing.set()
        await asyncio.gather(*endpoint.handlers)


def _completion(**message: object) -> dict[str, object]:
    return {"choices": [{"message": {"role": "assistant", **message}}]}


def _call(name: str, arguments: str) -> dict[str, object]:
    return {"id": "x", "type": "function", "function": {"name": name, "arguments": arguments}}


async def test_is_asked_in_its_own_protocol() -> None:
    endpoint = Endpoint(answer=_completion(content="Goodbye."))
    async with brain_at(endpoint) as brain:
        await brain.respond(_SITUATION)

    ((head, body),) = endpoint.requests
    assert head.startswith("POST /v1/chat/completions ")
    assert "authorization: bearer k" in head.lower()
    assert body["model"] == "tiny"
    assert body["tools"] == [
        {"type": "function", "function": {key: HANG_UP[key] for key in ("name", "description", "parameters")}}
    ]
    messages = body["messages"]
    assert isinstance(messages, list)
    assert messages[0]["content"].startswith("Be kind.")
    assert [message["role"] for message in messages[1:]] == ["assistant", "user", "assistant", "tool", "user"]
    assert messages[3]["tool_calls"][0]["function"] == {"name": "take_message", "arguments": '{"text": "Hello"}'}
    assert messages[4] == {"role": "tool", "tool_call_id": "c1", "content": '{"ok": true}'}


async def test_speaks_first_and_then_uses_tools() -> None:
    calls = [_call("hang_up", '{"reason": "finished"}')]
    async with brain_at(Endpoint(answer=_completion(content="Auf Wiederhören!", tool_calls=calls))) as brain:
        actions = await brain.respond(_SITUATION)

    assert actions == [Speak("Auf Wiederhören!", "de"), UseTool("hang_up", {"reason": "finished"})]


async def test_gets_the_order_in_place_of_the_instructions_and_no_forbidden_tools() -> None:
    endpoint = Endpoint(answer=_completion(content="Bye."))
    async with brain_at(endpoint) as brain:
        await brain.respond(Situation("Be kind.", "Say goodbye.", (HANG_UP,), (), may_use_tools=False))

    body = endpoint.requests[0][1]
    assert "tools" not in body
    assert "Say goodbye." in json.dumps(body["messages"])
    assert "Be kind." not in json.dumps(body["messages"])


async def test_is_not_asked_for_set_sentences() -> None:
    endpoint = Endpoint()
    order = "Say exactly the following, word for word, and nothing else: One moment, please."
    async with brain_at(endpoint) as brain:
        actions = await brain.respond(Situation("", order, (), ()))

    assert actions == [Speak("One moment, please.", "en")]
    assert endpoint.requests == []


_bad: list[tuple[Callable[[], Endpoint], str]] = [
    (lambda: Endpoint(status=503, answer={}), "status 503"),
    (lambda: Endpoint(answer=b"not json"), "no chat completion"),
    (lambda: Endpoint(answer={"choices": []}), "no chat completion"),
    (lambda: Endpoint(answer={"choices": [{"message": "text"}]}), "no chat completion"),
    (lambda: Endpoint(answer=_completion(content="")), "neither words nor a tool call"),
    (lambda: Endpoint(answer=_completion(tool_calls=[_call("hang_up", "{oops")])), "not JSON"),
    (lambda: Endpoint(answer=_completion(tool_calls=[_call("hang_up", "[]")])), "no JSON object"),
]


@pytest.mark.parametrize(("make", "reason"), _bad)
async def test_says_clearly_what_is_wrong(make: Callable[[], Endpoint], reason: str) -> None:
    async with brain_at(make()) as brain:
        with pytest.raises(BrainUnavailable, match=reason):
            await brain.respond(_SITUATION)


async def test_does_not_wait_for_ever() -> None:
    async with brain_at(Endpoint(answer=_completion(content="late"), hangs=True), timeout_s=0.1) as brain:
        with pytest.raises(BrainUnavailable, match="did not answer within"):
            await brain.respond(_SITUATION)


async def test_says_that_nobody_listens() -> None:
    with pytest.raises(BrainUnavailable, match="cannot be reached"):
        await build_brain("http://127.0.0.1:9/v1").respond(_SITUATION)
