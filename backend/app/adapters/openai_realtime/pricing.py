"""What a session costs, from the usage that the vendor reports and a dated table of list prices."""

from dataclasses import dataclass

PRICES_AS_OF = "2026-11-23"
"""Source: openai-realtime.md §4.8, US dollars per million tokens."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one response. Cached tokens are part of the input tokens, split by modality."""

    text_in: int = 0
    audio_in: int = 0
    cached_text: int = 0
    cached_audio: int = 0
    text_out: int = 0
    audio_out: int = 0

    @property
    def input(self) -> int:
        return self.text_in + self.audio_in

    @property
    def cached(self) -> int:
        return self.cached_text + self.cached_audio

    @property
    def output(self) -> int:
        return self.text_out + self.audio_out


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per million tokens, which is micro-dollars per token."""

    text_in: float
    text_cached: float
    text_out: float
    audio_in: float
    audio_cached: float
    audio_out: float


_PRICES = {
    "gpt-realtime-2.1-mini": Price(0.60, 0.06, 2.40, 10, 0.30, 20),
    "gpt-realtime-2.1": Price(4, 0.40, 24, 32, 0.40, 64),
    "gpt-realtime-2": Price(4, 0.40, 24, 32, 0.40, 64),
    "gpt-realtime-1.5": Price(4, 0.40, 16, 32, 0.40, 64),
}
_TRANSCRIPTION_PER_MINUTE = {"gpt-transcribe": 0.0045, "gpt-realtime-whisper": 0.017}
_DEAREST = Price(4, 0.40, 24, 32, 0.40, 64)


def price_of(model: str) -> Price:
    """The price of a model; one that is not in the table is taken for a full-sized one."""
    known = max((name for name in _PRICES if model.startswith(name)), key=len, default=None)
    return _PRICES[known] if known is not None else _DEAREST


def micro_usd(model: str, usage: Usage) -> int:
    """The cost of a response in millionths of a dollar."""
    price = price_of(model)
    return round(
        (usage.text_in - usage.cached_text) * price.text_in
        + usage.cached_text * price.text_cached
        + (usage.audio_in - usage.cached_audio) * price.audio_in
        + usage.cached_audio * price.audio_cached
        + usage.text_out * price.text_out
        + usage.audio_out * price.audio_out
    )


def transcription_micro_usd(model: str, seconds: float) -> int:
    """The cost of writing down `seconds` of the caller, in millionths of a dollar."""
    return round(_TRANSCRIPTION_PER_MINUTE.get(model, 0.0045) / 60 * seconds * 1_000_000)
