"""What the parts of a call session share: the plan, the phase, the clock's timers, the ledger and the commands."""

from app.callflow.commands import Command
from app.callflow.events import Event
from app.callflow.plan import CallPlan
from app.callflow.playback import Playback
from app.callflow.timers import Timers
from app.callflow.transcript import Transcript
from app.callflow.transitions import Phase, check
from app.callflow.words import PhraseKey, ToolRecord


class Stage:
    """State that belongs to no single part; parts act by appending commands with `do`."""

    def __init__(self, plan: CallPlan) -> None:
        past = plan.past
        self.plan = plan
        self.phase = Phase.RINGING
        self.timers = Timers()
        self.playback = Playback()
        self.transcript = Transcript(past.turns, past.next_ordinal) if past else Transcript()
        self.tool_records: list[ToolRecord] = list(past.tools) if past else []
        self.started_at = 0.0
        self.is_caller_speaking = False
        self.language = plan.language
        self.event: type[Event] | None = None
        self._commands: list[Command] = []
        self._phrases = 0

    def do(self, *commands: Command) -> None:
        self._commands += commands

    def take_commands(self) -> list[Command]:
        commands, self._commands = self._commands, []
        return commands

    def enter(self, phase: Phase) -> None:
        """Change the phase; only along the table of transitions."""
        if phase is self.phase or self.event is None:
            return
        check(self.phase, self.event, phase)
        self.phase = phase

    def ms(self, now: float) -> int:
        """Milliseconds since the stream began."""
        return round((now - self.started_at) * 1000)

    def can_play(self, key: PhraseKey) -> bool:
        """Whether a set sentence exists as audio in the language that is being spoken."""
        return key in self.plan.rendered and self.language == self.plan.language

    def play_phrase(self, key: PhraseKey, now: float) -> str | None:
        """Play a rendered phrase; returns its item id, None when it is not rendered (or not in this language)."""
        if not self.can_play(key):
            return None
        phrase = self.plan.rendered[key]
        self._phrases += 1
        item_id = f"phrase:{self._phrases}:{key}"
        self.transcript.set_text(item_id, phrase.text)
        self.transcript.item_began(item_id, self.ms(now))
        self.do(*self.playback.play_phrase(item_id, key, phrase.ms, now), *self.playback.complete(item_id, now))
        return item_id


def phrase_of(item_id: str) -> PhraseKey | None:
    """The phrase behind an item id made by `play_phrase`; None for the engine's own items."""
    return PhraseKey(item_id.rsplit(":", 1)[1]) if item_id.startswith("phrase:") else None
