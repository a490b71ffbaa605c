"""The conversation so far, retold from its items: who is calling, what they want, what was asked and done.

The receptionist keeps no memory between responses. Everything follows from the items, so that a session whose
conversation was rebuilt after an interruption goes on as if nothing had happened.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum, auto

from sandbox.speech.brain.intents import Intent, Phrase
from sandbox.speech.brain.persona import Persona
from sandbox.speech.brain.phrasing import question_in
from sandbox.speech.brain.utterance import Utterance, bare_name, plain, sentences, understand
from sandbox.speech.brain.words import VOCABULARIES
from sandbox.speech.parts import Item, Said, ToolAnswered, ToolAsked


class Goal(StrEnum):
    """What the caller wants done by a tool."""

    MESSAGE = auto()
    TRANSFER = auto()
    BOOKING = auto()


@dataclass(frozen=True, slots=True)
class Deed:
    """A tool that was used. `output` is its answer as a JSON object, empty when it is none."""

    name: str
    arguments: dict[str, object]
    output: dict[str, object]
    is_done: bool

    @property
    def remark(self) -> str:
        """What the tool says about itself, in lower case."""
        return " ".join(str(self.output.get(key, "")) for key in ("note", "error", "message")).lower()


@dataclass(slots=True)
class Story:
    """What is known at the end of the items. `turn` is the caller's last one, unless it has been answered."""

    language: str
    turn: Utterance | None = None
    name: str = ""
    refused_name: bool = False
    relation: str = ""
    number: str = ""
    is_number_confirmed: bool = False
    concern: list[str] = field(default_factory=list)
    request: str = ""
    """The words with which a message or a call back was asked for."""
    open_question: str = ""
    """The last question about the business; the matter of a message when it could not be answered."""
    moment: str = ""
    goal: Goal | None = None
    is_urgent: bool = False
    is_resumed: bool = False
    said_goodbye: bool = False
    asked: Phrase | None = None
    asked_before: set[Phrase] = field(default_factory=set)
    times_name_asked: int = 0
    last_said: str = ""
    unclear: int = 0
    deeds: list[Deed] = field(default_factory=list)
    fresh_deeds: list[Deed] = field(default_factory=list)
    """Deeds that nothing has been said about yet."""

    def has_done(self, tool: str) -> bool:
        return any(deed.name == tool and deed.is_done for deed in self.deeds)

    def failures(self, tool: str) -> int:
        return sum(deed.name == tool and not deed.is_done for deed in self.deeds)


_PURE = frozenset(
    {
        Intent.GREETING,
        Intent.GOODBYE,
        Intent.THANKS,
        Intent.YES,
        Intent.NO,
        Intent.NOTHING_ELSE,
        Intent.REPEAT,
        Intent.WAIT,
        Intent.ARE_YOU_THERE,
        Intent.WHO_ARE_YOU,
        Intent.HOW_ARE_YOU,
        Intent.NOT_TELLING,
        Intent.SPEAK_ENGLISH,
        Intent.SPEAK_GERMAN,
        Intent.INTRUSION,
    }
)
_NO_CONCERN = (
    Intent.INTRUSION,
    Intent.ABUSE,
    Intent.SPAM,
    Intent.WRONG_NUMBER,
    Intent.ROBOCALL,
    Intent.REPEAT,
    Intent.NOT_TELLING,
)
_ABOUT_LANGUAGE = (Intent.SPEAK_ENGLISH, Intent.SPEAK_GERMAN)
_FEWEST_CONCERN_WORDS = 2
_RESUMED = re.compile(r"\b(?:interrupted and is restored|continue the conversation|do not greet)\b", re.IGNORECASE)
_NAME_QUESTIONS = (Phrase.ASK_NAME, Phrase.ASK_NAME_TO_CONNECT)
CONCERN_QUESTIONS = (Phrase.ASK_MESSAGE, Phrase.ASK_REASON_TO_CONNECT)
_MOST_NAME_QUESTIONS = 2
_NUMBER_QUESTIONS = (Phrase.ASK_NUMBER, Phrase.ASK_NUMBER_FOR_LINK, Phrase.ASK_NUMBER_AGAIN)


