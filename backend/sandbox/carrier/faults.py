"""Troubles on order: each is met a number of times, by what it is meant for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

KINDS = frozenset(
    {
        "duplicate_callbacks",
        "shuffle_callbacks",
        "refuse_handshake",
        "drop_stream",
        "stall_reader",
        "rest_error",
        "rest_slow",
        "retry_webhook",
    }
)


@dataclass(slots=True)
class Fault:
    kind: str
    details: dict[str, Any] = field(default_factory=dict)
    count: int = 1

    def number(self, name: str, default: float = 0.0) -> float:
        value = self.details.get(name, default)
        return float(value) if isinstance(value, int | float) else default


class Faults:
    """The troubles that are still to come."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._waiting.append(fault)

    def clear(self) -> None:
        self._waiting.clear()

    def take(self, kind: str, suits: Callable[[Fault], bool] = lambda fault: True) -> Fault | None:
        """The next trouble of this kind, which is then one fewer."""
        for fault in self._waiting:
            if fault.kind == kind and suits(fault):
                fault.count -= 1
                if fault.count <= 0:
                    self._waiting.remove(fault)
                return fault
        return None
