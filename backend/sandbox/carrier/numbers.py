"""The numbers in service and what happens when somebody rings them."""

from dataclasses import dataclass, field
from datetime import datetime

from sandbox.carrier.clock import utc_now
from sandbox.carrier.sids import new_sid


@dataclass(slots=True)
class Number:
    """A number of the account's. Addresses are empty when nobody is asked."""

    e164: str
    voice_url: str = ""
    voice_method: str = "POST"
    fallback_url: str = ""
    fallback_method: str = "POST"
    status_callback: str = ""
    status_method: str = "POST"
    sid: str = field(default_factory=lambda: new_sid("PN"))
    created_at: datetime = field(default_factory=utc_now)


class Numbers:
    """The account's numbers, by what is dialled."""

    def __init__(self) -> None:
        self._numbers: dict[str, Number] = {}

    def add(self, number: Number) -> None:
        self._numbers[number.e164] = number

    def get(self, e164: str) -> Number | None:
        return self._numbers.get(e164)
