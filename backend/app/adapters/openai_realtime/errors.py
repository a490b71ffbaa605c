"""What the vendor's errors mean for a call (openai-realtime.md §1.4): matched by code or by type, both change."""

from enum import StrEnum

from app.callflow.words import EngineLoss


class Verdict(StrEnum):
    BENIGN = "benign"
    """A race we lose by design; nothing is wrong."""
    BUSY = "busy"
    """A response is under way; ours has to wait for its end."""
    OURS = "ours"
    """We sent something the vendor does not take; the session lives."""
    TRANSIENT = "transient"
    FATAL = "fatal"
    """Trying again cannot help."""
    EXPIRED = "expired"


_VERDICTS = {
    Verdict.BENIGN: (
        "response_cancel_not_active",
        "input_audio_buffer_commit_empty",
        "item_truncate_invalid_item_id",
        "item_create_duplicate_item_id",
        "item_retrieve_invalid_item_id",
        "item_delete_invalid_item_id",
    ),
    Verdict.BUSY: ("conversation_already_has_active_response",),
    Verdict.TRANSIENT: ("server_error", "rate_limit_exceeded", "inference_rate_limit_exceeded"),
    Verdict.FATAL: (
        "insufficient_quota",
        "credit_balance_exhausted",
        "invalid_api_key",
        "account_deactivated",
        "billing_hard_limit_reached",
        "model_not_found",
        "beta_api_shape_disabled",
    ),
    Verdict.EXPIRED: ("session_expired",),
}
_BY_WORD = {word: verdict for verdict, words in _VERDICTS.items() for word in words}
_SHORTER_AUDIO = "Audio content of"
"""Message without a code: the vendor counts a little less audio than it sent, so a truncation may come out too long."""

_FATAL_STATUS = frozenset({400, 401, 403, 404})
_REDIRECTED = range(300, 400)
"""The key goes to the configured address only."""

_FATAL_CLOSE = frozenset({1008, 3000, 4000})
_EXPIRED_CLOSE = 1001


def verdict_of(code: str, kind: str, message: str) -> Verdict:
    """Judge an `error` event, or the error of a failed response."""
    for word in (code, kind):
        if word in _BY_WORD:
            return _BY_WORD[word]
    return Verdict.BENIGN if not code and message.startswith(_SHORTER_AUDIO) else Verdict.OURS


def loss_of(verdict: Verdict) -> EngineLoss:
    match verdict:
        case Verdict.FATAL:
            return EngineLoss.REFUSED
        case Verdict.EXPIRED:
            return EngineLoss.EXPIRED
        case _:
            return EngineLoss.BROKEN


def loss_of_status(status: int) -> EngineLoss:
    """An upgrade that was answered with this HTTP status."""
    return EngineLoss.REFUSED if status in _FATAL_STATUS or status in _REDIRECTED else EngineLoss.BROKEN


def loss_of_close(code: int, reason: str) -> EngineLoss:
    """A socket that the vendor closed. The reason may hold an error's type and code, joined by a dot."""
    if code == _EXPIRED_CLOSE and "maximum duration" in reason:
        return EngineLoss.EXPIRED
    verdicts = {_BY_WORD.get(word) for word in reason.split(".")}
    if Verdict.EXPIRED in verdicts:
        return EngineLoss.EXPIRED
    return EngineLoss.REFUSED if code in _FATAL_CLOSE or Verdict.FATAL in verdicts else EngineLoss.BROKEN
