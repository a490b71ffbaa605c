"""The sessions of this server, live and past, for faults that strike them and for people who look for errors."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sandbox.speech.realtime.faults import Faults
from sandbox.speech.realtime.items import Wire
from sandbox.speech.realtime.session import Session

_PAST_SESSIONS = 50


@dataclass(slots=True)
class _Live:
    session: Session
    opened_at: float

    def wire(self) -> Wire:
        return {"status": "live", "opened_at": self.opened_at, **self.session.snapshot()}


class Register:
    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._live: list[_Live] = []
        self._past: deque[Wire] = deque(maxlen=_PAST_SESSIONS)

    @contextmanager
    def entry(self, session: Session, *, opened_at: float) -> Iterator[Wire]:
        """Lists a session while it lives; what is put into the entry is told about it afterwards."""
        live, ending = _Live(session, opened_at), Wire()
        self._live.append(live)
        try:
            yield ending
        finally:
            self._live.remove(live)
            self._past.append({**live.wire(), "status": "closed", **ending})

    def strike(self) -> None:
        """Let the faults that come with time strike the sessions that live; what is left waits for the next.

        Those that hear a caller come before those that only speak, and newer before older ones.
        """
        newest_first = reversed(self._live)
        for live in sorted(newest_first, key=lambda live: not live.session.hears):
            for fault in self._faults.take_timed():
                live.session.suffer(fault)

    def listed(self) -> list[Wire]:
        """All sessions, newest first."""
        live = [entry.wire() for entry in reversed(self._live)]
        return live + list(reversed(self._past))
