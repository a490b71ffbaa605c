"""The end of a leg where a person is: what they say, what they press, who is listening in."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from audiokit.mulaw import BYTES_PER_MS, FRAME_BYTES
from audiokit.mulaw import SILENCE as SILENT_BYTE
from sandbox.carrier.playout import SILENT_FRAME

Event = dict[str, Any]
Listener = Callable[[bytes | Event], None]

_MOST_LIVE_BYTES = 60_000 * BYTES_PER_MS
"""What a microphone may be ahead; the oldest beyond it is dropped."""


@dataclass(slots=True)
class _Line:
    """A piece of speech that waits to be said or is being said."""

    id: str
    audio: bytes
    text: str
    at: int = 0


class Handset:
    """Audio and events of one person. Listeners get every event and every 20 ms frame that person hears."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._live = bytearray()
        self._lines: deque[_Line] = deque()
        self._listeners: list[Listener] = []
        self._is_playing = False
        self.events: list[Event] = []

    # --- telling ---------------------------------------------------------------------------------------------------

    def attach(self, listener: Listener) -> Callable[[], None]:
        """Let somebody listen, beginning with the events so far; the returned function ends it."""
        for event in self.events:
            listener(event)
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def tell(self, kind: str, **details: object) -> None:
        """Note an event and tell everybody who listens."""
        event = {"event": kind, "at": round(time.monotonic() - self._began, 3), **details}
        self.events.append(event)
        for listener in tuple(self._listeners):
            listener(event)

    def hear(self, frame: bytes | None) -> None:
        """One 20 ms frame for the ear; None for nothing at all."""
        is_playing = frame is not None
        if is_playing is not self._is_playing:
            self._is_playing = is_playing
            self.tell("playing" if is_playing else "quiet")
        for listener in tuple(self._listeners):
            listener(frame or SILENT_FRAME)

    # --- speaking --------------------------------------------------------------------------------------------------

    def speak(self, line_id: str, audio: bytes, text: str = "") -> None:
        """Queue a line of mu-law behind earlier ones."""
        self._lines.append(_Line(line_id, audio, text))

    def speak_live(self, audio: bytes) -> None:
        """Mu-law of a microphone; it waits while a line is being spoken."""
        self._live += audio
        del self._live[:-_MOST_LIVE_BYTES]

    def forget_live(self) -> None:
        """Drop what the microphone has taken in."""
        self._live.clear()

    def stop_talking(self) -> None:
        """Drop everything that was not said yet."""
        self._live.clear()
        lines, self._lines = self._lines, deque()
        for line in lines:
            self._finish(line)

    def next_frame(self) -> bytes:
        """The next 20 ms of what this person says; silence when they say nothing."""
        if not self._lines:
            return self._next_live_frame()
        line = self._lines[0]
        if line.at == 0:
            self.tell("caller_started", id=line.id, **({"text": line.text} if line.text else {}))
        frame = line.audio[line.at : line.at + FRAME_BYTES]
        line.at += len(frame)
        if line.at >= len(line.audio):
            self._lines.popleft()
            self._finish(line)
        return frame.ljust(FRAME_BYTES, SILENT_BYTE)

    def _next_live_frame(self) -> bytes:
        if not self._live:
            return SILENT_FRAME
        frame = bytes(self._live[:FRAME_BYTES])
        del self._live[:FRAME_BYTES]
        return frame.ljust(FRAME_BYTES, SILENT_BYTE)

    def _finish(self, line: _Line) -> None:
        self.tell("caller_finished", id=line.id, said_ms=line.at // BYTES_PER_MS)
