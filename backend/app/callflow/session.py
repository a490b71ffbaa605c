"""The live state machine of a call: tell it what happened and when, do what it says, wake it at its deadline."""

from collections.abc import Callable
from typing import Any

from app.callflow.closing import Closing
from app.callflow.commands import AddCost, Command, PlayPhrase, RequestResponse, SendToEngine, TellEngine
from app.callflow.engine_link import EngineLink
from app.callflow.events import (
    AssistantAudio,
    AssistantItemDone,
    AssistantText,
    CallerAudio,
    CallerPaused,
    CallerSaid,
    CallerSpoke,
    CostIncurred,
    DeadlinePassed,
    DigitPressed,
    EngineLost,
    EngineReady,
    Event,
    PlaybackReached,
    ResponseEnded,
    ResponseStarted,
    StreamStarted,
    StreamStopped,
    ToolFinished,
    ToolRequested,
)
from app.callflow.listening import Listening
from app.callflow.opening import Opening
from app.callflow.phrases import words_of
from app.callflow.plan import CallPlan
from app.callflow.playback import Flow
from app.callflow.silence import Silence
from app.callflow.speaking import Speaking
from app.callflow.stage import Stage
from app.callflow.timers import Timer
from app.callflow.tool_desk import ToolDesk
from app.callflow.transitions import Phase
from app.callflow.words import HangUpReason, NextStep, PhraseKey

_ONE_MINUTE_LEFT = "About one minute of this call is left. Bring it to a friendly end."

__all__ = ["CallSession", "Command", "Event", "Phase", "PlayPhrase", "RequestResponse"]


