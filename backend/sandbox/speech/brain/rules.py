"""The receptionist's rules: each looks at the caller's turn and either answers it or leaves it to the next."""

from collections.abc import Callable

from sandbox.speech.brain.intents import Intent, Phrase
from sandbox.speech.brain.persona import facts_about
from sandbox.speech.brain.scene import Scene
from sandbox.speech.brain.story import CONCERN_QUESTIONS, Goal, rest_of
from sandbox.speech.brain.utterance import Utterance
from sandbox.speech.parts import Action

Rule = Callable[[Scene, Utterance], list[Action] | None]

_FEWEST_PHONE_KEYS = 5
_MOST_TOPIC_WORDS = 5
_NUMBER_QUESTIONS = (Phrase.ASK_NUMBER, Phrase.ASK_NUMBER_FOR_LINK, Phrase.ASK_NUMBER_AGAIN)


def decide(scene: Scene, turn: Utterance) -> list[Action]:
    """The answer of the first rule that has one."""
    for rule in RULES:
        actions = rule(scene, turn)
        if actions is not None:
            return actions
    return _not_understood(scene)


def _danger(scene: Scene, turn: Utterance) -> list[Action] | None:
    if not turn.means(Intent.DANGER):
        return None
    if scene.offer.has("transfer_call") and not scene.story.failures("transfer_call"):
        return scene.connect(Phrase.CONNECTING_DANGER)
    return scene.say(Phrase.CALL_EMERGENCY, Phrase.OFFER_MESSAGE)


def _robocall(scene: Scene, turn: Utterance) -> list[Action] | None:
    return scene.end(Phrase.DECLINE_ROBOT, "robocall") if turn.means(Intent.ROBOCALL) else None


def _abuse(scene: Scene, turn: Utterance) -> list[Action] | None:
    return scene.end(Phrase.DECLINE_ABUSE, "abusive") if turn.means(Intent.ABUSE) else None


def _spam(scene: Scene, turn: Utterance) -> list[Action] | None:
    return scene.end(Phrase.DECLINE_SPAM, "spam") if turn.means(Intent.SPAM) else None


def _wrong_number(scene: Scene, turn: Utterance) -> list[Action] | None:
    return scene.end(Phrase.WRONG_NUMBER, "wrong_number") if turn.means(Intent.WRONG_NUMBER) else None


def _intrusion(scene: Scene, turn: Utterance) -> list[Action] | None:
    return scene.say(Phrase.NOT_TOLD, Phrase.OFFER_MESSAGE) if turn.means(Intent.INTRUSION) else None


def _language(scene: Scene, turn: Utterance) -> list[Action] | None:
    wanted = "de" if turn.means(Intent.SPEAK_GERMAN) else "en" if turn.means(Intent.SPEAK_ENGLISH) else ""
    if not wanted or wanted != scene.story.language:
        return None
    return scene.say(Phrase.LANGUAGE_CHANGED, scene.pending)


def _repeat(scene: Scene, turn: Utterance) -> list[Action] | None:
    if not turn.means(Intent.REPEAT) or len(rest_of(turn)) > 2:
        return None
    return scene.say(Phrase.FACT, fact=scene.story.last_said) if scene.story.last_said else None


def _wait(scene: Scene, turn: Utterance) -> list[Action] | None:
    if not turn.means(Intent.WAIT) or len(rest_of(turn)) > 2:
        return None
    return scene.say(Phrase.GO_ON if "stop" in turn.text.lower() else Phrase.TAKE_YOUR_TIME)


def _identity(scene: Scene, turn: Utterance) -> list[Action] | None:
    return scene.say(Phrase.WHO_I_AM, scene.pending) if turn.means(Intent.WHO_ARE_YOU) else None


def _keys(scene: Scene, turn: Utterance) -> list[Action] | None:
    """Keys are a telephone number when one was asked for; 0 asks for a human; others are named back."""
    if not turn.keys or turn.text:
        return None
    if scene.story.asked in _NUMBER_QUESTIONS and len(turn.keys) >= _FEWEST_PHONE_KEYS:
        return scene.say(Phrase.CONFIRM_NUMBER, digits=_spaced(turn.keys))
    if scene.story.goal is Goal.TRANSFER:
        return None
    return scene.say(Phrase.PRESSED, scene.pending, digits=_spaced(turn.keys))


