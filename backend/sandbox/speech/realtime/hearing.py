"""Has the ears write down what the caller said: for the brain always, for the client when it asks for transcripts."""

import asyncio
import re
from collections.abc import Iterable

import structlog

from sandbox.speech.parts import Heard
from sandbox.speech.realtime.faults import FailTranscription, LateTranscription
from sandbox.speech.realtime.items import HeardAudio, Item, Message, Wire
from sandbox.speech.realtime.session_config import Transcription
from sandbox.speech.realtime.state import SessionState
from sandbox.speech.realtime.usage import heard_tokens, text_tokens

log = structlog.get_logger()

_LOGPROBS = "item.input_audio_transcription.logprobs"
_BILLED_BY_TOKENS = ("gpt-4o-transcribe", "gpt-4o-mini-transcribe")


class Hearing:
    def __init__(self, state: SessionState) -> None:
        self._state = state

    def listen(self, item: Item) -> None:
        """Begin to write down an item, if there is audio in it, and tell the client what is understood."""
        for index, part in _heard(item):
            self._start(part)
            transcription = self._state.config.audio.input.transcription
            if transcription is not None:
                self._state.tasks.start(self._tell(item.id, index, part, transcription))

    async def understand(self, items: Iterable[Item]) -> None:
        """Wait until all audio in these items has been written down."""
        unheard = [self._start(part) for item in items for _, part in _heard(item)]
        if unheard:
            await asyncio.wait(unheard)

    def _start(self, part: HeardAudio) -> "asyncio.Task[Heard | None]":
        if part.hearing is None:
            part.hearing = self._state.tasks.start(self._hear(part))
        return part.hearing

    async def _hear(self, part: HeardAudio) -> Heard | None:
        transcription = self._state.config.audio.input.transcription
        languages = transcription.expected_languages if transcription else ()
        try:
            async with asyncio.timeout(self._state.settings.part_timeout_s):
                return await self._state.parts.ears.transcribe(part.audio, languages=languages)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong in the ears, the caller stays connected
            log.warning("the ears failed", error=type(error).__name__)
            return None

    async def _tell(self, item_id: str, index: int, part: HeardAudio, transcription: Transcription) -> None:
        late = self._state.faults.take(LateTranscription)
        fails = self._state.faults.take(FailTranscription)
        heard = await self._start(part)
        if late:
            await asyncio.sleep(late.delay_s)
        if heard is None or fails:
            self._event("failed", item_id, index, error=_FAILURE)
            return
        for delta in re.findall(r"\s*\S+", heard.text):
            self._event("delta", item_id, index, delta=delta, logprobs=self._logprobs(delta))
        part.transcript = heard.text
        completed: Wire = {"transcript": heard.text, "logprobs": self._logprobs(heard.text)}
        if transcription.model == "gpt-transcribe":
            completed["languages"] = [{"code": heard.language}] if heard.text else []
        self._event("completed", item_id, index, **completed, usage=_usage(transcription, part, heard.text))

    def _event(self, outcome: str, item_id: str, index: int, **members: object) -> None:
        name = f"conversation.item.input_audio_transcription.{outcome}"
        self._state.outbox.event(name, item_id=item_id, content_index=index, **members)

    def _logprobs(self, text: str) -> list[Wire] | None:
        if _LOGPROBS not in (self._state.config.include or ()):
            return None
        return [{"token": word, "bytes": list(word.encode()), "logprob": -0.01} for word in re.findall(r"\s*\S+", text)]


_FAILURE: Wire = {
    "type": "transcription_error",
    "code": "audio_unintelligible",
    "message": "The audio could not be transcribed.",
    "param": None,
}


def _heard(item: Item) -> list[tuple[int, HeardAudio]]:
    """The audio of a message with its place in the content."""
    content = item.content if isinstance(item, Message) else []
    return [(index, part) for index, part in enumerate(content) if isinstance(part, HeardAudio)]


def _usage(transcription: Transcription, part: HeardAudio, text: str) -> Wire:
    """By the token for the models that are billed so, by the second for all others."""
    if not (transcription.model or "").startswith(_BILLED_BY_TOKENS):
        return {"type": "duration", "seconds": round(part.ms / 1000, 2)}
    heard, written = heard_tokens(part.ms), text_tokens(text)
    details = {"text_tokens": 0, "audio_tokens": heard}
    return {
        "type": "tokens",
        "total_tokens": heard + written,
        "input_tokens": heard,
        "input_token_details": details,
        "output_tokens": written,
    }
