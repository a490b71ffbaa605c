"""The caller's side of the talk: barge-in, false interruptions, words, keys.

Whoever speaks over the assistant silences it at once. Whether they really take the floor is decided a moment later:
by speech that goes on, or by words that are more than a "mm-hm". A cough gives the floor back, and the assistant
goes on where it stopped. The engine's memory is only cut when the interruption is real.
"""

from app.callflow.closing import Closing
from app.callflow.commands import ForgetItem, SaveTurn, TellEngine, TruncateAssistantTurn
from app.callflow.engine_link import EngineLink
from app.callflow.events import CallerPaused, CallerSaid, CallerSpoke, DigitPressed
from app.callflow.opening import Opening
from app.callflow.phrases import is_backchannel, words_of
from app.callflow.speaking import Speaking
from app.callflow.stage import Stage
from app.callflow.timers import Timer
from app.callflow.transitions import Phase
from app.callflow.words import Speaker, Turn

_LANGUAGE_WORDS = 3
"""From this many words on an utterance may decide the language of the conversation."""


class Listening:
    def __init__(self, stage: Stage, link: EngineLink, speaking: Speaking, opening: Opening, closing: Closing) -> None:
        self._stage = stage
        self._link = link
        self._speaking = speaking
        self._opening = opening
        self._closing = closing
        self._is_contested = False
        self._digits = ""
        self._early: set[str] = set()
        self._is_language_settled = False

    @property
    def has_digits(self) -> bool:
        return bool(self._digits)

    # --- voice -----------------------------------------------------------------------------------------------------

    def on_spoke(self, event: CallerSpoke, now: float) -> None:
        stage = self._stage
        stage.is_caller_speaking = True
        stage.transcript.caller_began(event.item_id, stage.ms(now))
        if stage.phase not in (Phase.GREETING, Phase.CONVERSING):
            return
        if self._opening.is_guarded(now):
            self._early.add(event.item_id)
            return
        if self._is_contested:
            stage.timers.set(Timer.INTERRUPTION, now + stage.plan.interrupt_after_s)
        elif stage.playback.is_playing or self._link.is_busy:
            self._contest(now)

    def on_guard_lifted(self, now: float) -> None:
        """The notice has been heard: whoever is still speaking may interrupt from here on."""
        if self._stage.is_caller_speaking and self._stage.playback.is_playing:
            self._early.clear()
            self._contest(now)

    def _contest(self, now: float) -> None:
        self._is_contested = True
        self._speaking.pause(now)
        self._stage.timers.cancel(Timer.RESPONSE)
        self._stage.timers.set(Timer.INTERRUPTION, now + self._stage.plan.interrupt_after_s)

    def on_paused(self, event: CallerPaused, now: float) -> None:
        stage = self._stage
        stage.is_caller_speaking = False
        if event.item_id in self._early or stage.phase not in (Phase.GREETING, Phase.CONVERSING):
            return
        if self._is_contested:
            # Too short to be sure: the words decide, or their absence.
            stage.timers.set(Timer.INTERRUPTION, now + stage.plan.words_within_s)
        else:
            self._begin_conversation()
            self._link.answer_caller(now)

    def on_interruption_timer(self, now: float) -> None:
        if not self._is_contested:
            return
        if self._stage.is_caller_speaking:
            self._take_floor()
        else:
            self._give_back(now)

    def _take_floor(self) -> None:
        """The interruption is real: the engine must know what was heard and stop the rest."""
        stage = self._stage
        self._is_contested = False
        stage.timers.cancel(Timer.INTERRUPTION)
        self._link.cancel()
        for item_id, heard_ms in self._speaking.drop():
            if not self._link.traits.edits_memory:
                continue
            if heard_ms >= 1:
                stage.do(TruncateAssistantTurn(item_id, int(heard_ms)))
            else:
                stage.do(ForgetItem(item_id))
        self._begin_conversation()

    def _give_back(self, now: float) -> None:
        self._is_contested = False
        self._stage.timers.cancel(Timer.INTERRUPTION)
        self._speaking.resume(now)
        if self._link.is_busy and not self._stage.playback.is_playing:
            self._stage.timers.set(Timer.RESPONSE, now + self._stage.plan.response_s)

    def on_engine_lost(self) -> None:
        """Nobody hears the caller any more; what they interrupted stays interrupted."""
        self._stage.is_caller_speaking = False
        if self._is_contested:
            self._is_contested = False
            self._stage.timers.cancel(Timer.INTERRUPTION)
            self._speaking.drop()

    def _begin_conversation(self) -> None:
        if self._stage.phase is Phase.GREETING:
            self._stage.enter(Phase.CONVERSING)

    # --- words -----------------------------------------------------------------------------------------------------

    def on_said(self, event: CallerSaid, now: float) -> None:
        stage = self._stage
        turn = stage.transcript.caller_said(event.item_id, event.text, stage.ms(now))
        if turn is not None:
            stage.do(SaveTurn(turn))
            self._note_language(event)
        if event.item_id in self._early:
            self._early.discard(event.item_id)
            self._opening.on_early_words(event.text)
        elif stage.phase is Phase.CLOSING:
            if self._closing.reopens(event.text) and not stage.is_caller_speaking:
                self._link.ask(now)
        elif self._is_contested and not stage.is_caller_speaking:
            self._decide(event, now)

    def _decide(self, event: CallerSaid, now: float) -> None:
        """The words of a contested, finished utterance are known."""
        if is_backchannel(event.text):
            if not event.text.strip() and self._link.traits.edits_memory:
                self._stage.do(ForgetItem(event.item_id))
            self._give_back(now)
        else:
            self._take_floor()
            self._link.answer_caller(now)

    def _note_language(self, event: CallerSaid) -> None:
        if self._is_language_settled or not event.language or len(words_of(event.text)) < _LANGUAGE_WORDS:
            return
        self._is_language_settled = True
        self._stage.language = event.language

    # --- keys ------------------------------------------------------------------------------------------------------

    def on_digit(self, event: DigitPressed, now: float) -> None:
        """Keys are gathered until `#` or a pause; pressing one is an interruption without doubt."""
        stage = self._stage
        if stage.phase not in (Phase.GREETING, Phase.CONVERSING, Phase.RECOVERING):
            return
        if not self._opening.is_guarded(now) and stage.phase is not Phase.RECOVERING:
            if not self._is_contested and (stage.playback.is_playing or self._link.is_busy):
                self._contest(now)
            if self._is_contested:
                self._take_floor()
        if event.digit == "#":
            self.flush_digits(now)
            return
        self._digits += event.digit
        stage.timers.set(Timer.DIGITS, now + stage.plan.digits_s)

    def flush_digits(self, now: float) -> None:
        """Hand the gathered keys to the engine as the caller's contribution."""
        stage = self._stage
        stage.timers.cancel(Timer.DIGITS)
        if not self._digits:
            return
        text = f"[caller pressed {self._digits}]"
        self._digits = ""
        turn = stage.transcript.caller_said(f"digits:{stage.ms(now)}", text, stage.ms(now))
        if isinstance(turn, Turn):
            stage.do(SaveTurn(turn))
        stage.do(TellEngine(text, Speaker.CALLER))
        self._begin_conversation()
        self._link.answer_caller(now)
