"""The items of a conversation: as the client sees them, and as the brain understands them."""

import asyncio
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from audiokit.duration import bytes_of_ms, duration_ms
from audiokit.mulaw import BYTES_PER_MS
from sandbox.speech import parts
from sandbox.speech.parts import Heard, Said, ToolAnswered, ToolAsked, Word
from sandbox.speech.realtime.audio_format import encoded
from sandbox.speech.realtime.session_config import Format

Status: TypeAlias = Literal["in_progress", "completed", "incomplete"]
Wire: TypeAlias = dict[str, object]


@dataclass(slots=True)
class Text:
    """Written content: `input_text`, or `output_text` of the assistant."""

    kind: Literal["input_text", "output_text"]
    text: str

    def wire(self, audio: Format | None) -> Wire:
        return {"type": self.kind, "text": self.text}

    def understood(self) -> str:
        return self.text


@dataclass(slots=True)
class Image:
    """An `input_image`, which is kept but not looked at."""

    content: Wire

    def wire(self, audio: Format | None) -> Wire:
        return self.content

    def understood(self) -> str:
        return ""


@dataclass(slots=True)
class HeardAudio:
    """What the caller said. `hearing` is the work of the ears; `transcript` is told only where it is asked for."""

    audio: bytes
    transcript: str | None = None
    hearing: "asyncio.Task[Heard | None] | None" = None
    """Ends with None when the ears failed."""

    @property
    def ms(self) -> float:
        return duration_ms(self.audio)

    def wire(self, audio: Format | None) -> Wire:
        content: Wire = {"type": "input_audio", "transcript": self.transcript}
        return content if audio is None else {**content, "audio": encoded(self.audio, audio)}

    def understood(self) -> str:
        if self.hearing is None or not self.hearing.done() or self.hearing.cancelled():
            return ""
        heard = self.hearing.result()
        return heard.text if heard else ""


@dataclass(slots=True)
class SpokenAudio:
    """What the assistant says: audio as far as it has been sent, and the words that sound in it."""

    audio: bytearray = field(default_factory=bytearray)
    words: tuple[Word, ...] = ()
    transcript: str | None = ""
    is_cut: bool = False

    @property
    def ms(self) -> float:
        return len(self.audio) / BYTES_PER_MS

    def extend(self, audio: bytes) -> None:
        if not self.is_cut:
            self.audio += audio

    def cut(self, end_ms: int) -> None:
        """Forget what was not heard, and the transcript with it (as the vendor does, which cannot split it)."""
        del self.audio[bytes_of_ms(end_ms) :]
        self.transcript = None
        self.is_cut = True

    def wire(self, audio: Format | None) -> Wire:
        content: Wire = {"type": "output_audio", "transcript": self.transcript}
        return content if audio is None else {**content, "audio": encoded(bytes(self.audio), audio)}

    def understood(self) -> str:
        """The words that were spoken to their end."""
        return " ".join(word.text for word in self.words if word.end_ms <= self.ms)


Part: TypeAlias = Text | Image | HeardAudio | SpokenAudio


@dataclass(slots=True)
class Message:
    id: str
    role: Literal["user", "assistant", "system"]
    content: list[Part]
    status: Status = "completed"

    def wire(self, audio: Format | None = None) -> Wire:
        """The item as events carry it; with its audio in the given format, as a retrieval does."""
        content = [part.wire(audio) for part in self.content]
        head: Wire = {"id": self.id, "object": "realtime.item", "type": "message", "status": self.status}
        return {**head, "role": self.role, "content": content}

    def understood(self) -> parts.Item | None:
        text = " ".join(filter(None, (part.understood() for part in self.content)))
        return Said(self.role, text) if text else None

    def spoken_audio(self) -> SpokenAudio | None:
        return next((part for part in self.content if isinstance(part, SpokenAudio)), None)


@dataclass(slots=True)
class FunctionCall:
    id: str
    call_id: str
    name: str
    arguments: str = ""
    status: Status = "completed"

    def wire(self, audio: Format | None = None) -> Wire:
        head: Wire = {"id": self.id, "object": "realtime.item", "type": "function_call", "status": self.status}
        return {**head, "call_id": self.call_id, "name": self.name, "arguments": self.arguments}

    def understood(self) -> parts.Item | None:
        """A call that was interrupted has half its arguments and was never made."""
        return ToolAsked(self.call_id, self.name, self.arguments) if self.status == "completed" else None


@dataclass(slots=True)
class FunctionCallOutput:
    id: str
    call_id: str
    output: str
    status: Status = "completed"

    def wire(self, audio: Format | None = None) -> Wire:
        head: Wire = {"id": self.id, "object": "realtime.item", "type": "function_call_output", "status": self.status}
        return {**head, "call_id": self.call_id, "output": self.output}

    def understood(self) -> parts.Item | None:
        return ToolAnswered(self.call_id, self.output)


@dataclass(slots=True)
class ApprovalAnswer:
    """An `mcp_approval_response`, kept as it came: no MCP server is ever asked."""

    id: str
    content: Wire

    def wire(self, audio: Format | None = None) -> Wire:
        return {**self.content, "id": self.id}

    def understood(self) -> parts.Item | None:
        return None


Item: TypeAlias = Message | FunctionCall | FunctionCallOutput | ApprovalAnswer
OutputItem: TypeAlias = Message | FunctionCall
"""What a response can consist of."""