class CallSession:
    """One call's stream from its first frame to its end.

    Feed every event to `handle` with a monotonic clock reading in s, perform the returned commands in order, and call
    `handle(DeadlinePassed(), now)` once `deadline()` has come. Nothing here reads a clock, waits or raises for
    anything that an outside party can send.
    """

    def __init__(self, plan: CallPlan) -> None:
        self.forwards_audio = False
        """Whether the caller's audio goes to the engine as it is: as long as it does, `handle` answers every
        CallerAudio with just SendToEngine, and who runs the session may pass frames on without asking."""
        self.flow = Flow()
        """Takes down speech that only goes on, without `handle` being asked."""
        self._spoken = ("", "")
        stage = self._stage = Stage(plan)
        self._closing = Closing(stage)
        self._link = EngineLink(stage, self._closing.give_up)
        self._closing.link = self._link
        self._link.when_lost = self._when_engine_lost
        self._speaking = Speaking(stage, self._link)
        self._opening = Opening(stage, self._link, self._speaking)
        self._tools = ToolDesk(stage, self._link, self._closing)
        self._silence = Silence(stage, self._link, self._closing)
        self._listening = Listening(stage, self._link, self._speaking, self._opening, self._closing)
        self._handlers: dict[type[Event], Callable[[Any, float], None]] = {
            StreamStarted: self._on_stream_started,
            PlaybackReached: self._on_playback_reached,
            DigitPressed: self._on_digit,
            StreamStopped: lambda _, now: self._closing.on_stream_stopped(now),
            EngineReady: self._on_engine_ready,
            EngineLost: self._link.on_lost,
            ResponseStarted: lambda event, _: self._link.on_response_started(event),
            AssistantAudio: self._speaking.on_audio,
            AssistantText: lambda event, _: self._speaking.on_text(event),
            AssistantItemDone: self._speaking.on_item_done,
            ToolRequested: self._tools.on_requested,
            ResponseEnded: self._on_response_ended,
            CallerSpoke: self._listening.on_spoke,
            CallerPaused: self._listening.on_paused,
            CallerSaid: self._on_caller_said,
            CostIncurred: self._on_cost,
            ToolFinished: self._tools.on_finished,
            DeadlinePassed: lambda _, now: self._on_deadline(now),
        }
        self._on_timer: dict[Timer, Callable[[float], None]] = {
            Timer.ENGINE_READY: self._link.on_open_too_slow,
            Timer.RESPONSE: self._link.on_response_too_slow,
            Timer.RETRY: lambda now: self._link.ask_again(now, is_held=self._is_held),
            Timer.OUTAGE: self._link.on_outage,
            Timer.ROTATION: self._on_rotation,
            Timer.INTERRUPTION: self._listening.on_interruption_timer,
            Timer.SILENCE: self._silence.on_silence,
            Timer.WORDLESS: lambda now: self._silence.on_wordless(now, is_held=self._is_held),
            Timer.PLAYBACK: self._speaking.on_marks_missing,
            Timer.DIGITS: self._listening.flush_digits,
            Timer.TOOL_FILLER: self._tools.on_filler,
            Timer.TOOL_LIMIT: self._tools.on_limit,
            Timer.WARNING: self._on_warning,
            Timer.LIMIT: lambda now: self._closing.begin(now, NextStep.HANG_UP, HangUpReason.TOO_LONG),
            Timer.CLOSING: self._closing.leave,
            Timer.CLOSING_LIMIT: self._closing.leave,
        }

    # --- the interface ---------------------------------------------------------------------------------------------

    @property
    def phase(self) -> Phase:
        return self._stage.phase

    def deadline(self) -> float | None:
        """The instant, in s, at which DeadlinePassed is due; None when nothing is awaited."""
        return self._stage.timers.next

    def handle(self, event: Event, now: float) -> list[Command]:
        """Take in what happened; returns what to do, in order."""
        stage = self._stage
        if type(event) is CallerAudio:
            return self._on_caller_audio(event)
        if stage.phase is Phase.ENDED:
            return []
        if self.flow.pieces:
            stage.playback.enter(self.flow)
        if self._only_goes_on(event, now):
            return stage.take_commands()
        stage.event = type(event)
        self._handlers[type(event)](event, now)
        self._settle(now)
        if type(event) is AssistantAudio:
            self._spoken = (event.response_id, event.item_id)
        if self._speaking.is_flowing(*self._spoken):
            stage.playback.open_flow(self.flow, *self._spoken, now)
        else:
            self.flow.close()
        self.forwards_audio = self._link.is_ready
        return stage.take_commands()

    def _on_caller_audio(self, event: CallerAudio) -> list[Command]:
        if self.forwards_audio:
            return [SendToEngine(event.payload)]
        if self._stage.phase is not Phase.ENDED:
            self._link.buffer(event.payload)
        return []

    def _only_goes_on(self, event: Event, now: float) -> bool:
        """Take in what happens several times a second while the assistant speaks and has no consequences: a piece of
        the item that flows, and a mark behind which there is more to hear.
        """
        playback, flow = self._stage.playback, self.flow
        if type(event) is AssistantAudio and event.item_id == flow.item_id:
            self._stage.do(*playback.play(event.item_id, event.payload, event.ms, now))
        elif type(event) is PlaybackReached and flow.item_id and playback.goes_on_behind(event.mark):
            playback.reached(event.mark, now)
        else:
            return False
        playback.open_flow(flow, flow.response_id, flow.item_id, now)
        return True

    def snapshot(self) -> dict[str, object]:
        """What is going on, for the live view and for tests."""
        return {
            "phase": self._stage.phase,
            "is_playing": self._stage.playback.is_playing,
            "is_caller_speaking": self._stage.is_caller_speaking,
            "is_engine_ready": self._link.is_ready,
            "language": self._stage.language,
            "turns": self._stage.transcript.heard_turns(),
        }

    # --- after every event -----------------------------------------------------------------------------------------

    @property
    def _is_held(self) -> bool:
        return self._tools.is_waiting or self._listening.has_digits or self._speaking.is_paused

    def _settle(self, now: float) -> None:
        """Draw the consequences that do not depend on which event it was."""
        stage = self._stage
        if stage.phase in (Phase.RINGING, Phase.LEAVING, Phase.ENDED):
            return
        self._speaking.collect_heard(now)
        if self._opening.check(now):
            self._listening.on_guard_lifted(now)
        self._closing.check(now)
        self._silence.update(now, is_held=self._is_held)

    # --- handlers that concern several parts -----------------------------------------------------------------------

    def _on_stream_started(self, _: StreamStarted, now: float) -> None:
        stage = self._stage
        if stage.phase is not Phase.RINGING:
            return
        stage.started_at = now
        elapsed = stage.plan.past.elapsed_s if stage.plan.past else 0.0
        left = max(1.0, stage.plan.max_duration_s - elapsed)
        stage.timers.set(Timer.LIMIT, now + left)
        if left > stage.plan.warn_before_s:
            stage.timers.set(Timer.WARNING, now + left - stage.plan.warn_before_s)
        self._link.open(now)
        self._opening.begin(now)

    def _on_playback_reached(self, event: PlaybackReached, now: float) -> None:
        self._stage.playback.reached(event.mark, now)

    def _on_digit(self, event: DigitPressed, now: float) -> None:
        self._silence.on_words()
        self._listening.on_digit(event, now)

    def _on_engine_ready(self, event: EngineReady, now: float) -> None:
        link = self._link
        if link.has_successor and (link.is_successor_outdated or not self._is_between_turns):
            link.postpone_rotation(now)
        else:
            link.on_ready(event, now)

    def _on_response_ended(self, event: ResponseEnded, now: float) -> None:
        if not self._link.is_cancelled(event.response_id):
            self._speaking.on_response_ended(now)
        self._link.on_response_ended(event, now)

    def _when_engine_lost(self, now: float) -> None:
        self._listening.on_engine_lost()
        self._speaking.complete_all(now)

    def _on_caller_said(self, event: CallerSaid, now: float) -> None:
        if words_of(event.text):
            self._silence.on_words()
        self._listening.on_said(event, now)

    def _on_cost(self, event: CostIncurred, _: float) -> None:
        self._stage.do(AddCost(event.micro_usd, event.input_tokens, event.cached_tokens, event.output_tokens))

    def _on_deadline(self, now: float) -> None:
        while (timer := self._stage.timers.pop_due(now)) is not None:
            self._on_timer[timer](now)
            if self._stage.phase in (Phase.LEAVING, Phase.ENDED):
                return
            self._settle(now)

    @property
    def _is_between_turns(self) -> bool:
        """Whether nobody speaks, nothing is awaited, and the engine could be changed unnoticed."""
        stage = self._stage
        is_quiet = not stage.playback.is_playing and not stage.is_caller_speaking and not self._is_held
        return is_quiet and not self._link.is_busy and stage.phase is Phase.CONVERSING

    def _on_rotation(self, now: float) -> None:
        """Change sessions between two turns; until such a moment comes, keep trying."""
        if self._is_between_turns:
            self._link.rotate(now)
        else:
            self._link.postpone_rotation(now)

    def _on_warning(self, now: float) -> None:
        stage = self._stage
        stage.do(TellEngine(_ONE_MINUTE_LEFT))
        if not stage.playback.is_playing and not stage.is_caller_speaking and not self._link.is_busy:
            stage.play_phrase(PhraseKey.WRAP_UP, now)
