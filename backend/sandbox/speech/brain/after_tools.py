"""What is said when tools have answered: what really happened, never a deed that failed."""

from collections.abc import Callable

from sandbox.speech.brain.intents import Phrase
from sandbox.speech.brain.scene import Scene
from sandbox.speech.brain.story import Deed
from sandbox.speech.parts import Action

_MOST_ATTEMPTS = 2


def report(scene: Scene) -> list[Action]:
    """Tell the caller about the deeds nothing has been said about; a failure is told before a success."""
    deeds = sorted(scene.story.fresh_deeds, key=lambda deed: deed.is_done)
    tell = _REPORTS.get(deeds[0].name, _on_other_tool)
    return tell(scene, deeds[0])


def _on_message(scene: Scene, deed: Deed) -> list[Action]:
    story = scene.story
    if not deed.is_done:
        if story.failures("take_message") >= _MOST_ATTEMPTS:
            return scene.say(Phrase.MESSAGE_FAILED_AGAIN)
        return scene.say(Phrase.MESSAGE_FAILED, Phrase.OFFER_RETRY)
    if "no number" in deed.remark and not story.number:
        return scene.say(Phrase.MESSAGE_TAKEN, Phrase.ASK_NUMBER)
    if story.said_goodbye:
        return scene.end(Phrase.GOODBYE_PASSED_ON, "finished")
    return scene.say(Phrase.MESSAGE_TAKEN, Phrase.ASK_ANYTHING_ELSE)


def _on_transfer(scene: Scene, deed: Deed) -> list[Action]:
    if deed.is_done:
        return scene.say(Phrase.ONE_MOMENT)
    return _apologise(scene, Phrase.TRANSFER_FAILED)


def _on_link(scene: Scene, deed: Deed) -> list[Action]:
    if deed.is_done:
        return scene.say(Phrase.LINK_NOTED, Phrase.ASK_ANYTHING_ELSE)
    if "number" in deed.remark and not scene.story.number:
        return scene.say(Phrase.ASK_NUMBER_FOR_LINK)
    return _apologise(scene, Phrase.LINK_FAILED)


def _on_hang_up(scene: Scene, deed: Deed) -> list[Action]:
    """The goodbye has been said before the call was ended; saying it twice would delay the end."""
    has_said_goodbye = not deed.is_done or scene.story.last_said
    return [] if has_said_goodbye else scene.say(Phrase.GOODBYE)


def _on_other_tool(scene: Scene, deed: Deed) -> list[Action]:
    outcome = Phrase.TOOL_DONE if deed.is_done else Phrase.TOOL_FAILED
    return scene.say(outcome, Phrase.ASK_ANYTHING_ELSE)


def _apologise(scene: Scene, phrase: Phrase) -> list[Action]:
    if scene.offer.has("take_message"):
        return scene.say(phrase, Phrase.OFFER_MESSAGE)
    return scene.say(phrase)


_REPORTS: dict[str, Callable[[Scene, Deed], list[Action]]] = {
    "take_message": _on_message,
    "transfer_call": _on_transfer,
    "send_booking_link": _on_link,
    "hang_up": _on_hang_up,
}
