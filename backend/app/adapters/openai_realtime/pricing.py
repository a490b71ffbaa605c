"""What a session costs: the usage that the vendor reports, priced from a dated table of list prices.

Source: openai-realtime.md §4.8. Prices are US dollars per million tokens, which is the same number of micro-dollars
per token.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import msgspec
import structlog

from app.callflow.events import CostIncurred

log = structlog.get_logger(__name__)

PRICES_AS_OF = "2026-11-23"


@dataclass(frozen=True, slots=True)
class Rates:
    """Micro-dollars per token."""

    text_in: float
    text_cached: float
    text_out: float
    audio_in: float
    audio_cached: float
    audio_out: float


_FULL = Rates(text_in=4, text_cached=0.40, text_out=24, audio_in=32, audio_cached=0.40, audio_out=64)
_MINI = Rates(text_in=0.60, text_cached=0.06, text_out=2.40, audio_in=10, audio_cached=0.30, audio_out=20)
_RATES = {
    "gpt-realtime-2.1": _FULL,
    "gpt-realtime-2.1-mini": _MINI,
    "gpt-realtime-2": _FULL,
    "gpt-realtime-1.5": Rates(text_in=4, text_cached=0.40, text_out=16, audio_in=32, audio_cached=0.40, audio_out=64),
}
_TRANSCRIPTION_PER_MINUTE = {"gpt-transcribe": 4_500, "gpt-realtime-whisper": 17_000, "gpt-live-transcribe": 17_000}
"""Micro-dollars per minute."""
_AUDIO_TOKENS_PER_S = 10
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")


class _CachedDetails(msgspec.Struct):
    text_tokens: int = 0
    audio_tokens: int = 0


class _InputDetails(msgspec.Struct):
    text_tokens: int = 0
    audio_tokens: int = 0
    cached_tokens: int = 0
    cached_tokens_details: _CachedDetails | None = None


class _OutputDetails(msgspec.Struct):
    text_tokens: int = 0
    audio_tokens: int = 0


class _Usage(msgspec.Struct):
    """Tokens of a response; cached ones are part of the input."""

    input_tokens: int = 0
    output_tokens: int = 0
    input_token_details: _InputDetails | None = None
    output_token_details: _OutputDetails | None = None


class _TranscriptionUsage(msgspec.Struct):
    """Billed by duration, or by tokens on another model."""

    seconds: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0


_decode_usage = msgspec.json.Decoder(_Usage | None).decode
_decode_transcription = msgspec.json.Decoder(_TranscriptionUsage | None).decode
_MALFORMED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def cost_of_response(model: str, usage: msgspec.Raw) -> CostIncurred | None:
    """What a response cost; None when the vendor reports nothing or nothing that can be read."""
    try:
        used = _decode_usage(usage)
    except _MALFORMED:
        log.warning("usage of a response not understood")
        return None
    if used is None or used.input_tokens + used.output_tokens <= 0:
        return None
    # Without details the dearer modality is assumed: a budget errs on the safe side.
    given = used.input_token_details or _InputDetails(audio_tokens=used.input_tokens)
    made = used.output_token_details or _OutputDetails(audio_tokens=used.output_tokens)
    cached_text, cached_audio = _cached(given)
    rates = rates_of(model)
    micro_usd = (
        max(0, given.text_tokens - cached_text) * rates.text_in
        + cached_text * rates.text_cached
        + max(0, given.audio_tokens - cached_audio) * rates.audio_in
        + cached_audio * rates.audio_cached
        + made.text_tokens * rates.text_out
        + made.audio_tokens * rates.audio_out
    )
    return CostIncurred(max(0, round(micro_usd)), used.input_tokens, cached_text + cached_audio, used.output_tokens)


def _cached(given: _InputDetails) -> tuple[int, int]:
    """Cached text and audio tokens; a total without details is text first, since instructions are cached first."""
    if given.cached_tokens_details is not None:
        return given.cached_tokens_details.text_tokens, given.cached_tokens_details.audio_tokens
    text = min(given.cached_tokens, given.text_tokens)
    return text, min(given.cached_tokens - text, given.audio_tokens)


def cost_of_transcription(model: str, usage: msgspec.Raw) -> CostIncurred | None:
    """What writing down a turn of the caller cost; None when the vendor reports nothing that can be read."""
    try:
        used = _decode_transcription(usage)
    except _MALFORMED:
        log.warning("usage of a transcription not understood")
        return None
    if used is None:
        return None
    seconds = used.seconds or used.input_tokens / _AUDIO_TOKENS_PER_S
    if seconds <= 0:
        return None
    micro_usd = round(seconds / 60 * _per_minute(model))
    return CostIncurred(micro_usd, max(0, used.input_tokens), 0, max(0, used.output_tokens))


@lru_cache(maxsize=32)
def rates_of(model: str) -> Rates:
    """The rates of a model; one that the table does not know is priced like its nearest relative, and logged once."""
    name = _DATED.sub("", model)
    if name in _RATES:
        return _RATES[name]
    log.warning("model without a price, priced by its relative", model=model, prices_as_of=PRICES_AS_OF)
    relatives = [known for known in _RATES if name.startswith(known)]
    if "mini" in name:
        return _MINI
    return _RATES[max(relatives, key=len)] if relatives else _FULL


@lru_cache(maxsize=32)
def _per_minute(model: str) -> int:
    name = _DATED.sub("", model)
    if name not in _TRANSCRIPTION_PER_MINUTE:
        log.warning("transcription model without a price", model=model, prices_as_of=PRICES_AS_OF)
    return _TRANSCRIPTION_PER_MINUTE.get(name, max(_TRANSCRIPTION_PER_MINUTE.values()))
