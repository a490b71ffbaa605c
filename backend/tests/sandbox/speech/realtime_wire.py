"""A running speech service and a raw client of it; the service's parts are small ones that a test can script."""

import asyncio
import json
import math
import socket
from array import array
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from audiokit import mulaw
from audiokit.mulaw import BYTES_PER_MS, FRAME_BYTES, SAMPLE_RATE
from sandbox.speech.parts import Action, Brain, Ears, Heard, Rendering, Situation, Speak, Voice, Word
from sandbox.speech.server import create_speech, uvicorn_config
from sandbox.speech.settings import SpeechSettings

Event = dict[str, Any]

MODEL = "gpt-realtime-2.1"
PATIENCE_S = 10.0
"""The longest a test waits for an event that must come."""

WORD_MS = 250
PCMU = {"type": "audio/pcmu"}


def tone(ms: int, *, amplitude: int = 8000, hz: float = 440.0) -> bytes:
    """Mu-law that the server takes for speech."""
    step = 2 * math.pi * hz / SAMPLE_RATE
    samples = array("h", (int(amplitude * math.sin(step * number)) for number in range(ms * BYTES_PER_MS)))
    return mulaw.encode(samples)


def base64(audio: bytes) -> str:
    return b64encode(audio).decode()


class ToneVoice:
    """Every word is a tone of WORD_MS, the last fifth of it silent."""

    async def render(self, text: str, *, language: str = "en", voice: str = "marin") -> Rendering:
        sounding = WORD_MS * 4 // 5
        words = tuple(
            Word(word, number * WORD_MS, number * WORD_MS + sounding) for number, word in enumerate(text.split())
        )
        return Rendering((tone(sounding) + mulaw.silence(WORD_MS - sounding)) * len(words), words)


@dataclass
class ScriptedEars:
    """Hear what is written in `lines`, one after the other, then always "hello"; an exception is raised."""

    lines: list[str | Exception] = field(default_factory=list)
    heard: list[bytes] = field(default_factory=list)
    languages: list[tuple[str, ...]] = field(default_factory=list)
    delay_s: float = 0.0

    async def transcribe(self, audio: bytes, *, languages: tuple[str, ...] = ()) -> Heard:
        self.heard.append(audio)
        self.languages.append(languages)
        await asyncio.sleep(self.delay_s)
        line = self.lines.pop(0) if self.lines else "hello"
        if isinstance(line, Exception):
            raise line
        return Heard(line)


Turn = list[Action] | Callable[[Situation], list[Action]] | Exception


@dataclass
class ScriptedBrain:
    """Does what is written in `turns`, one after the other, then says "Yes?"; remembers what it was shown."""

    turns: list[Turn] = field(default_factory=list)
    situations: list[Situation] = field(default_factory=list)
    delay_s: float = 0.0

    async def respond(self, situation: Situation) -> list[Action]:
        self.situations.append(situation)
        await asyncio.sleep(self.delay_s)
        turn: Turn = self.turns.pop(0) if self.turns else [Speak("Yes?")]
        if isinstance(turn, Exception):
            raise turn
        return turn(situation) if callable(turn) else turn


