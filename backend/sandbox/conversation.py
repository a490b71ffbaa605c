"""A caller at the sandbox's carrier: rings, speaks, listens, hangs up, over the control interface."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

_HTTP_S = 10.0
_LARGEST_FRAME = 1 << 20

Event = dict[str, Any]


class CallFailed(Exception):
    """The call could not be placed, or the carrier went away."""


@dataclass(slots=True)
class Heard:
    """What the caller hears at this moment, from the carrier's `playing` and `quiet` events."""

    is_playing: bool = False
    quiet_since: float = 0.0
    has_played: bool = False


@dataclass(slots=True)
class Handset:
    """One call as its caller holds it. Everything the carrier tells is kept in `events`."""

    call_sid: str
    _socket: ClientConnection
    events: list[Event] = field(default_factory=list)
    heard: Heard = field(default_factory=Heard)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _lines: int = 0
    frames: int = 0

    # --- speaking --------------------------------------------------------------------------------------------------

    async def say(self, text: str, *, language: str = "en", voice: str = "caller", wait: bool = True) -> None:
        """Speak a line into the real audio path; with `wait`, until its last word."""
        line = self._next_line()
        await self._send({"do": "say", "id": line, "text": text, "language": language, "voice": voice})
        if wait:
            await self.until(lambda event: event["event"] == "caller_finished" and event.get("id") == line, 60.0)

    async def play(self, mulaw: bytes, *, wait: bool = True) -> None:
        """Play G.711 mu-law at 8 kHz as the caller's voice."""
        line = self._next_line()
        await self._send({"do": "play", "id": line, "audio": b64encode(mulaw).decode()})
        if wait:
            limit = len(mulaw) / 8000 + 30
            await self.until(lambda event: event["event"] == "caller_finished" and event.get("id") == line, limit)

    async def press(self, digits: str) -> None:
        await self._send({"do": "press", "digits": digits})

    async def hang_up(self) -> None:
        await self._send({"do": "hang_up"})

    def _next_line(self) -> str:
        self._lines += 1
        return f"line{self._lines}"

    async def _send(self, message: Event) -> None:
        try:
            await self._socket.send(json.dumps(message))
        except ConnectionClosed:
            if not self.ended.is_set():
                raise CallFailed("the line is gone") from None

    # --- listening -------------------------------------------------------------------------------------------------

    async def until(self, wanted: Callable[[Event], bool], timeout_s: float) -> Event | None:
        """The first event, past or to come, that is wanted; None when the call ends or the time is over first."""
        seen = 0
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    for event in self.events[seen:]:
                        if wanted(event):
                            return event
                    seen = len(self.events)
                    if self.ended.is_set():
                        return None
                    async with self._changed:
                        await self._changed.wait_for(lambda count=seen: len(self.events) > count)  # type: ignore[misc]
        except TimeoutError:
            return None

    async def until_quiet(self, quiet_s: float, timeout_s: float) -> bool:
        """Wait until the other side has spoken and then been silent for `quiet_s`; False when it never came to it."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while loop.time() < deadline and not self.ended.is_set():
            heard = self.heard
            if heard.has_played and not heard.is_playing and loop.time() - heard.quiet_since >= quiet_s:
                return True
            await asyncio.sleep(0.05)
        return False

    def expect_answer(self) -> None:
        """Forget that the other side has spoken: `until_quiet` then waits for something new."""
        self.heard.has_played = self.heard.is_playing

    async def listen(self) -> None:
        """Take in what the carrier tells, until the call has ended."""
        loop = asyncio.get_running_loop()
        try:
            async for message in self._socket:
                if isinstance(message, bytes):
                    self.frames += 1
                    continue
                event: Event = json.loads(message)
                self._note(event, loop.time())
                async with self._changed:
                    self.events.append(event)
                    self._changed.notify_all()
                if event["event"] == "ended":
                    return
        except ConnectionClosed:
            return
        finally:
            self.ended.set()
            async with self._changed:
                self._changed.notify_all()

    def _note(self, event: Event, now: float) -> None:
        if event["event"] == "playing":
            self.heard.is_playing = self.heard.has_played = True
        elif event["event"] in ("quiet", "clear"):
            self.heard.is_playing, self.heard.quiet_since = False, now


@asynccontextmanager
async def ring(
    carrier_url: str,
    *,
    caller: str,
    called: str,
    params: dict[str, str] | None = None,
    network: dict[str, float] | None = None,
) -> AsyncIterator[Handset]:
    """Ring a number; the handset listens for as long as the context lasts. Raises CallFailed."""
    order = {"from": caller, "to": called, "params": params or {}, "network": network or {}}
    async with httpx.AsyncClient(base_url=carrier_url, timeout=_HTTP_S) as client:
        try:
            answer = await client.post("/sandbox/calls", json=order)
        except httpx.HTTPError as error:
            raise CallFailed(f"the carrier does not answer: {type(error).__name__}") from None
    if answer.status_code != 201:
        raise CallFailed(f"the carrier refuses the call: {answer.status_code} {answer.text[:200]}")
    call_sid: str = answer.json()["call_sid"]
    address = f"{carrier_url.replace('http', 'ws', 1)}/sandbox/calls/{call_sid}/line"
    async with connect(address, max_size=_LARGEST_FRAME, compression=None) as socket:
        handset = Handset(call_sid, socket)
        listening = asyncio.get_running_loop().create_task(handset.listen())
        try:
            yield handset
        finally:
            if not handset.ended.is_set():
                await handset.hang_up()
                await handset.until(lambda event: event["event"] == "ended", 5.0)
            listening.cancel()


class History:
    """The application's records, read through its API."""

    def __init__(self, app_url: str, api_key: str) -> None:
        self._client = httpx.AsyncClient(
            base_url=app_url, timeout=_HTTP_S, headers={"Authorization": f"Bearer {api_key}"}
        )

    async def __aenter__(self) -> "History":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def call(self, carrier_call_id: str) -> Event | None:
        """The stored call with turns and tool calls; None as long as there is none."""
        try:
            found = await self._client.get("/api/calls", params={"carrier_call_id": carrier_call_id})
            found.raise_for_status()
            calls = found.json()["calls"]
            if not calls:
                return None
            detail = await self._client.get(f"/api/calls/{calls[0]['id']}")
            detail.raise_for_status()
        except httpx.HTTPError:
            return None
        call: Event = detail.json()
        return call

    async def finished(self, carrier_call_id: str, timeout_s: float) -> Event | None:
        """The stored call once it has ended; as it is when the time is over."""
        call: Event | None = None
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    call = await self.call(carrier_call_id)
                    if call is not None and call["ended_at"] is not None and call["disposition"] is not None:
                        return call
                    await asyncio.sleep(0.2)
        except TimeoutError:
            return call
