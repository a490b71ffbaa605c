"""The end of a call: last words heard to their end, a moment to object, and how it ended for the owner."""

from collections.abc import Sequence

from app.callflow.commands import CloseEngine, LeaveStream, SaveOutcome, SaveTurn
from app.callflow.engine_link import EngineLink
from app.callflow.phrases import is_backchannel, is_farewell
from app.callflow.stage import Stage
from app.callflow.timers import Timer
from app.callflow.transitions import Phase
from app.callflow.words import Disposition, HangUpReason, NextStep, PhraseKey, Speaker

GOODBYE = "Say goodbye to the caller in one short, friendly sentence, in the language of the conversation."
CONNECTING = (
    "Tell the caller in one short sentence that you are connecting them now, in the language of the conversation."
)

_RANK = (
    Disposition.ANSWERED,
    Disposition.SCREENED_OUT,
    Disposition.MESSAGE_TAKEN,
    Disposition.BOOKED,
    Disposition.TRANSFERRED,
)


def greater(one: Disposition | None, other: Disposition | None) -> Disposition | None:
    """Of two things that deeds came to, the one that counts."""
    return max((one, other), key=lambda it: -1 if it is None else _RANK.index(it))


def unsettled(turns: Sequence[tuple[Speaker, str]]) -> Disposition:
    """No deed was done: was the caller served, or did they leave with something open?"""
    if all(speaker is not Speaker.CALLER for speaker, _ in turns):
        return Disposition.ABANDONED
    speaker, text = turns[-1]
    is_served = is_farewell(text) if speaker is Speaker.CALLER else not text.rstrip().endswith("?")
    return Disposition.ANSWERED if is_served else Disposition.ABANDONED


class Closing:
    """Knows why the call is ending, when it may end, and what the carrier does next."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.link: EngineLink | None = None
        self._settled = stage.plan.past.settled if stage.plan.past else None
        self._step = NextStep.HANG_UP
        self._reason = HangUpReason.ASSISTANT
        self._was_reopened = False
        self._is_outcome_saved = False

    def settle(self, disposition: Disposition | None) -> None:
        """A deed decides how the call will have ended; the greater deed wins."""
        self._settled = greater(self._settled, disposition)

    # --- beginning to end ------------------------------------------------------------------------------------------

    def begin(self, now: float, step: NextStep, reason: HangUpReason, *, is_spoken: bool = False) -> None:
        """Say the last words, unless they are being said already, and leave once they are heard."""
        stage = self._stage
        if stage.phase in (Phase.CLOSING, Phase.LEAVING, Phase.ENDED):
            return
        stage.enter(Phase.CLOSING)
        self._step, self._reason = step, reason
        stage.timers.cancel(Timer.SILENCE, Timer.WORDLESS, Timer.WARNING, Timer.TOOL_FILLER, Timer.DIGITS)
        stage.timers.set(Timer.CLOSING_LIMIT, now + stage.plan.goodbye_limit_s + stage.playback.remaining_s(now))
        if not is_spoken:
            self._speak(now)
        self.check(now)

    def _speak(self, now: float) -> None:
        if self._step is NextStep.VOICEMAIL:
            self._stage.play_phrase(PhraseKey.VOICEMAIL, now)
            return
        is_ours = self._reason in (HangUpReason.SILENCE, HangUpReason.TOO_LONG)
        if is_ours and self._stage.play_phrase(PhraseKey.GOODBYE, now):
            return
        if self.link is not None:
            self.link.ask(now, CONNECTING if self._step is NextStep.TRANSFER else GOODBYE, may_use_tools=False)

    def check(self, now: float) -> None:
        """Leave when everything has been heard and nobody speaks."""
        stage = self._stage
        if stage.phase is not Phase.CLOSING:
            return
        is_quiet = not stage.playback.is_playing and not stage.is_caller_speaking
        is_quiet = is_quiet and not (self.link is not None and self.link.is_busy)
        if not is_quiet:
            stage.timers.cancel(Timer.CLOSING)
        elif self._step is NextStep.HANG_UP:
            stage.timers.set_once(Timer.CLOSING, now + stage.plan.listen_s)
        else:
            self.leave(now)

    def reopens(self, text: str) -> bool:
        """The caller said something during the goodbye. True: it was more than a farewell, the talk goes on."""
        stage = self._stage
        if stage.phase is not Phase.CLOSING or self._step is not NextStep.HANG_UP or self._was_reopened:
            return False
        if self._reason is HangUpReason.TOO_LONG or self._settled is Disposition.SCREENED_OUT:
            return False
        if is_backchannel(text) or is_farewell(text):
            return False
        self._was_reopened = True
        stage.timers.cancel(Timer.CLOSING, Timer.CLOSING_LIMIT)
        stage.enter(Phase.CONVERSING)
        return True

    def leave(self, now: float) -> None:
        """Close our side of the stream; the carrier then runs the next step."""
        stage = self._stage
        stage.enter(Phase.LEAVING)
        stage.timers.clear()
        self._close_items(now)
        if self._step is NextStep.HANG_UP:
            self._save(self._settled or self._unsettled(), self._reason)
        if self.link is not None:
            self.link.shut()
        stage.do(CloseEngine(), LeaveStream(self._step))

    def give_up(self, now: float) -> None:
        """No engine is to be had: let the caller leave a voicemail."""
        stage = self._stage
        if stage.phase is Phase.RINGING:
            return
        self.begin(now, NextStep.VOICEMAIL, HangUpReason.ERROR)

    def on_stream_stopped(self, now: float) -> None:
        stage = self._stage
        had_left = stage.phase is Phase.LEAVING
        self._close_items(now)
        if not had_left:
            if self.link is not None:
                self.link.shut()
            stage.do(CloseEngine())
            reason = self._reason if stage.phase is Phase.CLOSING else HangUpReason.CALLER
            self._save(self._settled or self._unsettled(), reason)
        stage.timers.clear()
        stage.enter(Phase.ENDED)

    # --- how it ended ----------------------------------------------------------------------------------------------

    def _unsettled(self) -> Disposition:
        if self._reason is HangUpReason.SILENCE and self._stage.phase is Phase.LEAVING:
            return Disposition.ABANDONED
        return unsettled(self._stage.transcript.heard_turns())

    def _save(self, disposition: Disposition, reason: HangUpReason) -> None:
        if not self._is_outcome_saved:
            self._is_outcome_saved = True
            self._stage.do(SaveOutcome(disposition, reason))

    def _close_items(self, now: float) -> None:
        """Store what was heard of the items that are still in the air."""
        stage = self._stage
        for item_id in stage.transcript.open_items():
            heard = stage.playback.heard_of(item_id, now)
            total = max(heard, stage.playback.total_ms(item_id))
            turn = stage.transcript.item_heard(item_id, heard, total, cut=True)
            if turn is not None:
                stage.do(SaveTurn(turn))
            stage.transcript.close_item(item_id)
