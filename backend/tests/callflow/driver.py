"""Drives a call session by a clock that is only a number, and plays the carrier's part of marks."""

from app.callflow.commands import (
    ClearPlayback,
    Command,
    MarkPlayback,
    PlayPhrase,
    PlayToCaller,
    SaveTurn,
    SendToEngine,
)
from app.callflow.events import (
    AssistantAudio,
    AssistantItemDone,
    CallerPaused,
    CallerSaid,
    CallerSpoke,
    DeadlinePassed,
    EngineReady,
    Event,
    PlaybackReached,
    ResponseEnded,
    ResponseStarted,
    StreamStarted,
)
from app.callflow.plan import CallPlan
from app.callflow.session import CallSession
from app.callflow.transitions import Phase
from app.callflow.words import EngineTraits, Phrase, PhraseKey, ResponseStatus, Turn

TEXTS = {
    PhraseKey.NOTICE: "This is an automated assistant.",
    PhraseKey.GREETING: "Hello, how can I help you?",
    PhraseKey.ONE_MOMENT: "One moment, please.",
    PhraseKey.RESUMED: "Sorry, we were cut off. Please go on.",
    PhraseKey.STILL_THERE: "Are you still there?",
    PhraseKey.WRAP_UP: "We have a minute left.",
    PhraseKey.GOODBYE: "Goodbye.",
    PhraseKey.VOICEMAIL: "I have a technical problem.",
}
RENDERED = {key: Phrase(text, 1000.0) for key, text in TEXTS.items()}
PLAN = CallPlan(texts=TEXTS, rendered=RENDERED)
FRAME = "f39/" * 54


def audio(ms: float) -> str:
    """Base64 of mu-law silence of this length."""
    return "f39/" * round(ms * 8 / 3)


class Drive:
    """A session, a clock, and a carrier that plays what it is sent and returns marks when they are due."""

    def __init__(self, plan: CallPlan = PLAN) -> None:
        self.session = CallSession(plan)
        self.now = 100.0
        self.all: list[Command] = []
        self._plan = plan
        self._free_at = 0.0
        self._due: list[tuple[float, str]] = []
        self._items = 0

    def tell(self, event: Event) -> list[Command]:
        commands = self.session.handle(event, self.now)
        self.all += commands
        for command in commands:
            self._carry_out(command)
        return commands

    def _carry_out(self, command: Command) -> None:
        if isinstance(command, PlayToCaller):
            self._queue(len(command.payload) * 3 / 32)
        elif isinstance(command, PlayPhrase):
            self._queue(self._plan.rendered[command.key].ms - command.from_ms)
        elif isinstance(command, MarkPlayback):
            self._due.append((max(self._free_at, self.now), command.mark))
        elif isinstance(command, ClearPlayback):
            self._free_at = self.now
            self._due = [(self.now, mark) for _, mark in self._due]

    def _queue(self, ms: float) -> None:
        self._free_at = max(self._free_at, self.now) + ms / 1000

    def wait(self, seconds: float) -> list[Command]:
        """Let time pass: marks and deadlines come when they are due."""
        end, out = self.now + seconds, list[Command]()
        while True:
            mark = min(self._due, default=None)
            deadline = self.session.deadline()
            at = min((t for t in (mark[0] if mark else None, deadline) if t is not None), default=None)
            if at is None or at > end:
                break
            self.now = max(self.now, at)
            if mark is not None and mark[0] <= self.now:
                self._due.remove(mark)
                out += self.tell(PlaybackReached(mark[1]))
            else:
                out += self.tell(DeadlinePassed())
        self.now = end
        return out

    # --- longer moves ----------------------------------------------------------------------------------------------

    def start(self) -> "Drive":
        self.tell(StreamStarted())
        self.tell(EngineReady(EngineTraits(), lasts_s=3600))
        return self

    def greeted(self) -> "Drive":
        """A call in conversation: notice and greeting heard, the engine ready."""
        self.start()
        self.wait(2.5)
        return self

    def caller_says(self, text: str, seconds: float = 1.0, item: str = "", language: str = "") -> list[Command]:
        self._items += 1
        item = item or f"user{self._items}"
        self.tell(CallerSpoke(item, 0))
        out = self.wait(seconds)
        out += self.tell(CallerPaused(item, 0))
        return out + self.tell(CallerSaid(item, text, language))

    def answers(self, text: str, ms: float = 1000, response: str = "", *, ends: bool = True) -> list[Command]:
        """The engine speaks one item, delivered at once."""
        self._items += 1
        response = response or f"resp{self._items}"
        item = f"item_{response}"
        out = self.tell(ResponseStarted(response))
        for _ in range(int(ms // 200)):
            out += self.tell(AssistantAudio(response, item, audio(200), 200))
        if ends:
            out += self.tell(AssistantItemDone(response, item, text))
            out += self.tell(ResponseEnded(response, ResponseStatus.COMPLETED))
        return out

    def turns(self) -> list[Turn]:
        """The turns as they are stored at last."""
        stored = {c.turn.ordinal: c.turn for c in self.all if isinstance(c, SaveTurn)}
        return [stored[key] for key in sorted(stored)]

    def phase(self) -> Phase:
        return self.session.phase

    def names(self) -> list[str]:
        return [type(c).__name__ for c in self.all if not isinstance(c, SendToEngine)]


def only(kind: type[Command], commands: list[Command]) -> list[Command]:
    return [command for command in commands if isinstance(command, kind)]
