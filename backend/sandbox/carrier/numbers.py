"""The account's numbers and what happens when somebody rings them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.carrier.clock import utc_now
from sandbox.carrier.sids import new_sid


@dataclass(slots=True)
class Number:
    """A number of the account's. Addresses are empty when nobody is asked."""

    e164: str
    friendly_name: str = ""
    voice_url: str = ""
    voice_method: str = "POST"
    fallback_url: str = ""
    fallback_method: str = "POST"
    status_callback: str = ""
    status_method: str = "POST"
    has_caller_name: bool = False
    sms_url: str = ""
    sms_method: str = "POST"
    sms_fallback_url: str = ""
    sms_fallback_method: str = "POST"
    sid: str = field(default_factory=lambda: new_sid("PN"))
    created_at: datetime = field(default_factory=utc_now)
    updated_at: datetime = field(default_factory=utc_now)


class Numbers:
    """The account's numbers, by what is dialled."""

    def __init__(self) -> None:
        self._numbers: dict[str, Number] = {}

    def __iter__(self) -> Iterator[Number]:
        """Newest first."""
        return iter(tuple(reversed(self._numbers.values())))

    def add(self, number: Number) -> None:
        self._numbers[number.e164] = number

    def get(self, e164: str) -> Number | None:
        return self._numbers.get(e164)

    def with_sid(self, sid: str) -> Number | None:
        return next((number for number in self if number.sid == sid), None)

    def remove(self, number: Number) -> None:
        self._numbers.pop(number.e164, None)
