"""The vendor's identifiers: two letters and 32 hex digits."""

import secrets


def new_sid(prefix: str) -> str:
    """CA for calls, MZ for streams, RE for recordings, PN for numbers and so on."""
    return prefix + secrets.token_hex(16)