def _number(scene: Scene, turn: Utterance) -> list[Action] | None:
    """A telephone number is read back; a number that was denied is asked for again."""
    story = scene.story
    if turn.number and not story.is_number_confirmed:
        return scene.say(Phrase.CONFIRM_NUMBER, digits=_spaced(story.number))
    if story.asked is Phrase.CONFIRM_NUMBER and turn.means(Intent.NO) and not story.number:
        return scene.say(Phrase.ASK_NUMBER_AGAIN)
    return None


def _late_number(scene: Scene, turn: Utterance) -> list[Action] | None:
    """The number to call back that was missing when the message was stored follows as a message of its own."""
    story = scene.story
    if story.asked is Phrase.CONFIRM_NUMBER and story.is_number_confirmed and story.goal is None and not story.concern:
        story.concern = [f"Callback number: {story.number}"]
        return scene.note_message()
    return None


def _farewell(scene: Scene, turn: Utterance) -> list[Action] | None:
    """The end of the talk; what the caller wanted to leave is stored first."""
    story = scene.story
    is_short = len(rest_of(turn)) <= 2
    answers = {Phrase.ASK_ANYTHING_ELSE: (Intent.NO, Intent.THANKS), Phrase.OFFER_MESSAGE: (Intent.NO,)}
    needs_nothing = is_short and story.asked is not None and turn.means(*answers.get(story.asked, ()))
    if not turn.means(Intent.GOODBYE, Intent.NOTHING_ELSE) and not needs_nothing:
        return None
    has_message = story.concern or story.request
    if has_message and not story.failures("take_message") and scene.offer.has("take_message"):
        return scene.note_message()
    return scene.end(Phrase.GOODBYE, "finished")


def _retry(scene: Scene, turn: Utterance) -> list[Action] | None:
    if scene.story.asked is not Phrase.OFFER_RETRY:
        return None
    if turn.means(Intent.NO):
        return scene.end(Phrase.GOODBYE, "finished")
    return scene.note_message() if turn.means(Intent.YES) and scene.story.concern else None


def _question(scene: Scene, turn: Utterance) -> list[Action] | None:
    """Questions about the business are answered from what the instructions know, or not at all."""
    if not turn.means(Intent.QUESTION) and not _names_a_topic(scene, turn):
        return None
    if turn.means(Intent.HUMAN, Intent.MESSAGE, Intent.HOW_ARE_YOU, Intent.ARE_YOU_THERE, Intent.URGENT):
        return None
    if turn.means(Intent.BOOKING) and not turn.topics:
        return None
    fact = facts_about(scene.persona, turn.text, turn.topics)
    if fact:
        return scene.say(Phrase.FACT, Phrase.ASK_ANYTHING_ELSE, fact=fact)
    is_open = turn.topics or (turn.means(Intent.QUESTION) and not scene.story.goal and rest_of(turn))
    return _without_answer(scene) if is_open else None


def _names_a_topic(scene: Scene, turn: Utterance) -> bool:
    """A topic without a question asks for it when little else is said ("The address, please") and nothing is told."""
    is_told = scene.story.asked in CONCERN_QUESTIONS
    return bool(turn.topics) and not is_told and len(rest_of(turn)) <= _MOST_TOPIC_WORDS


def _without_answer(scene: Scene) -> list[Action]:
    can_note = scene.offer.has("take_message")
    return scene.say(Phrase.NO_FACT, Phrase.OFFER_MESSAGE if can_note else Phrase.ASK_ANYTHING_ELSE)


