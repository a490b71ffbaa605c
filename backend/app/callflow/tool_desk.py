"""Tool calls in flight: every one is answered exactly once, and nobody waits for one in silence."""

from dataclasses import dataclass

from app.callflow.closing import Closing
from app.callflow.commands import AnswerTool, ReportTrouble, RunTool, TellEngine
from app.callflow.engine_link import EngineLink
from app.callflow.events import ToolFinished, ToolRequested
from app.callflow.stage import Stage
from app.callflow.timers import Timer
from app.callflow.transitions import Phase
from app.callflow.words import HangUpReason, PhraseKey, ToolRecord

_TOO_LATE = '{"ok":false,"error":"this took too long and may not have happened; offer to take a message instead"}'
_ENDING = '{"ok":true,"note":"the call is ending"}'


@dataclass(slots=True)
class _Pending:
    name: str
    arguments: str
    response_id: str
    generation: int
    due: float


class ToolDesk:
    def __init__(self, stage: Stage, link: EngineLink, closing: Closing) -> None:
        self._stage = stage
        self._link = link
        self._closing = closing
        self._pending: dict[str, _Pending] = {}

    @property
    def is_waiting(self) -> bool:
        return bool(self._pending)

    def on_requested(self, event: ToolRequested, now: float) -> None:
        stage = self._stage
        self._link.sign_of_life()
        if event.tool_call_id in self._pending:
            return
        if stage.phase in (Phase.CLOSING, Phase.LEAVING, Phase.ENDED):
            stage.do(AnswerTool(event.tool_call_id, _ENDING))
            return
        due = now + stage.plan.tool_limit_s
        self._pending[event.tool_call_id] = _Pending(
            event.name, event.arguments, event.response_id, self._link.generation, due
        )
        stage.do(RunTool(event.tool_call_id, event.name, event.arguments))
        stage.timers.set_once(Timer.TOOL_FILLER, now + stage.plan.tool_filler_s)
        stage.timers.set_once(Timer.TOOL_LIMIT, due)

    def on_finished(self, event: ToolFinished, now: float) -> None:
        pending = self._pending.pop(event.tool_call_id, None)
        if pending is None:
            return
        self._answer(event.tool_call_id, pending, event.output)
        if event.is_done:
            self._closing.settle(event.settles)
        if not self._pending:
            self._stage.timers.cancel(Timer.TOOL_FILLER, Timer.TOOL_LIMIT)
        if event.step is not None:
            is_spoken = self._link.has_spoken_in(pending.response_id)
            self._closing.begin(now, event.step, HangUpReason.ASSISTANT, is_spoken=is_spoken)
        elif not self._pending and self._stage.phase in (Phase.GREETING, Phase.CONVERSING, Phase.RECOVERING):
            self._link.ask(now)

    def _answer(self, tool_call_id: str, pending: _Pending, output: str) -> None:
        stage = self._stage
        stage.tool_records.append(ToolRecord(tool_call_id, pending.name, pending.arguments, output))
        if pending.generation == self._link.generation:
            stage.do(AnswerTool(tool_call_id, output))
        elif self._link.is_ready:
            # The session that asked is gone; the present one has never heard of the call.
            stage.do(TellEngine(f"Result of {pending.name}: {output}"))

    def on_filler(self, now: float) -> None:
        """A tool takes long: a word to the caller, if nobody is speaking."""
        stage = self._stage
        if not self._pending or stage.playback.is_playing or stage.is_caller_speaking:
            return
        stage.play_phrase(PhraseKey.ONE_MOMENT, now)

    def on_limit(self, now: float) -> None:
        """A tool that does not come back is answered for; its late result changes nothing any more."""
        stage = self._stage
        late = [key for key, pending in self._pending.items() if pending.due <= now]
        for tool_call_id in late:
            pending = self._pending.pop(tool_call_id)
            stage.do(ReportTrouble("tool_timeout", pending.name))
            self._answer(tool_call_id, pending, _TOO_LATE)
        if self._pending:
            stage.timers.set(Timer.TOOL_LIMIT, min(pending.due for pending in self._pending.values()))
        elif late:
            self._link.ask(now)
