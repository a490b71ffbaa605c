"""Having the engine speak one sentence exactly, outside any conversation."""

import asyncio
import re
from base64 import b64decode

import msgspec

from app.adapters.openai_realtime.codec import AudioDelta, ServerEvent
from app.callflow.events import EngineEvent, EngineLost, EngineReady

_WORD = re.compile(r"[^\W_]+", re.UNICODE)


class Render:
    """Collects one out-of-band response and tells whether it is what was asked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._parts: list[bytes] = []
        self._spoken = ""
        self.is_ready = asyncio.Event()
        self.is_done = asyncio.Event()
        self.is_lost = False
        self.code = ""

    @property
    def request(self) -> bytes:
        """The client event that asks for it."""
        order = f"Say exactly the following, word for word, and nothing else: {self._text}"
        response = {
            "conversation": "none",
            "instructions": order,
            "input": [],
            "tools": [],
            "tool_choice": "none",
            "metadata": {"purpose": "render"},
        }
        return msgspec.json.encode({"type": "response.create", "event_id": "evt_render", "response": response})

    def on_event(self, event: EngineEvent) -> None:
        if isinstance(event, EngineReady):
            self.is_ready.set()
        elif isinstance(event, EngineLost):
            self.is_lost, self.code = True, event.code
            self.is_ready.set()
            self.is_done.set()

    def on_server_event(self, event: ServerEvent | AudioDelta) -> None:
        if isinstance(event, AudioDelta):
            self._take(event.delta)
            return
        match event.type:
            case "response.output_audio_transcript.done":
                self._spoken += f" {event.transcript}"
            case "response.done":
                self.is_done.set()
            case "error" if event.error is not None and event.error.event_id == "evt_render":
                self.is_done.set()

    def _take(self, delta: str) -> None:
        try:
            self._parts.append(b64decode(delta, validate=True))
        except ValueError:
            # Not audio: whatever else comes, this rendering cannot be used.
            self._text = ""

    @property
    def audio(self) -> bytes:
        return b"".join(self._parts)

    @property
    def is_exact(self) -> bool:
        """Whether the words that were spoken are those that were wanted, and were heard at all."""
        return bool(self._parts) and _WORD.findall(self._spoken.lower()) == _WORD.findall(self._text.lower())