class Client:
    """A WebSocket to the service that remembers every event it has got."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.log: list[Event] = []

    async def send(self, name: str, **members: object) -> None:
        await self.socket.send(json.dumps({"type": name, **members}))

    async def append(self, audio: bytes) -> None:
        """Audio in frames of 20 ms, as a telephone line brings it, but faster."""
        for begin in range(0, len(audio), FRAME_BYTES):
            await self.send("input_audio_buffer.append", audio=base64(audio[begin : begin + FRAME_BYTES]))

    async def receive(self) -> Event:
        async with asyncio.timeout(PATIENCE_S):
            event: Event = json.loads(await self.socket.recv())
        self.log.append(event)
        return event

    async def next(self, name: str) -> Event:
        """The next event of a type; those before it are skipped."""
        while True:
            event = await self.receive()
            if event["type"] == name:
                return event

    async def until(self, name: str) -> list[Event]:
        """All events up to and with the next one of a type."""
        events = [await self.receive()]
        while events[-1]["type"] != name:
            events.append(await self.receive())
        return events

    async def settle(self) -> list[Event]:
        """All events until the service has followed everything sent so far."""
        await self.send("conversation.item.retrieve", event_id="settle", item_id="none")
        events: list[Event] = []
        while True:
            event = await self.receive()
            if event["type"] == "error" and event["error"]["event_id"] == "settle":
                return events
            events.append(event)

    async def update(self, **session: object) -> Event:
        await self.send("session.update", session={"type": "realtime", **session})
        return await self.next("session.updated")

    async def telephone(self, turn_detection: object = None, **audio_input: object) -> Event:
        """Configure telephone audio both ways; without turn detection unless one is given."""
        ears = {"format": PCMU, "turn_detection": turn_detection, **audio_input}
        return await self.update(audio={"input": ears, "output": {"format": PCMU}})

    async def respond(self, **parameters: object) -> list[Event]:
        """Create a response and take all events up to its end."""
        await self.send("response.create", response=parameters)
        return await self.until("response.done")


def types(events: list[Event]) -> list[str]:
    return [event["type"] for event in events]


def audio_of(events: list[Event]) -> bytes:
    deltas = (event["delta"] for event in events if event["type"] == "response.output_audio.delta")
    return b"".join(map(b64decode, deltas))


@dataclass
class Service:
    port: int
    ears: Ears
    brain: Brain
    voice: Voice

    @property
    def http_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def realtime_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/v1/realtime"

    @asynccontextmanager
    async def client(
        self,
        query: str = f"model={MODEL}",
        *,
        key: str | None = "sk-test",
        headers: dict[str, str] | None = None,
        subprotocols: list[str] | None = None,
    ) -> AsyncIterator[Client]:
        """A raw connection, not further than the handshake."""
        authorization = {} if key is None else {"Authorization": f"Bearer {key}"}
        async with connect(
            f"{self.realtime_url}?{query}",
            additional_headers={**authorization, **(headers or {})},
            subprotocols=[Subprotocol(name) for name in subprotocols] if subprotocols else None,
            max_size=None,
            max_queue=None,  # what a test leaves unread must not hold up its end
        ) as socket:
            yield Client(socket)

    @asynccontextmanager
    async def session(self, query: str = f"model={MODEL}") -> AsyncIterator[Client]:
        """A connection whose session has been created."""
        async with self.client(query) as client:
            await client.next("session.created")
            yield client

    async def fault(self, kind: str, **members: object) -> None:
        async with httpx.AsyncClient(base_url=self.http_url) as http:
            answer = await http.post("/sandbox/faults", json={"kind": kind, **members})
            answer.raise_for_status()

    async def get(self, path: str) -> Event:
        async with httpx.AsyncClient(base_url=self.http_url) as http:
            answer = await http.get(path)
            answer.raise_for_status()
            content: Event = answer.json()
            return content


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_up.set()


@asynccontextmanager
async def running(
    settings: SpeechSettings | None = None,
    *,
    ears: Ears | None = None,
    brain: Brain | None = None,
    voice: Voice | None = None,
) -> AsyncIterator[Service]:
    """The service on a free port of the loopback."""
    settings = settings or SpeechSettings(pacing=50, log_level="WARNING", seed=1)
    ears, brain, voice = ears or ScriptedEars(), brain or ScriptedBrain(), voice or ToneVoice()
    server = _Server(uvicorn_config(create_speech(settings, ears, brain, voice), settings))
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve([listener]))
    await asyncio.wait_for(server.is_up.wait(), PATIENCE_S)
    try:
        yield Service(listener.getsockname()[1], ears, brain, voice)
    finally:
        server.should_exit = True
        await serving
        listener.close()
