"""Server events in the words of the call: what was heard, said, asked for and used."""

from collections.abc import Callable

from app.adapters.openai_realtime.codec import Response, ServerEvent
from app.adapters.openai_realtime.errors import Verdict, verdict_of
from app.adapters.openai_realtime.pricing import Usage, micro_usd, transcription_micro_usd
from app.callflow.events import (
    AssistantItemDone,
    AssistantText,
    CallerPaused,
    CallerSaid,
    CallerSpoke,
    CostIncurred,
    EngineEvent,
    EngineLost,
    ResponseEnded,
    ResponseStarted,
    ToolRequested,
)
from app.callflow.words import EngineLoss, ResponseStatus

_STATUS = {
    "completed": ResponseStatus.COMPLETED,
    "cancelled": ResponseStatus.CANCELLED,
    "failed": ResponseStatus.FAILED,
    "incomplete": ResponseStatus.INCOMPLETE,
}


class Translator:
    """Turns server events into events of the call. Keeps what the protocol spreads over several events."""

    def __init__(self, model: str, transcription_model: str) -> None:
        self._model = model
        self._transcription_model = transcription_model
        self.asides: set[str] = set()
        """Responses under way that are no part of the conversation."""
        self._tools: set[str] = set()
        self._translate: dict[str, Callable[[ServerEvent], list[EngineEvent]]] = {
            "response.created": self._response_created,
            "response.output_audio_transcript.delta": self._text,
            "response.output_item.done": self._item_done,
            "response.done": self._response_done,
            "input_audio_buffer.speech_started": lambda e: [CallerSpoke(e.item_id, e.audio_start_ms)],
            "input_audio_buffer.speech_stopped": lambda e: [CallerPaused(e.item_id, e.audio_end_ms)],
            "conversation.item.input_audio_transcription.completed": self._caller_said,
            "conversation.item.input_audio_transcription.failed": lambda e: [CallerSaid(e.item_id, "")],
        }

    def translate(self, event: ServerEvent) -> list[EngineEvent]:
        """What an event means for the call; nothing, for most."""
        translate = self._translate.get(event.type)
        return translate(event) if translate is not None else []

    def _response_created(self, event: ServerEvent) -> list[EngineEvent]:
        response = event.response
        if response is None:
            return []
        if response.metadata and "purpose" in response.metadata:
            # Out of band: no part of the conversation.
            self.asides.add(response.id)
            return []
        return [ResponseStarted(response.id)]

    def _text(self, event: ServerEvent) -> list[EngineEvent]:
        if event.response_id in self.asides:
            return []
        return [AssistantText(event.response_id, event.item_id, event.delta)]

    def _item_done(self, event: ServerEvent) -> list[EngineEvent]:
        item = event.item
        if item is None or event.response_id in self.asides:
            return []
        if item.type == "message":
            return [AssistantItemDone(event.response_id, item.id, item.text)]
        # The arguments of an interrupted request are cut off: only a completed one counts, and only once.
        if item.type == "function_call" and item.status == "completed" and item.call_id not in self._tools:
            self._tools.add(item.call_id)
            return [ToolRequested(event.response_id, item.call_id, item.name, item.arguments)]
        return []

    def _response_done(self, event: ServerEvent) -> list[EngineEvent]:
        response = event.response
        if response is None:
            return []
        events: list[EngineEvent] = _cost(self._model, response)
        error = response.status_details.error if response.status_details is not None else None
        code = (error.code or error.type) if error is not None else ""
        if error is not None and verdict_of(error.code or "", error.type, "") is Verdict.FATAL:
            # The session may live on, but no response will ever come of it.
            return [*events, EngineLost(EngineLoss.REFUSED, code)]
        if response.id in self.asides:
            self.asides.discard(response.id)
            return events
        return [*events, ResponseEnded(response.id, _STATUS.get(response.status, ResponseStatus.COMPLETED), code)]

    def _caller_said(self, event: ServerEvent) -> list[EngineEvent]:
        language = event.languages[0].code if event.languages else ""
        events: list[EngineEvent] = [CallerSaid(event.item_id, event.transcript.strip(), language)]
        if event.usage is not None and event.usage.seconds > 0:
            events.append(CostIncurred(transcription_micro_usd(self._transcription_model, event.usage.seconds)))
        return events


def usage_of(response: Response) -> Usage:
    """The tokens of a response; nothing when the vendor did not say."""
    usage = response.usage
    if usage is None:
        return Usage()
    given, made = usage.input_token_details, usage.output_token_details
    cached = given.cached_tokens_details if given is not None else None
    return Usage(
        text_in=given.text_tokens if given else 0,
        audio_in=given.audio_tokens if given else 0,
        cached_text=cached.text_tokens if cached else (given.cached_tokens if given else 0),
        cached_audio=cached.audio_tokens if cached else 0,
        text_out=made.text_tokens if made else 0,
        audio_out=made.audio_tokens if made else 0,
    )


def _cost(model: str, response: Response) -> list[EngineEvent]:
    usage = usage_of(response)
    if not usage.input and not usage.output:
        return []
    return [CostIncurred(micro_usd(model, usage), usage.input, usage.cached, usage.output)]
