"""People who are called: whether they answer, and what they say and press then."""

from dataclasses import dataclass
from typing import Literal

Behaviour = Literal["answer", "busy", "no_answer", "reject", "invalid"]


@dataclass(frozen=True, slots=True)
class Party:
    """Whoever has a number: answers `after_s` seconds of ringing, hangs up `for_s` seconds later (0: never)."""

    number: str
    behaviour: Behaviour = "no_answer"
    says: str = ""
    presses: str = ""
    language: str = "en"
    voice: str = "caller2"
    after_s: float = 1.0
    for_s: float = 0.0


class Parties:
    """Everybody we know; whom we do not know lets it ring."""

    def __init__(self) -> None:
        self._parties: dict[str, Party] = {}

    def add(self, party: Party) -> None:
        self._parties[party.number] = party

    def at(self, number: str) -> Party:
        return self._parties.get(number) or Party(number)
