"""What the receptionist takes from a session's instructions: who it is, for whom, which languages, what it knows."""

import re
from dataclasses import dataclass

from sandbox.speech.brain.intents import Topic
from sandbox.speech.brain.utterance import fallback_language, language_of, plain, sentences
from sandbox.speech.brain.words import VOCABULARIES

_WHO = re.compile(
    r"\bYou are ([^,.\n]{1,80}), (?:the|an?) (?:\w+ )?(?:assistant|receptionist|secretary) (?:of|for) "
    r"([^\n]{1,120}?)(?: at ([^\n]{1,120}?))?"
    r"(?<!\bDr)(?<!\bMr)(?<!\bMs)(?<!\bMrs)(?<!\bProf)(?<!\bSt)(?<!\bCo)\.(?:\s|$)"
)
_FOR_WHOM = re.compile(r"\banswer (?:the phone|calls) for ([^.\n]{1,120})\.")
_LANGUAGES = re.compile(r"\byou know ((?:[a-z]{2}(?:-\w+)?(?:, )?)+)")
_KNOWLEDGE = re.compile(
    r"^#+ (?:What you know|Knowledge|Facts)[^\n]*\n(.*?)(?=^# |\Z)", re.MULTILINE | re.DOTALL | re.IGNORECASE
)
_MOST_FACTS = 2
_LONGEST_ANSWER = 240

_FACT_WORDS = {
    Topic.HOURS: r"\b(?:open|hours\b|clos|geöffnet|öffnungszeit|geschlossen|uhr\b)|\d ?(?:am|pm|a\.m\.|p\.m\.)\b",
    Topic.ADDRESS: r"\b(?:address|street\b|road\b|avenue\b|we are (?:at|in|located)|located\b|adresse|floor\b)|straße"
    r"|\bplatz \d",
    Topic.PRICE: r"\bprice|\bcosts?\b|[$€£]|\bdollars?\b|\beuros?\b|\bpreis|\bkostet|\bfree of charge",
    Topic.EMAIL: r"@|\be-?mail",
    Topic.WEBSITE: r"\bwww\.|https?://|\bwebsite|\bhomepage|\bwebseite",
    Topic.PARKING: r"\bpark",
    Topic.PAYMENT: r"\bpay|\bcash\b|\bcards?\b|\bzahl|\bkarte",
}
"""How a fact is recognised as being about a topic, in any of the languages."""

_WORD = re.compile(r"\w{4,}")
_FEWEST_SHARED_WORDS = 2
_STEM = 5


@dataclass(frozen=True, slots=True)
class Persona:
    """The facts of a session. `owner` is empty when the instructions name nobody; `languages` in order of liking."""

    assistant: str
    owner: str
    business: str
    languages: tuple[str, ...]
    facts: tuple[str, ...]

    @property
    def language(self) -> str:
        return self.languages[0]


def read_persona(instructions: str) -> Persona:
    """Read the instructions; what they do not say is left empty."""
    who = _WHO.search(instructions)
    for_whom = _FOR_WHOM.search(instructions)
    assistant, owner, business = who.groups(default="") if who else ("", "", "")
    if for_whom and not owner:
        owner = for_whom.group(1)
    knowledge = _KNOWLEDGE.search(instructions)
    facts = _facts(knowledge.group(1)) if knowledge else ()
    return Persona(assistant, owner, business, _languages(instructions), facts)


def facts_about(persona: Persona, question: str, topics: frozenset[Topic]) -> str:
    """What is known about a question, in the words of the instructions; empty when nothing is."""
    asked = _stems(question)
    shared = {fact: len(asked & _stems(fact)) for fact in persona.facts}
    fitting = [fact for fact in persona.facts if any(re.search(_FACT_WORDS[topic], fact.lower()) for topic in topics)]
    if not fitting:
        fitting = [fact for fact, words in shared.items() if words >= _FEWEST_SHARED_WORDS]
    fitting.sort(key=lambda fact: -shared[fact])
    both = " ".join(fitting[:_MOST_FACTS])
    return both if len(both) <= _LONGEST_ANSWER else fitting[0]


def _languages(instructions: str) -> tuple[str, ...]:
    named = _LANGUAGES.search(instructions)
    if named is None:
        return (language_of(instructions) or fallback_language(""),)
    tags = [tag.split("-")[0] for tag in named.group(1).rstrip(", ").split(", ")]
    known = tuple(dict.fromkeys(tag for tag in tags if tag in VOCABULARIES))
    return known or (fallback_language(""),)


def _facts(knowledge: str) -> tuple[str, ...]:
    """One fact a sentence; a line that is no sentence becomes one."""
    lines = [line.strip().lstrip("-*• ") for line in knowledge.splitlines()]
    facts = [fact for line in lines for fact in sentences(line)]
    return tuple(fact if fact[-1] in ".!?" else f"{fact}." for fact in facts)


def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:_STEM] for word in _WORD.findall(plain(text)))
