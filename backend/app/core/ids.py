"""Identifiers: UUID version 7, so that rows sort by creation; and unguessable tokens."""

import secrets
import uuid
from datetime import datetime


def new_id(now: datetime) -> uuid.UUID:
    """A UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds, the rest random."""
    ms = int(now.timestamp() * 1000)
    bits = (ms & (1 << 48) - 1) << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return uuid.UUID(int=bits)


def new_token() -> str:
    """256 random bits, safe in a URL or an XML attribute."""
    return secrets.token_urlsafe(32)
