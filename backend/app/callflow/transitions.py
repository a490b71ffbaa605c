"""The phases of a call and every change between them: the session may make no other."""

from enum import StrEnum
from typing import get_args

from app.callflow.events import (
    CallerSaid,
    DeadlinePassed,
    EngineLost,
    EngineReady,
    Event,
    ResponseEnded,
    StreamStarted,
    StreamStopped,
    ToolFinished,
)


class Phase(StrEnum):
    """Where our session is; not to be mixed with the carrier's status or the disposition."""

    RINGING = "ringing"
    """The webhook was answered; the stream is not open yet."""
    GREETING = "greeting"
    """Notice and greeting play; the engine connects meanwhile."""
    CONVERSING = "conversing"
    """Caller and assistant talk."""
    RECOVERING = "recovering"
    """The engine is gone; a new session is being opened with what was really said."""
    CLOSING = "closing"
    """The last words are spoken and listened for; the caller may still reopen the conversation."""
    LEAVING = "leaving"
    """Our side of the stream is closing; the carrier asks what to do next."""
    ENDED = "ended"
    """The stream is gone; nothing happens any more."""


# The greeting and the goodbye end when everything has been heard and nobody speaks, and any event can be the last one
# that this waits for.
_BRINGS_QUIET: tuple[type[Event], ...] = tuple(event for event in get_args(Event) if event is not StreamStopped)


def _row(
    *rows: tuple[tuple[type[Event], ...], tuple[Phase, ...]],
) -> dict[type[Event], frozenset[Phase]]:
    table: dict[type[Event], frozenset[Phase]] = {}
    for events, targets in rows:
        for event in events:
            table[event] = table.get(event, frozenset()) | frozenset(targets)
    return table


_STOPS = ((StreamStopped,), (Phase.ENDED,))
_GIVES_UP = ((EngineLost, ResponseEnded, DeadlinePassed), (Phase.CLOSING,))

TRANSITIONS: dict[Phase, dict[type[Event], frozenset[Phase]]] = {
    Phase.RINGING: _row(((StreamStarted,), (Phase.GREETING, Phase.CONVERSING)), _STOPS),
    Phase.GREETING: _row(
        (_BRINGS_QUIET, (Phase.CONVERSING,)),
        ((ToolFinished,), (Phase.CLOSING,)),
        _GIVES_UP,
        _STOPS,
    ),
    Phase.CONVERSING: _row(
        ((EngineLost, ResponseEnded, DeadlinePassed), (Phase.RECOVERING,)),
        ((ToolFinished,), (Phase.CLOSING,)),
        _GIVES_UP,
        _STOPS,
    ),
    Phase.RECOVERING: _row(
        ((EngineReady,), (Phase.CONVERSING,)),
        ((ToolFinished,), (Phase.CLOSING,)),
        _GIVES_UP,
        _STOPS,
    ),
    Phase.CLOSING: _row(
        ((CallerSaid,), (Phase.CONVERSING,)),
        (_BRINGS_QUIET, (Phase.LEAVING,)),
        _STOPS,
    ),
    Phase.LEAVING: _row(_STOPS),
    Phase.ENDED: {},
}


class IllegalTransition(Exception):
    """The session tried a change of phase that the table does not know: a bug in the session."""


def check(phase: Phase, event: type[Event], target: Phase) -> None:
    """Raise IllegalTransition unless `event` may lead from `phase` to `target`."""
    if target not in TRANSITIONS[phase].get(event, frozenset()):
        raise IllegalTransition(f"{event.__name__} may not lead from {phase} to {target}")
