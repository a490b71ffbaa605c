"""Orders for one response are obeyed to the letter."""

import pytest

from sandbox.speech.brain import Receptionist
from sandbox.speech.parts import Said, Speak
from tests.sandbox.speech.brain_dialog import Dialog

_EXACTLY = "Say exactly the following, word for word, and nothing else: "


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (_EXACTLY + "Hello, this is Ava: an AI assistant.", Speak("Hello, this is Ava: an AI assistant.", "en")),
        (_EXACTLY + "Auf Wiederhören, bis bald.", Speak("Auf Wiederhören, bis bald.", "de")),
        (_EXACTLY + '"Please hold the line."', Speak("Please hold the line.", "en")),
        (
            "Ask in one short sentence whether the caller is still there.",
            Speak("Are you still there?", "en"),
        ),
        (
            "Say goodbye to the caller in one short, friendly sentence, in the language of the conversation.",
            Speak("Thank you for calling. Goodbye.", "en"),
        ),
        (
            "Tell the caller in one short sentence that you are connecting them now, "
            "in the language of the conversation.",
            Speak("One moment, please, I am connecting you now.", "en"),
        ),
    ],
)
async def test_is_obeyed(order: str, expected: Speak) -> None:
    dialog = Dialog(Receptionist())
    dialog.items.append(Said("user", "I would like to leave a message, please."))

    assert await dialog.respond(order, may_use_tools=False) == [expected]


async def test_is_obeyed_in_the_language_of_the_conversation() -> None:
    dialog = Dialog(Receptionist())
    await dialog.says("Guten Tag, ich hätte eine Frage zu meiner Rechnung.")

    order = "Say goodbye to the caller in one short, friendly sentence, in the language of the conversation."

    assert await dialog.respond(order) == [Speak("Vielen Dank für Ihren Anruf. Auf Wiederhören.", "de")]


async def test_other_instructions_leave_the_conversation_as_it_is() -> None:
    dialog = Dialog(Receptionist())
    dialog.items.append(Said("user", "What are your opening hours?"))

    (spoken,) = await dialog.respond("Be friendly and brief.")

    assert isinstance(spoken, Speak)
    assert "9 am" in spoken.text
