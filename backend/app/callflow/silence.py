"""Two clocks against dead lines: one for silence, one for noise without words.

The first starts at the end of playback and stands still while anybody speaks or a tool or an answer is awaited. The
second counts time without a word from the caller, so that comfort noise which keeps a voice detector busy, or a
robot that plays music, cannot hold the line.
"""

from app.callflow.closing import Closing
from app.callflow.engine_link import EngineLink
from app.callflow.opening import exactly
from app.callflow.stage import Stage
from app.callflow.timers import Timer
from app.callflow.transitions import Phase
from app.callflow.words import HangUpReason, NextStep, PhraseKey

_WORDLESS_RETRY_S = 10.0


class Silence:
    def __init__(self, stage: Stage, link: EngineLink, closing: Closing) -> None:
        self._stage = stage
        self._link = link
        self._closing = closing
        self._prompts = 0

    def update(self, now: float, *, is_held: bool) -> None:
        """Start or stop the silence clock after an event; `is_held`: a tool, keys or a barge-in are pending."""
        stage = self._stage
        is_quiet = stage.phase is Phase.CONVERSING and not is_held and not stage.playback.is_playing
        is_quiet = is_quiet and not stage.is_caller_speaking and not self._link.is_busy
        if is_quiet:
            stage.timers.set_once(Timer.SILENCE, now + stage.plan.silence_s)
            stage.timers.set_once(Timer.WORDLESS, now + stage.plan.wordless_s)
        else:
            stage.timers.cancel(Timer.SILENCE)

    def on_words(self) -> None:
        """The caller said something: both clocks begin anew when the line is next quiet."""
        self._prompts = 0
        self._stage.timers.cancel(Timer.SILENCE, Timer.WORDLESS)

    def on_silence(self, now: float) -> None:
        stage = self._stage
        self._prompts += 1
        if self._prompts > stage.plan.silence_prompts:
            self._closing.begin(now, NextStep.HANG_UP, HangUpReason.SILENCE)
        elif stage.play_phrase(PhraseKey.STILL_THERE, now) is None:
            text = stage.plan.texts.get(PhraseKey.STILL_THERE, "")
            is_ours = text and stage.language == stage.plan.language
            order = exactly(text) if is_ours else "Ask in one short sentence whether the caller is still there."
            self._link.ask(now, order, may_use_tools=False)

    def on_wordless(self, now: float, *, is_held: bool) -> None:
        stage = self._stage
        if stage.playback.is_playing or is_held or self._link.is_busy or stage.phase is not Phase.CONVERSING:
            stage.timers.set(Timer.WORDLESS, now + _WORDLESS_RETRY_S)
        else:
            self._closing.begin(now, NextStep.HANG_UP, HangUpReason.SILENCE)
