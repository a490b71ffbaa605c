"""What is taken from single utterances: names, numbers, moments, languages, meanings."""

import pytest

from sandbox.speech.brain.intents import Intent, Topic
from sandbox.speech.brain.persona import facts_about, read_persona
from sandbox.speech.brain.utterance import bare_name, language_of, understand
from sandbox.speech.brain.words import VOCABULARIES
from tests.sandbox.speech.brain_dialog import INSTRUCTIONS


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Hi, my name is Anna Schmidt.", "Anna Schmidt"),
        ("this is bob miller from acme", "Bob Miller"),
        ("Hello, it's Jean-Luc Moreau, I have a question", "Jean-Luc Moreau"),
        ("It's Dr. O'Neill.", "Dr. O'Neill"),
        ("Bob Miller speaking.", "Bob Miller"),
        ("Yes, Ms. Ng here.", "Ms. Ng"),
        ("I'm Vincent van Gogh", "Vincent van Gogh"),
        ("I'm calling about the invoice.", ""),
        ("This is his mother, it's an emergency!", ""),
        ("It's urgent.", ""),
        ("I'm looking for the dentist.", ""),
        ("This is an automated message", ""),
        ("Guten Tag, hier ist Petra Schulz.", "Petra Schulz"),
        ("Mein Name ist Müller", "Müller"),
        ("Ich heiße Karl von Stein und habe eine Frage", "Karl von Stein"),
        ("Meier am Apparat.", "Meier"),
        ("Ich bin Kunde bei Ihnen.", ""),
    ],
)
def test_names(text: str, name: str) -> None:
    assert understand(text, language="en").name == name


@pytest.mark.parametrize(
    ("text", "language", "name"),
    [
        ("Anna Schmidt.", "en", "Anna Schmidt"),
        ("tom baker", "en", "Tom Baker"),
        ("Yes, sure. Priya", "en", "Priya"),
        ("Why do you want to know?", "en", ""),
        ("I want to talk to the owner himself", "en", ""),
        ("Ähm, Schulz", "de", "Schulz"),
    ],
)
def test_bare_names(text: str, language: str, name: str) -> None:
    assert bare_name(text, VOCABULARIES[language]) == name


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("My number is 555-0142.", "5550142"),
        ("call +1 (555) 010-0001 please", "+15550100001"),
        ("it's five five five oh one four two", "5550142"),
        ("Meine Nummer ist null eins sieben eins, zwei drei vier fünf sechs", "017123456"),
        ("Friday at 3:15", ""),
        ("The invoice is from 2024.", ""),
    ],
)
def test_numbers(text: str, number: str) -> None:
    assert understand(text, language="en").number == number


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("I'd like to come on Friday at 3 pm.", "on Friday at 3 pm"),
        ("Is tomorrow morning possible?", "tomorrow morning"),
        ("Am Montag um 15 Uhr wäre gut.", "Am Montag um 15 Uhr"),
        ("Any time.", ""),
    ],
)
def test_moments(text: str, moment: str) -> None:
    assert understand(text, language="en").moment == moment


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ich möchte eine Nachricht hinterlassen.", "de"),
        ("I would like to leave a message.", "en"),
        ("Tschüss!", "de"),
        ("Bob Miller", ""),
        ("", ""),
    ],
)
def test_languages(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("text", "meanings"),
    [
        ("Could you put me through to someone?", {Intent.HUMAN, Intent.QUESTION}),
        ("Please have him call me back.", {Intent.MESSAGE}),
        ("Your car warranty is about to expire.", {Intent.SPAM}),
        ("This is an urgent matter", {Intent.URGENT}),
        ("No, that's all, thanks. Bye!", {Intent.NO, Intent.NOTHING_ELSE, Intent.THANKS, Intent.GOODBYE}),
        ("Ist Alex zu sprechen?", {Intent.HUMAN, Intent.QUESTION}),
        ("Kann ich bitte mit Herrn Smith sprechen?", {Intent.HUMAN, Intent.QUESTION}),
        ("Ich brauche einen Termin", {Intent.BOOKING}),
        ("I saw the sign on the door.", set()),
    ],
)
def test_meanings(text: str, meanings: set[Intent]) -> None:
    assert understand(text, language="en", owner="Alex Smith").intents == meanings


def test_keys_are_no_words() -> None:
    turn = understand("[caller pressed 12#] hello", language="en")

    assert (turn.keys, turn.text) == ("12#", "hello")


class TestPersona:
    def test_is_read_from_the_instructions(self) -> None:
        persona = read_persona(INSTRUCTIONS)

        assert (persona.assistant, persona.owner, persona.business) == ("Ava", "Alex Smith", "Smith Dental")
        assert persona.languages == ("en", "de")
        assert persona.facts == (
            "Smith Dental is open Monday to Friday from 9 am to 5 pm.",
            "We are closed on weekends.",
            "We are at 12 Main Street, second floor.",
            "A cleaning costs 80 dollars.",
            "Our hygienist Dr. Wong treats nervous patients and children.",
        )

    @pytest.mark.parametrize(
        ("instructions", "expected"),
        [
            ("You are Ava, the receptionist of Miller Dental. Be kind.", ("Ava", "Miller Dental", "")),
            ("You are Bo, the assistant of Dr. Eva Lind at Lind & Co. Law.", ("Bo", "Dr. Eva Lind", "Lind & Co. Law")),
            ("You are Cy, a friendly assistant for St. Mary's School.\nHelp.", ("Cy", "St. Mary's School", "")),
            ("You answer calls for Kim Park.", ("", "Kim Park", "")),
        ],
    )
    def test_is_found_in_other_words(self, instructions: str, expected: tuple[str, str, str]) -> None:
        persona = read_persona(instructions)

        assert (persona.assistant, persona.owner, persona.business) == expected

    def test_may_be_empty(self) -> None:
        persona = read_persona("")

        assert (persona.owner, persona.languages, persona.facts) == ("", ("en",), ())

    def test_tells_only_what_is_known(self) -> None:
        persona = read_persona(INSTRUCTIONS)

        assert facts_about(persona, "What is the alarm code?", frozenset()) == ""
        assert facts_about(persona, "Do you have parking?", frozenset({Topic.PARKING})) == ""
        assert "80 dollars" in facts_about(persona, "What does it cost?", frozenset({Topic.PRICE}))
