"""The shape of a language's table."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sandbox.speech.brain.intents import Intent, Phrase, Topic


@dataclass(frozen=True)
class Vocabulary:
    r"""A language.

    Its patterns are regular expressions over text in lower case without punctuation. They are written as blocks: each
    line holds alternatives, a line that ends with a backslash goes on in the next.

    `common` are words by which the language is told from others, `fillers` say nothing. `introductions` and
    `signatures` stand before and behind a name, `no_names` are no part of one. `requests` only ask for a message or a
    person. `moments` are days and times, `courtesy` is what comes before the matter, `digits` are the spoken digits,
    `owner` is what an owner without a name is called.
    """

    phrases: Mapping[Phrase, str]
    intents: Mapping[Intent, str]
    topics: Mapping[Topic, str]
    common: frozenset[str]
    no_names: frozenset[str]
    fillers: frozenset[str]
    digits: Mapping[str, str]
    introductions: str
    signatures: str
    relations: str
    moments: str
    requests: str
    courtesy: str
    owner: str

    @cached_property
    def intent_patterns(self) -> tuple[tuple[Intent, re.Pattern[str]], ...]:
        return tuple((intent, _whole_words(block)) for intent, block in self.intents.items())

    @cached_property
    def topic_patterns(self) -> tuple[tuple[Topic, re.Pattern[str]], ...]:
        return tuple((topic, re.compile(rf"\b(?:{pattern})")) for topic, pattern in self.topics.items())

    @cached_property
    def introduction_pattern(self) -> re.Pattern[str]:
        return re.compile(rf"\b(?:{alternatives(self.introductions)})[\s,:]+", re.IGNORECASE)

    @cached_property
    def signature_pattern(self) -> re.Pattern[str]:
        return re.compile(rf"[\s,]+(?:{self.signatures})\b", re.IGNORECASE)

    @cached_property
    def relation_pattern(self) -> re.Pattern[str]:
        return re.compile(rf"\b(?:{alternatives(self.relations)})\b", re.IGNORECASE)

    @cached_property
    def moment_pattern(self) -> re.Pattern[str]:
        return re.compile(rf"\b(?:{alternatives(self.moments)})\b", re.IGNORECASE)

    @cached_property
    def request_pattern(self) -> re.Pattern[str]:
        return _whole_words(self.requests)

    @cached_property
    def courtesy_pattern(self) -> re.Pattern[str]:
        """Courtesies at the beginning of a text, one after the other, with what separates them."""
        return re.compile(rf"^(?:(?:{alternatives(self.courtesy)})\b[\s,.!?]*)+", re.IGNORECASE)


def alternatives(block: str) -> str:
    """The lines of a block as one regular expression."""
    expression = ""
    for line in filter(None, (line.strip() for line in block.splitlines())):
        is_continued = expression.endswith("\\")
        expression = expression[:-1] if is_continued else expression
        expression += line if is_continued or not expression else f"|{line}"
    return expression


def _whole_words(block: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{alternatives(block)})\b")
