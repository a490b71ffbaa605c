"""Named instants at which the session wants to be woken; the shell only ever sees the earliest."""

from enum import StrEnum


class Timer(StrEnum):
    ENGINE_READY = "engine_ready"
    """An engine session that was asked for has not become ready."""
    RESPONSE = "response"
    """A response that was asked for shows no sign of life."""
    RETRY = "retry"
    """A response that failed is to be asked for once more."""
    OUTAGE = "outage"
    """The caller has waited for a lost engine long enough to be told."""
    ROTATION = "rotation"
    """The engine's session nears its length limit."""
    INTERRUPTION = "interruption"
    """A barge-in has to be confirmed or taken back."""
    SILENCE = "silence"
    """Nobody has spoken since the end of playback."""
    WORDLESS = "wordless"
    """No intelligible word has come, whatever the line sounds like."""
    PLAYBACK = "playback"
    """The carrier has not returned a mark that is long due."""
    DIGITS = "digits"
    """No further key has been pressed."""
    TOOL_FILLER = "tool_filler"
    TOOL_LIMIT = "tool_limit"
    WARNING = "warning"
    """The call nears its maximum duration."""
    LIMIT = "limit"
    """The call has reached its maximum duration."""
    CLOSING = "closing"
    """The caller has had time to object to the goodbye."""
    CLOSING_LIMIT = "closing_limit"
    """The goodbye takes longer than any goodbye may."""


class Timers:
    """A handful of timers; `next` is the earliest instant in s, None when there is none."""

    __slots__ = ("_due", "next")

    def __init__(self) -> None:
        self._due: dict[Timer, float] = {}
        self.next: float | None = None

    def set(self, timer: Timer, at: float) -> None:
        self._due[timer] = at
        self.next = min(self._due.values())

    def set_once(self, timer: Timer, at: float) -> None:
        """Set it unless it runs already."""
        if timer not in self._due:
            self.set(timer, at)

    def cancel(self, *timers: Timer) -> None:
        had = len(self._due)
        for timer in timers:
            self._due.pop(timer, None)
        if len(self._due) != had:
            self.next = min(self._due.values(), default=None)

    def clear(self) -> None:
        self._due.clear()
        self.next = None

    def is_set(self, timer: Timer) -> bool:
        return timer in self._due

    def pop_due(self, now: float) -> Timer | None:
        """Take out the earliest timer that is due, None when none is."""
        if self.next is None or self.next > now:
            return None
        timer = min(self._due, key=self._due.__getitem__)
        self.cancel(timer)
        return timer
