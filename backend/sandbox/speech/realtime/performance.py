"""How an output item of a response is generated: spoken, written, or a function call, delta by delta."""

import json
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from audiokit.duration import bytes_of_ms, duration_ms
from audiokit.mulaw import BYTES_PER_MS
from sandbox.speech.parts import Rendering, Speak, UseTool, Word
from sandbox.speech.realtime.audio_format import encoder
from sandbox.speech.realtime.ids import new_call_id, new_id
from sandbox.speech.realtime.items import FunctionCall, Message, OutputItem, SpokenAudio, Text
from sandbox.speech.realtime.outbox import Outbox
from sandbox.speech.realtime.pacing import Pace, delta_bounds
from sandbox.speech.realtime.response_order import ResponseOrder
from sandbox.speech.realtime.state import SessionState
from sandbox.speech.realtime.usage import Output, spoken_tokens, text_tokens

_TRANSCRIPT_LEAD_MS = 700
"""How far the transcript runs ahead of the audio."""

_DELTAS_A_SECOND = 100
_ARGUMENTS_DELTA = 12
"""Characters of one delta of a function call's arguments."""

_AUDIO_DELTA = "response.output_audio.delta"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where an item is performed. `after_delta` is called after every delta and raises when something goes wrong."""

    state: SessionState
    order: ResponseOrder
    response_id: str
    output_index: int
    after_delta: Callable[[], None]

    @property
    def outbox(self) -> Outbox:
        return self.state.outbox

    def place(self, item: OutputItem) -> dict[str, object]:
        """The members by which an event names the item."""
        return {"response_id": self.response_id, "item_id": item.id, "output_index": self.output_index}


class Performance(Protocol):
    @property
    def item(self) -> OutputItem: ...

    @property
    def output(self) -> Output:
        """What has been generated so far."""

    async def prepare(self, budget: int | None) -> bool:
        """Get ready to generate at most so many tokens; False when that is not all there is."""

    def begin(self) -> None:
        """The events that follow the announcement of the item."""

    async def play(self) -> None:
        """Generate the item."""

    def spill(self, deltas: int) -> None:
        """Send some more audio at once: what is still on its way when a response is interrupted."""

    def finish(self) -> None:
        """The events that end the content, however much of it there is."""


class Spoken:
    """A message of the assistant in audio with its transcript."""

    def __init__(self, stage: Stage, speech: Speak) -> None:
        self._stage = stage
        self._speech = speech
        self._audio = SpokenAudio()
        self._message = Message(new_id("item"), "assistant", [], "in_progress")
        self._encoder = encoder(stage.order.form)
        self._rendering = Rendering(b"", ())
        self._bounds: list[tuple[int, int]] = []
        self._told = 0

    @property
    def item(self) -> Message:
        return self._message

    @property
    def output(self) -> Output:
        return Output(text_tokens(self._transcript()), spoken_tokens(self._audio.ms))

    async def prepare(self, budget: int | None) -> bool:
        voice = self._stage.state.parts.voice
        rendering = await voice.render(
            self._speech.text, language=self._speech.language, voice=self._stage.order.voice_name
        )
        whole = _with_words(rendering, self._speech.text)
        self._rendering = whole if budget is None else _within(whole, budget)
        self._bounds = list(delta_bounds(len(self._rendering.audio), self._stage.state.random))
        return len(self._rendering.audio) == len(whole.audio)

    def begin(self) -> None:
        self._message.content.append(self._audio)
        self._audio.words = self._rendering.words
        part = {"type": "audio", "transcript": ""}
        self._event("response.content_part.added", part=part)

    async def play(self) -> None:
        pace = Pace(1000 * self._stage.state.settings.pacing)
        while self._bounds:
            await pace.until(self._bounds[0][0] / BYTES_PER_MS)
            self._send_next()
            self._stage.after_delta()

    def spill(self, deltas: int) -> None:
        for _ in range(min(deltas, len(self._bounds))):
            self._send_next()

    def finish(self) -> None:
        transcript = self._transcript()
        self._event("response.output_audio.done")
        self._event("response.output_audio_transcript.done", transcript=transcript)
        self._event("response.content_part.done", part={"type": "audio", "transcript": transcript})

    def _send_next(self) -> None:
        begin, end = self._bounds.pop(0)
        self._tell_words(end / BYTES_PER_MS + _TRANSCRIPT_LEAD_MS)
        chunk = self._rendering.audio[begin:end]
        self._audio.extend(chunk)
        self._stage.state.has_spoken = True
        wire = self._encoder.feed(chunk) + (b"" if self._bounds else self._encoder.flush())
        self._stage.outbox.event_text(_AUDIO_DELTA, self._delta(wire))

    def _delta(self, wire: bytes) -> str:
        """An audio delta: put together by hand, for there are many of them and nothing in them needs escaping."""
        stage = self._stage
        return (
            f'{{"type":"{_AUDIO_DELTA}","event_id":"{new_id("event")}","response_id":"{stage.response_id}",'
            f'"item_id":"{self._message.id}","output_index":{stage.output_index},"content_index":0,'
            f'"delta":"{b64encode(wire).decode()}"}}'
        )

    def _tell_words(self, until_ms: float) -> None:
        words = self._rendering.words
        while self._told < len(words) and words[self._told].start_ms < until_ms:
            text = words[self._told].text
            self._event("response.output_audio_transcript.delta", delta=f" {text}" if self._told else text)
            self._told += 1
        if not self._audio.is_cut:
            self._audio.transcript = self._transcript()

    def _transcript(self) -> str:
        return " ".join(word.text for word in self._rendering.words[: self._told])

    def _event(self, name: str, /, **members: object) -> None:
        self._stage.outbox.event(name, **self._stage.place(self._message), content_index=0, **members)


class Written:
    """A message of the assistant in text."""

    def __init__(self, stage: Stage, speech: Speak) -> None:
        self._stage = stage
        self._deltas = re.findall(r"\s*\S+", speech.text)
        self._text = Text("output_text", "")
        self._message = Message(new_id("item"), "assistant", [], "in_progress")

    @property
    def item(self) -> Message:
        return self._message

    @property
    def output(self) -> Output:
        return Output(text_tokens(self._text.text))

    async def prepare(self, budget: int | None) -> bool:
        kept = _prefix(self._deltas, budget)
        is_all = len(kept) == len(self._deltas)
        self._deltas = kept
        return is_all

    def begin(self) -> None:
        self._message.content.append(self._text)
        self._event("response.content_part.added", part={"type": "text", "text": ""})

    async def play(self) -> None:
        pace = Pace(_DELTAS_A_SECOND)
        for number, delta in enumerate(self._deltas):
            await pace.until(number)
            self._text.text += delta
            self._event("response.output_text.delta", delta=delta)
            self._stage.after_delta()

    def spill(self, deltas: int) -> None:
        """Only audio is stale."""

    def finish(self) -> None:
        self._event("response.output_text.done", text=self._text.text)
        self._event("response.content_part.done", part={"type": "text", "text": self._text.text})

    def _event(self, name: str, /, **members: object) -> None:
        self._stage.outbox.event(name, **self._stage.place(self._message), content_index=0, **members)


class Called:
    """A function call with its arguments."""

    def __init__(self, stage: Stage, wish: UseTool) -> None:
        self._stage = stage
        arguments = json.dumps(wish.arguments, ensure_ascii=False)
        self._deltas = [arguments[n : n + _ARGUMENTS_DELTA] for n in range(0, len(arguments), _ARGUMENTS_DELTA)]
        self._call = FunctionCall(new_id("item"), new_call_id(), wish.name, "", "in_progress")

    @property
    def item(self) -> FunctionCall:
        return self._call

    @property
    def output(self) -> Output:
        return Output(text_tokens(self._call.name + self._call.arguments))

    async def prepare(self, budget: int | None) -> bool:
        kept = _prefix(self._deltas, budget)
        is_all = len(kept) == len(self._deltas)
        self._deltas = kept
        return is_all

    def begin(self) -> None:
        """A function call has no content to announce."""

    async def play(self) -> None:
        pace = Pace(_DELTAS_A_SECOND)
        for number, delta in enumerate(self._deltas):
            await pace.until(number)
            self._call.arguments += delta
            self._event("response.function_call_arguments.delta", delta=delta)
            self._stage.after_delta()

    def spill(self, deltas: int) -> None:
        """Only audio is stale."""

    def finish(self) -> None:
        call = self._call
        self._event("response.function_call_arguments.done", name=call.name, arguments=call.arguments)

    def _event(self, name: str, /, **members: object) -> None:
        self._stage.outbox.event(name, **self._stage.place(self._call), call_id=self._call.call_id, **members)


def perform(stage: Stage, action: Speak | UseTool) -> Performance:
    """The performance of what the brain wants to do."""
    if isinstance(action, UseTool):
        return Called(stage, action)
    return Spoken(stage, action) if stage.order.is_spoken else Written(stage, action)


def _with_words(rendering: Rendering, text: str) -> Rendering:
    """A voice that times no words still has a transcript."""
    if rendering.words or not text.strip():
        return rendering
    return Rendering(rendering.audio, (Word(text.strip(), 0, int(duration_ms(rendering.audio))),))


def _within(rendering: Rendering, budget: int) -> Rendering:
    """As much of a rendering as its audio and its transcript may cost together."""
    cost = spoken_tokens(duration_ms(rendering.audio)) + text_tokens(" ".join(word.text for word in rendering.words))
    if cost <= budget:
        return rendering
    end_ms = duration_ms(rendering.audio) * max(budget, 0) / cost
    return Rendering(
        rendering.audio[: bytes_of_ms(end_ms)], tuple(word for word in rendering.words if word.start_ms < end_ms)
    )


def _prefix(deltas: list[str], budget: int | None) -> list[str]:
    """The deltas that may be written before the tokens run out."""
    if budget is None:
        return deltas
    kept: list[str] = []
    for delta in deltas:
        if text_tokens("".join(kept) + delta) > budget:
            break
        kept.append(delta)
    return kept