def _transfer(scene: Scene, turn: Utterance) -> list[Action] | None:
    """Connecting needs a name and a reason, except for family in need."""
    story = scene.story
    if story.goal is not Goal.TRANSFER:
        return None
    if not scene.offer.has("transfer_call") or story.failures("transfer_call"):
        return scene.say(Phrase.CANNOT_CONNECT, Phrase.OFFER_MESSAGE)
    if story.relation or turn.means(Intent.FAMILY):
        return scene.connect()
    if not story.name and not story.refused_name:
        return scene.say(Phrase.ASK_NAME_TO_CONNECT)
    if not story.is_urgent and not story.concern:
        return scene.say(Phrase.ASK_REASON_TO_CONNECT)
    if story.refused_name and not story.is_urgent:
        return scene.say(Phrase.CANNOT_CONNECT, Phrase.OFFER_MESSAGE)
    return scene.connect()


def _booking(scene: Scene, turn: Utterance) -> list[Action] | None:
    story = scene.story
    if story.goal is not Goal.BOOKING:
        return None
    if scene.offer.has("send_booking_link") and not _has_failed_for_good(scene):
        return scene.send_link()
    if story.name or story.refused_name:
        story.goal = Goal.MESSAGE
        return None
    return scene.say(Phrase.CANNOT_BOOK, Phrase.ASK_NAME)


def _has_failed_for_good(scene: Scene) -> bool:
    return scene.story.failures("send_booking_link") > bool(scene.story.number)


def _message(scene: Scene, turn: Utterance) -> list[Action] | None:
    """A message needs a name and a text."""
    story = scene.story
    has_text = bool(story.concern) or (Phrase.ASK_MESSAGE in story.asked_before and bool(story.request))
    if story.goal is not Goal.MESSAGE and not has_text:
        return None
    if not scene.offer.has("take_message"):
        return scene.say(Phrase.CANNOT_TAKE_MESSAGE)
    if story.is_urgent and story.goal is None and scene.offer.has("transfer_call"):
        story.goal = Goal.TRANSFER
        return _transfer(scene, turn)
    if not story.name and not story.refused_name:
        return scene.say(Phrase.ASK_NAME)
    if not has_text:
        return scene.say(Phrase.ASK_MESSAGE)
    return scene.note_message()


def _name_corrected(scene: Scene, turn: Utterance) -> list[Action] | None:
    """After the message was stored the caller corrects the name: the correction follows."""
    story = scene.story
    stored = [deed for deed in story.deeds if deed.name == "take_message" and deed.is_done]
    if not stored or not turn.name or not turn.means(Intent.NO):
        return None
    if str(stored[-1].arguments.get("caller_name", "")) in ("", turn.name):
        return None
    story.concern = [str(stored[-1].arguments.get("text", turn.text))]
    return scene.note_message()


def _small_talk(scene: Scene, turn: Utterance) -> list[Action] | None:
    if turn.means(Intent.HOW_ARE_YOU):
        return scene.say(Phrase.I_AM_WELL, scene.pending)
    if turn.means(Intent.ARE_YOU_THERE):
        return scene.say(Phrase.I_AM_HERE, scene.pending)
    if turn.means(Intent.THANKS):
        return scene.say(Phrase.WELCOME, Phrase.ASK_ANYTHING_ELSE)
    if turn.means(Intent.GREETING, Intent.YES, Intent.NO):
        return scene.say(scene.pending)
    return None


def _introduction(scene: Scene, turn: Utterance) -> list[Action] | None:
    """The caller has said who they are, not yet why they call."""
    return scene.say(Phrase.ASK_CONCERN) if turn.name else None


def _not_understood(scene: Scene) -> list[Action]:
    if scene.story.unclear == 0:
        return scene.say(Phrase.NOT_UNDERSTOOD)
    return scene.say(Phrase.NOT_UNDERSTOOD_TWICE, Phrase.OFFER_MESSAGE)


def _spaced(digits: str) -> str:
    """Digits in groups of three, so that they are read one by one and can be followed."""
    return ", ".join(" ".join(digits[at : at + 3]) for at in range(0, len(digits), 3))


RULES: tuple[Rule, ...] = (
    _danger,
    _robocall,
    _abuse,
    _spam,
    _wrong_number,
    _intrusion,
    _language,
    _repeat,
    _wait,
    _keys,
    _number,
    _late_number,
    _name_corrected,
    _retry,
    _farewell,
    _identity,
    _question,
    _transfer,
    _booking,
    _message,
    _introduction,
    _small_talk,
)
