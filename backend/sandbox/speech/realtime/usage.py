"""Counts tokens as the vendor bills them, roughly.

Audio of the caller is 1 token per 100 ms, audio of the assistant 1 per 50 ms, text 1 per four characters. Cached is
what a response shares with the one before it from the beginning on, rounded down to 64 tokens.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from sandbox.speech.realtime.items import HeardAudio, Item, Message, SpokenAudio, Wire

_CACHE_STEP = 64


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a prompt. Equal pieces at the beginning of two prompts are cached."""

    content: str
    text_tokens: int = 0
    audio_tokens: int = 0

    @property
    def tokens(self) -> int:
        return self.text_tokens + self.audio_tokens


def text_tokens(text: str) -> int:
    return -(-len(text) // 4)


def heard_tokens(ms: float) -> int:
    return -(-int(ms) // 100)


def spoken_tokens(ms: float) -> int:
    return -(-int(ms) // 50)


def prompt_of(instructions: str, tools: str, items: Iterable[Item]) -> tuple[Segment, ...]:
    """The prompt of a response; `tools` is their JSON."""
    fixed = (Segment(text, text_tokens(text)) for text in (instructions, tools) if text)
    return (*fixed, *(_segment(item) for item in items))


def _segment(item: Item) -> Segment:
    if not isinstance(item, Message):
        written = "".join(str(value) for key, value in item.wire().items() if key in ("name", "arguments", "output"))
        return Segment(f"{item.id} {written}", text_tokens(written))
    written = "".join(part.understood() for part in item.content if not isinstance(part, HeardAudio | SpokenAudio))
    audio = sum(_audio_tokens(part) for part in item.content if isinstance(part, HeardAudio | SpokenAudio))
    return Segment(f"{item.id} {written}", text_tokens(written), audio)


def _audio_tokens(part: HeardAudio | SpokenAudio) -> int:
    return heard_tokens(part.ms) if isinstance(part, HeardAudio) else spoken_tokens(part.ms)


@dataclass(frozen=True, slots=True)
class Output:
    """What a response has generated."""

    text_tokens: int = 0
    audio_tokens: int = 0

    @property
    def tokens(self) -> int:
        return self.text_tokens + self.audio_tokens

    def __add__(self, other: "Output") -> "Output":
        return Output(self.text_tokens + other.text_tokens, self.audio_tokens + other.audio_tokens)


def usage(prompt: Sequence[Segment], previous: Sequence[Segment], output: Output) -> Wire:
    """The `usage` of a response, given the prompt of the one before it."""
    text_in, audio_in = _totals(prompt)
    cached_text, cached_audio = _cached(prompt, previous)
    cached = {"text_tokens": cached_text, "audio_tokens": cached_audio, "image_tokens": 0}
    return {
        "total_tokens": text_in + audio_in + output.tokens,
        "input_tokens": text_in + audio_in,
        "output_tokens": output.tokens,
        "input_token_details": {
            "text_tokens": text_in,
            "audio_tokens": audio_in,
            "image_tokens": 0,
            "cached_tokens": cached_text + cached_audio,
            "cached_tokens_details": cached,
        },
        "output_token_details": {"text_tokens": output.text_tokens, "audio_tokens": output.audio_tokens},
    }


def _totals(segments: Iterable[Segment]) -> tuple[int, int]:
    counted = list(segments)
    return sum(segment.text_tokens for segment in counted), sum(segment.audio_tokens for segment in counted)


def _cached(prompt: Sequence[Segment], previous: Sequence[Segment]) -> tuple[int, int]:
    """Text and audio tokens of the common beginning; what rounding drops is dropped from its end."""
    shared = [now for now, _ in takewhile(lambda pair: pair[0] == pair[1], zip(prompt, previous, strict=False))]
    text, audio = _totals(shared)
    surplus = (text + audio) % _CACHE_STEP
    for segment in reversed(shared):
        less_audio = min(surplus, segment.audio_tokens)
        less_text = min(surplus - less_audio, segment.text_tokens)
        text, audio, surplus = text - less_text, audio - less_audio, surplus - less_audio - less_text
    return text, audio
