"""What a leg does next: where its documents come from, and who may interfere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Fetch:
    """Ask this address what comes next."""

    url: str
    method: str = "POST"
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inline:
    """Run this document."""

    twiml: str


Step = Fetch | Inline


class EndOfCall(Exception):
    """A verb ends the call; `status` is the leg's last."""

    def __init__(self, status: str = "completed") -> None:
        super().__init__(status)
        self.status = status


class Control(Protocol):
    """Who runs a leg, for REST and for the handset."""

    def hang_up(self, *, by: str, status: str = "completed") -> None:
        """End the leg: by caller, app or carrier."""

    def replace(self, step: Step) -> None:
        """Break off what is running and run this instead."""
