"""The first seconds: the locked notice, then the greeting, then the caller's turn."""

from app.callflow.engine_link import EngineLink
from app.callflow.phrases import is_backchannel, words_of
from app.callflow.speaking import Speaking
from app.callflow.stage import Stage, phrase_of
from app.callflow.transitions import Phase
from app.callflow.words import PhraseKey

_EARLY_WORDS = 3
"""So many words spoken during the notice are a concern, not a "hello?": the greeting would only ask for it again."""


def exactly(text: str) -> str:
    """The instructions that make an engine speak a set sentence."""
    return f"Say exactly the following, word for word, and nothing else: {text}"


class Opening:
    """Plays notice and greeting from their renderings, or has the engine speak them when there are none."""

    def __init__(self, stage: Stage, link: EngineLink, speaking: Speaking) -> None:
        self._stage = stage
        self._link = link
        self._speaking = speaking
        self._is_rendered = False
        self._has_concern = False
        self._notice_heard = False

    def begin(self, now: float) -> None:
        stage = self._stage
        if stage.plan.past is not None:
            stage.enter(Phase.CONVERSING)
            stage.play_phrase(PhraseKey.RESUMED, now)
            return
        stage.enter(Phase.GREETING)
        self._is_rendered = PhraseKey.NOTICE in stage.plan.rendered and PhraseKey.GREETING in stage.plan.rendered
        if self._is_rendered:
            stage.play_phrase(PhraseKey.NOTICE, now)
            stage.play_phrase(PhraseKey.GREETING, now)
            return
        text = " ".join(
            stage.plan.texts[key] for key in (PhraseKey.NOTICE, PhraseKey.GREETING) if key in stage.plan.texts
        )
        self._link.ask(now, exactly(text) if text else "", may_use_tools=False)

    def is_guarded(self, now: float) -> bool:
        """Whether the notice is being spoken, which nobody can talk away."""
        if self._stage.phase is not Phase.GREETING:
            return False
        if not self._is_rendered:
            return not self._notice_heard
        audible = self._stage.playback.audible(now)
        return audible is not None and phrase_of(audible) is PhraseKey.NOTICE

    def on_early_words(self, text: str) -> None:
        """The caller talked into the notice; a whole concern makes the greeting superfluous."""
        if len(words_of(text)) >= _EARLY_WORDS and not is_backchannel(text):
            self._has_concern = True

    def check(self, now: float) -> bool:
        """Called whenever playback has advanced. True when the guard was lifted just now."""
        stage = self._stage
        if stage.phase is not Phase.GREETING:
            return False
        lifted = False
        if not self._notice_heard and not self.is_guarded(now) and self._is_rendered:
            self._notice_heard = lifted = True
            if self._has_concern and stage.playback.is_playing:
                self._speaking.pause(now)
                self._speaking.drop()
        is_quiet = not stage.playback.is_playing and not self._speaking.is_paused
        if is_quiet and not self._link.is_busy:
            stage.enter(Phase.CONVERSING)
            if self._has_concern and not stage.is_caller_speaking:
                self._link.answer_caller(now)
        return lifted and stage.phase is Phase.GREETING
