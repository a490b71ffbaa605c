"""When each word of a text sounds, from the events of espeak-ng.

espeak-ng reads "5:30" as several words and passes over a lone dash, so its words are not those of the text. A word
here is what stands between spaces; it sounds from its first event to the next word's, or to the end of its clause.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from sandbox.speech.parts import Word

WORD_BEGINS = 1
CLAUSE_ENDED = 5

Event = tuple[int, int, int]
"""Kind, number of the character in the text (from 1), number of the sample."""

_TOKEN = re.compile(r"\S+")


def timed_words(text: str, events: Sequence[Event], *, rate: int, cut_ms: float, total_ms: int) -> tuple[Word, ...]:
    """The words of `text` with their times in a rendering that lost `cut_ms` in front and is `total_ms` long."""
    tokens = list(_TOKEN.finditer(text))
    if not tokens:
        return ()
    starts = _starts(tokens, events)
    ends = sorted(sample for kind, _, sample in events if kind == CLAUSE_ENDED)
    last = max([*(start for start in starts if start is not None), *ends, 1])
    filled = _fill_gaps(starts, last)

    def ms(sample: float) -> int:
        return min(max(round(sample * 1000 / rate - cut_ms), 0), total_ms)

    words = []
    for token, (start, following) in zip(tokens, pairwise([*filled, float("inf")]), strict=True):
        clause_end = next((end for end in ends if start < end <= following), following)
        end = total_ms if clause_end == float("inf") else ms(clause_end)
        words.append(Word(token.group(), ms(start), max(end, ms(start))))
    return tuple(words)


def _starts(tokens: Sequence[re.Match[str]], events: Sequence[Event]) -> list[int | None]:
    """The sample at which each token's first event lies."""
    starts: list[int | None] = [None] * len(tokens)
    number = 0
    for kind, character, sample in events:
        if kind != WORD_BEGINS:
            continue
        at = next((n for n in range(number, len(tokens)) if character - 1 < tokens[n].end()), None)
        if at is None:
            break
        number = at
        if starts[number] is None:
            starts[number] = sample
    return starts


def _fill_gaps(starts: Sequence[int | None], last: int) -> list[float]:
    """A token without an event begins where the next one does: it does not sound."""
    filled: list[float] = []
    following = float(last)
    for start in reversed(starts):
        following = following if start is None else min(float(start), following)
        filled.append(following)
    return filled[::-1]
