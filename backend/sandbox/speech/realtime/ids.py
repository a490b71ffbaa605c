"""Ids in the vendor's form: a prefix and random base62."""

from random import choices, randint
from string import ascii_letters, digits

_BASE62 = digits + ascii_letters
_LENGTH = 21


def new_id(prefix: str) -> str:
    """An id of an event, item, resp, conv or sess: the prefix and 21 characters."""
    return f"{prefix}_{''.join(choices(_BASE62, k=_LENGTH))}"


def new_call_id() -> str:
    """An id of a function call, 16 to 24 characters after its prefix."""
    return f"call_{''.join(choices(_BASE62, k=randint(16, 24)))}"
