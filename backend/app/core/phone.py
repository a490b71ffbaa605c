"""Phone numbers as E.164, and callers who show none."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

import phonenumbers

from app.core.errors import Invalid

E164 = NewType("E164", str)
"""A valid number in international form, `+` and digits; made by `parse_e164` only."""


class CallerIdentity(StrEnum):
    """What the carrier told about who is calling."""

    NUMBER = "number"
    ANONYMOUS = "anonymous"
    RESTRICTED = "restricted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CallerNumber:
    """The caller's number, or why there is none."""

    identity: CallerIdentity
    e164: E164 | None = None


# Twilio writes "anonymous" on a keypad for some networks: 266696687 (twilio-google.md §1.2).
_WITHHELD = {
    "anonymous": CallerIdentity.ANONYMOUS,
    "+266696687": CallerIdentity.ANONYMOUS,
    "266696687": CallerIdentity.ANONYMOUS,
    "restricted": CallerIdentity.RESTRICTED,
    "+7378742833": CallerIdentity.RESTRICTED,
    "private": CallerIdentity.RESTRICTED,
    "unavailable": CallerIdentity.UNKNOWN,
    "unknown": CallerIdentity.UNKNOWN,
    "+86282452253": CallerIdentity.UNKNOWN,
}


class NotAPhoneNumber(Invalid):
    code = "not_a_phone_number"


def parse_e164(text: str, region: str | None = None) -> E164:
    """Read a number in international form, or in the national form of `region` (ISO 3166 code).

    Raises NotAPhoneNumber when it cannot be a number of any country.
    """
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise NotAPhoneNumber from None
    # Possible, not valid: numbering plans change faster than any table, and test ranges (+1555…) are never valid.
    if not phonenumbers.is_possible_number(number):
        raise NotAPhoneNumber
    return E164(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def parse_caller(text: str) -> CallerNumber:
    """Read the From of a call. Never fails: what is no number is a caller without one."""
    key = text.strip().lower()
    if key in _WITHHELD:
        return CallerNumber(_WITHHELD[key])
    try:
        return CallerNumber(CallerIdentity.NUMBER, parse_e164(text))
    except NotAPhoneNumber:
        return CallerNumber(CallerIdentity.UNKNOWN)