def retell(items: Sequence[Item], persona: Persona) -> Story:
    """Go through the items in order."""
    story = Story(language=persona.language)
    asked: dict[str, ToolAsked] = {}
    for item in _with_turns_joined(items):
        match item:
            case Said("user", text):
                _hear(story, understand(text, language=story.language, owner=persona.owner), persona)
            case Said("assistant", text):
                _say(story, text)
            case Said(_, text):
                story.is_resumed = story.is_resumed or _RESUMED.search(text) is not None
            case ToolAsked():
                asked[item.call_id] = item
            case ToolAnswered():
                _do(story, asked.get(item.call_id), item.output)
    return story


def _with_turns_joined(items: Sequence[Item]) -> Iterator[Item]:
    """Several messages of the caller in a row are one turn."""
    waiting: list[str] = []
    for item in items:
        if isinstance(item, Said) and item.role == "user":
            waiting.append(item.text)
            continue
        if waiting and not (isinstance(item, Said) and item.role == "system"):
            yield Said("user", " ".join(waiting))
            waiting = []
        yield item
    if waiting:
        yield Said("user", " ".join(waiting))


def _say(story: Story, text: str) -> None:
    story.turn = None
    story.fresh_deeds = []
    story.is_resumed = False
    story.last_said = text
    question = question_in(text)
    if question is Phrase.NOT_UNDERSTOOD:
        story.unclear += 1
        return
    story.unclear = 0
    if question is not None:
        story.asked = question
        story.asked_before.add(question)
        story.times_name_asked += question in _NAME_QUESTIONS


def _do(story: Story, asked: ToolAsked | None, output: str) -> None:
    answer = _json_object(output)
    is_done = answer.get("ok", answer.get("success", True)) is not False and not answer.get("error")
    deed = Deed(asked.name if asked else "", _json_object(asked.arguments) if asked else {}, answer, is_done)
    story.deeds.append(deed)
    story.fresh_deeds.append(deed)
    if is_done and deed.name != "hang_up":
        story.goal, story.asked = None, None
        story.concern, story.moment, story.request = [], "", ""


def _json_object(text: str) -> dict[str, object]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _hear(story: Story, turn: Utterance, persona: Persona) -> None:
    _choose_language(story, turn, persona)
    turn = story.turn = _learn_name(story, turn)
    _learn_number(story, turn)
    _learn_concern(story, turn)
    _learn_goal(story, turn)
    story.said_goodbye = turn.means(Intent.GOODBYE)
    story.is_urgent = story.is_urgent or turn.means(Intent.URGENT, Intent.DANGER)
    story.moment = turn.moment or story.moment


def _choose_language(story: Story, turn: Utterance, persona: Persona) -> None:
    wanted = turn.language
    if turn.means(Intent.SPEAK_GERMAN):
        wanted = "de"
    elif turn.means(Intent.SPEAK_ENGLISH):
        wanted = "en"
    if wanted in persona.languages:
        story.language = wanted


def _learn_name(story: Story, turn: Utterance) -> Utterance:
    """The turn with the name that it gives; a bare name counts only as the answer to the question for it.

    Whoever answers that question twice without a name that is understood is not asked a third time.
    """
    story.relation = turn.relation or story.relation
    is_answer = story.asked in _NAME_QUESTIONS
    if is_answer and not turn.name and not turn.means(Intent.NOT_TELLING):
        turn = replace(turn, name=bare_name(turn.text, VOCABULARIES[turn.language]))
    if turn.name:
        story.name = turn.name
    elif is_answer and (turn.means(Intent.NOT_TELLING, Intent.NO) or _has_answered_enough(story, turn)):
        story.refused_name = True
    if is_answer and (turn.name or story.refused_name):
        story.asked = None
    return turn


