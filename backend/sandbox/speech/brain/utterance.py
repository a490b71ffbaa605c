"""Understanding one utterance: what it means, and the name, number, moment and keys that it contains."""

import re
from dataclasses import dataclass

from sandbox.speech.brain.intents import Intent, Topic
from sandbox.speech.brain.words import DEFAULT_LANGUAGE, VOCABULARIES
from sandbox.speech.brain.words.vocabulary import Vocabulary

_KEYS = re.compile(r"\[caller pressed ([0-9*#A-D ]+)\]")
_MARKS = re.compile(r"[^\w\s'@+:.-]|(?<!\d)[.:-]|[.:-](?!\d)")
_WORD = re.compile(r"[\w'-]+")
_PHONE = re.compile(r"\+?\d(?:[\s()./-]*\d){5,14}(?!\d)")
_SENTENCE_END = re.compile(r"(?<=[.!?])(?<!\bDr\.)(?<!\bMr\.)(?<!\bMs\.)(?<!\bMrs\.)(?<!\bSt\.)\s+(?=\w)")
_TITLES = frozenset(
    ("dr", "dr.", "mr", "mr.", "mrs", "mrs.", "ms", "ms.", "prof", "prof.", "frau", "herr", "miss", "doctor", "doktor")
)
_PARTICLES = frozenset(("van", "von", "de", "der", "den", "da", "di", "du", "la", "le", "zu", "bin", "al", "el", "und"))
_LONGEST_NAME = 4
_PART = re.compile(r"\+?[\w']+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Utterance:
    """What a caller said in one turn. `keys` are the telephone keys pressed, `number` a telephone number in digits."""

    text: str
    language: str
    intents: frozenset[Intent] = frozenset()
    topics: frozenset[Topic] = frozenset()
    name: str = ""
    relation: str = ""
    number: str = ""
    moment: str = ""
    keys: str = ""

    def means(self, *intents: Intent) -> bool:
        """Whether it has any of these meanings."""
        return not self.intents.isdisjoint(intents)

    @property
    def word_count(self) -> int:
        return len(_WORD.findall(self.text))


def understand(text: str, *, language: str, owner: str = "") -> Utterance:
    """Understand a turn of the caller; `language` is the conversation's, used when the text does not tell its own."""
    keys = "".join(_KEYS.findall(text)).replace(" ", "")
    words = " ".join(_KEYS.sub(" ", text).split()).replace("’", "'")
    spoken = language_of(words) or language
    vocabulary = VOCABULARIES[spoken]
    simple = plain(words)
    intents = {intent for intent, pattern in vocabulary.intent_patterns if pattern.search(simple)}
    if words.endswith("?"):
        intents.add(Intent.QUESTION)
    if _asks_for(owner, simple):
        intents.add(Intent.HUMAN)
    relation = vocabulary.relation_pattern.search(words)
    moment = vocabulary.moment_pattern.search(words)
    return Utterance(
        text=words,
        language=spoken,
        intents=frozenset(intents),
        topics=frozenset(topic for topic, pattern in vocabulary.topic_patterns if pattern.search(simple)),
        name=name_in(words, vocabulary),
        relation=relation.group(0) if relation else "",
        number=number_in(words, vocabulary),
        moment=moment.group(0) if moment else "",
        keys=keys,
    )


def plain(text: str) -> str:
    """In lower case and without punctuation; digits keep what stands between them (5:30)."""
    return " ".join(_MARKS.sub(" ", text.lower().replace("’", "'")).split())


def sentences(text: str) -> list[str]:
    """The sentences of a text; a title such as "Dr." ends none."""
    return [sentence for sentence in _SENTENCE_END.split(text) if sentence]


def language_of(text: str) -> str:
    """The language most of the known words belong to; empty when the text does not tell."""
    words = set(_WORD.findall(text.lower().replace("’", "'")))
    scores = {language: len(words & vocabulary.common) for language, vocabulary in VOCABULARIES.items()}
    best = max(scores, key=scores.__getitem__)
    rivals = [score for language, score in scores.items() if language != best]
    return best if scores[best] > max(rivals, default=0) else ""


def number_in(text: str, vocabulary: Vocabulary) -> str:
    """The first telephone number in a text, in digits with its plus; spoken digits count as digits."""
    words = [vocabulary.digits.get(word, word) for word in _PART.findall(text.lower())]
    joined = " ".join(words).replace(" - ", " ").replace(", ", " ")
    found = _PHONE.search(re.sub(r"(?<=\d) (?=\d)", "", joined))
    if found is None:
        return ""
    digits = re.sub(r"\D", "", found.group())
    return ("+" if found.group().startswith("+") else "") + digits


def name_in(text: str, vocabulary: Vocabulary) -> str:
    """The name with which the caller introduces themself; empty when there is none."""
    for found in vocabulary.introduction_pattern.finditer(text):
        name = _name_at_start(text[found.end() :], vocabulary)
        if name:
            return name
    for found in vocabulary.signature_pattern.finditer(text):
        before = vocabulary.courtesy_pattern.sub("", text[: found.start()])
        if len(_WORD.findall(before)) <= 4 and (name := _name_at_start(before, vocabulary)) and before.endswith(name):
            return name
    return ""


def bare_name(text: str, vocabulary: Vocabulary) -> str:
    """A name given as the answer to the question for it, without introduction."""
    answer = vocabulary.courtesy_pattern.sub("", text).strip(" .,!")
    words = answer.split()
    if not 1 <= len(words) <= 5 or answer.endswith("?"):
        return ""
    name = _name_at_start(answer, vocabulary, may_be_small=True)
    return name if len(name) >= len(answer) // 2 else ""


def _name_at_start(text: str, vocabulary: Vocabulary, *, may_be_small: bool = False) -> str:
    """The name a text begins with: words with a capital, or, where the text has none at all, at most two words."""
    is_small = may_be_small or text == text.lower()
    words: list[str] = []
    for raw in text.split():
        word = raw.strip("\"'()!?,;:")
        bare = word.rstrip(".").lower()
        ends = raw[-1] in ",;:!?" or (raw[-1] == "." and word.lower() not in _TITLES and len(word) > 2)
        is_part = word.lower() in _TITLES or (bool(words) and bare in _PARTICLES and not is_small)
        if not is_part and not _may_be_name(word, bare, vocabulary, is_small=is_small):
            break
        words.append(word.rstrip(".") if ends else word)
        if ends or len(words) == (2 + (words[0].lower() in _TITLES) if is_small else _LONGEST_NAME):
            break
    while words and (words[-1].lower() in _PARTICLES or words[-1].lower().rstrip(".") in vocabulary.no_names):
        words.pop()
    if not words or all(word.lower() in _TITLES for word in words):
        return ""
    return " ".join(word.capitalize() if word.islower() and word not in _PARTICLES else word for word in words)


def _may_be_name(word: str, bare: str, vocabulary: Vocabulary, *, is_small: bool) -> bool:
    if not vocabulary.no_names.isdisjoint((bare, bare.split("'")[0])) or any(letter.isdigit() for letter in bare):
        return False
    return word[:1].isupper() or (is_small and bare.replace("'", "").replace("-", "").isalpha())


def _asks_for(owner: str, simple: str) -> bool:
    """Whether the caller asks for the owner by name: "is Alex there", "Alex, please", "Kann ich Alex sprechen"."""
    first = plain(owner).split()[:1]
    if not first or first[0] in {"the", "die"}:
        return False
    name = re.escape(first[0])
    around = (
        rf"(?:is|ist) (?:\w+ )?{name}\b.* (?:there|in|home|available|around|free|da|zu sprechen|erreichbar)\b"
        rf"|\b(?:for|want|need|get|can i have|kann ich|möchte ich|möchte) (?:\w+ )?{name}\b"
        rf"|^{name}(?: \w+)? (?:please|bitte)$"
    )
    return re.search(around, simple) is not None


def fallback_language(language: str) -> str:
    """The language of a tag when it is one we know, else the default one."""
    primary = language.replace("_", "-").split("-")[0].lower()
    return primary if primary in VOCABULARIES else DEFAULT_LANGUAGE
