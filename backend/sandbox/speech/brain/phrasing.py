"""Saying a phrase in a language, and knowing one's own questions again in what was said."""

import re
from functools import cache

from sandbox.speech.brain.intents import Phrase
from sandbox.speech.brain.words import DEFAULT_LANGUAGE, VOCABULARIES

_QUESTIONS = (
    Phrase.ASK_NAME,
    Phrase.ASK_NAME_TO_CONNECT,
    Phrase.ASK_REASON_TO_CONNECT,
    Phrase.ASK_MESSAGE,
    Phrase.ASK_NUMBER,
    Phrase.ASK_NUMBER_FOR_LINK,
    Phrase.ASK_NUMBER_AGAIN,
    Phrase.CONFIRM_NUMBER,
    Phrase.ASK_ANYTHING_ELSE,
    Phrase.OFFER_MESSAGE,
    Phrase.OFFER_RETRY,
    Phrase.ASK_CONCERN,
    Phrase.NOT_UNDERSTOOD,
)
_SHORTEST_BEGINNING = 12
"""Letters by which a question that was cut off by the caller is still known."""


def wording(phrase: Phrase, language: str, **values: str) -> str:
    """The words of a phrase with its placeholders filled in."""
    vocabulary = VOCABULARIES.get(language, VOCABULARIES[DEFAULT_LANGUAGE])
    filled = {"owner": vocabulary.owner, **{key: value for key, value in values.items() if value or key != "owner"}}
    return vocabulary.phrases[phrase].format(**filled)


def question_in(text: str) -> Phrase | None:
    """The last of the receptionist's questions in what was said, also when its end was cut off."""
    found = [(match.start(), phrase) for phrase, pattern in _patterns() for match in pattern.finditer(text)]
    if found:
        return max(found, key=lambda place: place[0])[1]
    tail = text.strip().rstrip(".…-")
    for phrase, beginning in _beginnings():
        for length in range(len(beginning), _SHORTEST_BEGINNING - 1, -1):
            if tail.endswith(beginning[:length]):
                return phrase
    return None


@cache
def _patterns() -> tuple[tuple[Phrase, re.Pattern[str]], ...]:
    return tuple(
        (phrase, re.compile(re.sub(r"\\\{\w+\\\}", ".{1,120}?", re.escape(vocabulary.phrases[phrase]))))
        for vocabulary in VOCABULARIES.values()
        for phrase in _QUESTIONS
    )


@cache
def _beginnings() -> tuple[tuple[Phrase, str], ...]:
    return tuple(
        (phrase, vocabulary.phrases[phrase].split("{")[0])
        for vocabulary in VOCABULARIES.values()
        for phrase in _QUESTIONS
    )