def _has_answered_enough(story: Story, turn: Utterance) -> bool:
    return story.times_name_asked >= _MOST_NAME_QUESTIONS and (turn.means(Intent.YES) or bool(rest_of(turn)))


def _learn_number(story: Story, turn: Utterance) -> None:
    number = turn.number
    if not number and story.asked in _NUMBER_QUESTIONS and len(turn.keys) >= 5:
        number = turn.keys
    if number:
        story.is_number_confirmed = story.asked is Phrase.CONFIRM_NUMBER and number == story.number
        story.number = number
    elif story.asked is Phrase.CONFIRM_NUMBER:
        if turn.means(Intent.NO):
            story.number = ""
        elif turn.means(Intent.YES):
            story.is_number_confirmed = True


def _learn_concern(story: Story, turn: Utterance) -> None:
    """Keep what the owner should know, in the caller's words: not greetings, bare answers or questions about facts."""
    if turn.means(Intent.MESSAGE):
        story.request = turn.text
    if turn.means(*_NO_CONCERN):
        return
    is_answer = story.asked in CONCERN_QUESTIONS and not turn.number
    is_question = turn.means(Intent.QUESTION) and not turn.means(Intent.MESSAGE, Intent.BOOKING, Intent.HUMAN)
    if is_question and not is_answer:
        story.open_question = turn.text
        return
    fewest = 1 if is_answer else _FEWEST_CONCERN_WORDS
    story.concern += [text for text in sentences(turn.text) if len(_substance(text, turn)) >= fewest]


def rest_of(turn: Utterance) -> list[str]:
    """The words of a turn that are more than courtesy, yes or no, and the caller's name."""
    return _without_courtesy(plain(turn.text), turn)


def _substance(text: str, turn: Utterance) -> list[str]:
    """The words of a sentence that say what the matter is: no courtesy, no request for a person, no number."""
    vocabulary = VOCABULARIES[turn.language]
    simple = vocabulary.request_pattern.sub(" ", plain(text))
    digits = vocabulary.digits
    words = _without_courtesy(simple, turn)
    return [word for word in words if not turn.number or not (word in digits or word.strip("+-").isdigit())]


def _without_courtesy(words: str, turn: Utterance) -> list[str]:
    vocabulary = VOCABULARIES[turn.language]
    for intent, pattern in vocabulary.intent_patterns:
        if intent in _PURE:
            words = pattern.sub(" ", words)
    words = vocabulary.introduction_pattern.sub(" ", f"{words} ")
    own = set(plain(turn.name).split()) | vocabulary.fillers
    return [word for word in words.split() if word not in own]


def _learn_goal(story: Story, turn: Utterance) -> None:
    for goal, means in _GOALS:
        if means(turn):
            story.goal = goal
            return
    if story.asked in (Phrase.OFFER_MESSAGE, Phrase.OFFER_RETRY) and turn.means(Intent.NO):
        story.goal, story.concern = None, []
    elif story.asked is Phrase.OFFER_MESSAGE and (turn.means(Intent.YES) or turn.name):
        story.goal = Goal.MESSAGE
        if story.open_question and not story.concern:
            story.concern = [story.open_question]


_GOALS: tuple[tuple[Goal, Callable[[Utterance], bool]], ...] = (
    (Goal.TRANSFER, lambda turn: turn.means(Intent.DANGER) or turn.keys == "0"),
    (Goal.TRANSFER, lambda turn: turn.means(Intent.FAMILY) and turn.means(Intent.URGENT, Intent.HUMAN)),
    (Goal.MESSAGE, lambda turn: turn.means(Intent.MESSAGE)),
    (Goal.TRANSFER, lambda turn: turn.means(Intent.HUMAN) and not turn.means(*_ABOUT_LANGUAGE)),
    (Goal.BOOKING, lambda turn: turn.means(Intent.BOOKING)),
)
"""What a turn asks for; the first that applies."""
