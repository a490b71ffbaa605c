"""A small trainer: from sentences to a trigram model in the ARPA format that recognisers read.

Interpolated Witten-Bell smoothing (Chen and Goodman 1998, "An Empirical Study of Smoothing Techniques"): what was
seen in few contexts leaves much probability to the shorter context.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import log10

_BEGIN, _END = "<s>", "</s>"
_ORDER = 3
_NEVER = -99.0
"""The log probability of what is never predicted: the beginning of a sentence."""

Gram = tuple[str, ...]


def arpa(sentences: Iterable[Sequence[str]]) -> str:
    """The model of these sentences as the text of an ARPA file."""
    counts = _counted(sentences)
    probabilities, backoffs = _smoothed(counts)
    lines = ["\\data\\"]
    lines += [f"ngram {order}={sum(len(gram) == order for gram in probabilities)}" for order in range(1, _ORDER + 1)]
    for order in range(1, _ORDER + 1):
        lines += ["", f"\\{order}-grams:"]
        for gram in sorted(gram for gram in probabilities if len(gram) == order):
            backoff = f"\t{backoffs[gram]:.4f}" if gram in backoffs else ""
            lines.append(f"{probabilities[gram]:.4f}\t{' '.join(gram)}{backoff}")
    return "\n".join([*lines, "", "\\end\\", ""])


def _counted(sentences: Iterable[Sequence[str]]) -> Counter[Gram]:
    counts: Counter[Gram] = Counter()
    for sentence in sentences:
        words = (_BEGIN, *sentence, _END)
        for order in range(1, _ORDER + 1):
            counts.update(words[at : at + order] for at in range(len(words) - order + 1))
    return counts


def _smoothed(counts: Mapping[Gram, int]) -> tuple[dict[Gram, float], dict[Gram, float]]:
    """Log probabilities of all grams, and the log weights of falling back from those that are contexts."""
    totals: defaultdict[Gram, int] = defaultdict(int)
    kinds: defaultdict[Gram, int] = defaultdict(int)
    for gram, count in counts.items():
        if gram != (_BEGIN,):
            totals[gram[:-1]] += count
            kinds[gram[:-1]] += 1
    plain: dict[Gram, float] = {}
    for gram in sorted(counts, key=len):
        if gram == (_BEGIN,):
            continue
        context = gram[:-1]
        shorter = plain[gram[1:]] if len(gram) > 1 else 1 / kinds[()]
        plain[gram] = (counts[gram] + kinds[context] * shorter) / (totals[context] + kinds[context])
    probabilities = {gram: log10(value) for gram, value in plain.items()}
    probabilities[(_BEGIN,)] = _NEVER
    backoffs = {
        context: log10(kinds[context] / (totals[context] + kinds[context]))
        for context in kinds
        if context and len(context) < _ORDER
    }
    return probabilities, backoffs
