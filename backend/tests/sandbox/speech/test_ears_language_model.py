"""The trainer of the basic recogniser: a model whose probabilities add up."""

from itertools import pairwise

import pytest

from sandbox.speech.ears.basic_phrases import sentences
from sandbox.speech.ears.language_model import arpa

_SENTENCES = [("yes", "please"), ("no", "thank", "you"), ("yes", "thank", "you"), ("no",)]


def _read(model: str) -> dict[tuple[str, ...], tuple[float, float]]:
    """Probability and weight of falling back, by gram."""
    grams = {}
    for line in model.splitlines():
        fields = line.split("\t")
        if len(fields) > 1:
            backoff = 10 ** float(fields[2]) if len(fields) == 3 else 1.0
            grams[tuple(fields[1].split())] = (10 ** float(fields[0]), backoff)
    return grams


def _probability(grams: dict[tuple[str, ...], tuple[float, float]], context: tuple[str, ...], word: str) -> float:
    """As a recogniser computes it from the file: the longest gram there is, else its context's weight and less."""
    gram = (*context, word)
    if gram in grams:
        return grams[gram][0]
    backoff = grams[context][1] if context in grams else 1.0
    return backoff * _probability(grams, context[1:], word)


@pytest.mark.parametrize("context", [(), ("<s>",), ("yes",), ("<s>", "yes"), ("thank", "you"), ("please", "no")])
def test_probabilities_after_any_context_add_up_to_one(context: tuple[str, ...]) -> None:
    grams = _read(arpa(_SENTENCES))
    words = [gram[0] for gram in grams if len(gram) == 1 and gram != ("<s>",)]

    total = sum(_probability(grams, context, word) for word in words)

    assert total == pytest.approx(1.0, abs=0.001)


def test_what_was_seen_is_likelier() -> None:
    grams = _read(arpa(_SENTENCES))

    assert _probability(grams, ("<s>", "yes"), "please") > 3 * _probability(grams, ("<s>", "yes"), "no")


def test_declares_as_many_grams_as_it_has() -> None:
    model = arpa(_SENTENCES)

    declared = {int(line[6]): int(line[8:]) for line in model.splitlines() if line.startswith("ngram ")}
    orders = [len(gram) for gram in _read(model)]
    assert declared == {order: orders.count(order) for order in (1, 2, 3)}


def test_the_phrases_are_many_and_their_slots_filled() -> None:
    made = list(sentences())

    assert len(set(made)) > 1000
    assert not any("{" in word for sentence in made for word in sentence)
    assert ("no", "thank", "you") in made
    followers = {second for sentence in made for first, second in pairwise(sentence) if first == "on"}
    assert {"monday", "sunday", "tomorrow"} <= followers
