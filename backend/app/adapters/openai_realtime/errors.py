"""What the vendor's errors mean for a call: the table of openai-realtime.md §1.4."""

import re
from enum import StrEnum

import msgspec

from app.adapters.openai_realtime.codec import ErrorBody
from app.callflow.events import EngineLost
from app.callflow.words import EngineLoss


class ErrorClass(StrEnum):
    FATAL = "fatal"
    """Trying again cannot help: wrong key, no credit, no such model."""
    EXPIRED = "expired"
    """The session reached its length limit."""
    BUSY = "busy"
    """Another response is under way; ours has to wait for its end."""
    BENIGN = "benign"
    """A race that is lost now and then by design."""
    OURS = "ours"
    """We sent something the vendor does not take; the session lives."""
    TRANSIENT = "transient"
    """The service is in trouble; the same may work a moment later."""


_WORDS = {
    ErrorClass.FATAL: (
        "insufficient_quota",
        "credit_balance_exhausted",
        "billing_hard_limit_reached",
        "invalid_api_key",
        "authentication_error",
        "account_deactivated",
        "model_not_found",
        "beta_api_shape_disabled",
    ),
    ErrorClass.EXPIRED: ("session_expired",),
    ErrorClass.BUSY: ("conversation_already_has_active_response",),
    ErrorClass.BENIGN: (
        "response_cancel_not_active",
        "input_audio_buffer_commit_empty",
        "item_truncate_invalid_item_id",
        "item_create_duplicate_item_id",
        "item_retrieve_invalid_item_id",
        "item_delete_invalid_item_id",
    ),
    ErrorClass.TRANSIENT: ("server_error", "rate_limit_exceeded"),
}
_BY_WORD = {word: kind for kind, words in _WORDS.items() for word in words}
_GRAVITY = tuple(ErrorClass)
_INVALID_REQUEST = "invalid_request_error"
_INFERENCE = "inference_"
"""Codes of the part that generates: rate limits and outages, under a type that says "invalid request"."""
_SHORTER_AUDIO = "Audio content of "
"""A message without a code: the server counts a little less audio than it sent, so a truncation may name too much."""


def classify(error: ErrorBody) -> ErrorClass:
    """Judge an `error` event or the error of a failed response.

    By code or by type, whichever is graver: the vendor renames codes while types stay.
    """
    found = {_BY_WORD[word] for word in (error.code, error.type) if word in _BY_WORD}
    if found:
        return min(found, key=_GRAVITY.index)
    if error.code is None and (error.message or "").startswith(_SHORTER_AUDIO):
        return ErrorClass.BENIGN
    if (error.code or "").startswith(_INFERENCE) or error.type != _INVALID_REQUEST:
        return ErrorClass.TRANSIENT
    return ErrorClass.OURS


def code_of(error: ErrorBody) -> str:
    """The vendor's word for an error, fit for a log line: its code, else its type."""
    return _word(error.code or error.type or "unknown")


# --- losses --------------------------------------------------------------------------------------------------------

_REFUSED_STATUSES = range(300, 500)
"""Redirects count as refusals: the key is sent to no other address than the one that was configured."""
_RETRIED_STATUSES = frozenset({408, 425, 429})
_NO_CLOSE_FRAME = 1006
_GOING_AWAY = 1001
"""How the server ends a session of 60 minutes; also how one that restarts might."""
_POLICY = 1008
_VENDOR_CODES = range(3000, 5000)
"""3000 and 4000 are used, with `<type>.<code>` as reason."""
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class _Body(msgspec.Struct):
    error: ErrorBody


def lost_in_handshake(status: int, body: bytes) -> EngineLost:
    """The upgrade was answered with this HTTP status."""
    try:
        error = msgspec.json.decode(body, type=_Body).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        error = ErrorBody()
    if classify(error) is ErrorClass.FATAL:
        return EngineLost(EngineLoss.REFUSED, code_of(error))
    is_refusal = status in _REFUSED_STATUSES and status not in _RETRIED_STATUSES
    return EngineLost(EngineLoss.REFUSED if is_refusal else EngineLoss.BROKEN, f"http_{status}")


def lost_by_close(code: int | None, reason: str, *, was_ready: bool) -> EngineLost:
    """The socket is gone; `code` is None when no close frame came."""
    number = _NO_CLOSE_FRAME if code is None else code
    named = ErrorBody(code=reason.rpartition(".")[2].strip() or None, type=reason.partition(".")[0].strip() or None)
    if classify(named) is ErrorClass.FATAL:
        return EngineLost(EngineLoss.REFUSED, code_of(named))
    if number in _VENDOR_CODES or number == _POLICY:
        return EngineLost(EngineLoss.REFUSED, f"close_{number}")
    if number == _GOING_AWAY and was_ready:
        return EngineLost(EngineLoss.EXPIRED, "session_expired")
    return EngineLost(EngineLoss.BROKEN, f"close_{number}")


def lost_by_error(error: ErrorBody) -> EngineLost | None:
    """The loss that an `error` event announces; None for an error that a session survives."""
    match classify(error):
        case ErrorClass.FATAL:
            return EngineLost(EngineLoss.REFUSED, code_of(error))
        case ErrorClass.EXPIRED:
            return EngineLost(EngineLoss.EXPIRED, code_of(error))
        case _:
            return None


def _word(text: str) -> str:
    """`text` if it can be a code; anything else the vendor might send is not repeated."""
    return text if _PLAIN_WORD.fullmatch(text) else "unknown"
