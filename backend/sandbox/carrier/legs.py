"""The legs there are and those that lately were."""

from collections.abc import Iterator

from sandbox.carrier.leg import Leg


class Legs:
    """By their ids; of those that are over only the latest are kept."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._legs: dict[str, Leg] = {}

    def __iter__(self) -> Iterator[Leg]:
        """Newest first."""
        return iter(tuple(reversed(self._legs.values())))

    def add(self, leg: Leg) -> None:
        self._legs[leg.sid] = leg
        over = [sid for sid, kept in self._legs.items() if kept.is_over]
        for sid in over[: max(len(over) - self._kept, 0)]:
            del self._legs[sid]

    def get(self, sid: str) -> Leg | None:
        return self._legs.get(sid)

    def remove(self, sid: str) -> None:
        self._legs.pop(sid, None)
