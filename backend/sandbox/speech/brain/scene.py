"""What a rule looks at when it decides, and the ways it can answer."""

from dataclasses import dataclass

from sandbox.speech.brain.intents import Phrase
from sandbox.speech.brain.offer import Offer
from sandbox.speech.brain.persona import Persona
from sandbox.speech.brain.phrasing import wording
from sandbox.speech.brain.story import Story
from sandbox.speech.parts import Action, Speak

_LONGEST_QUOTE = 30
"""Words of the caller that are read back."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The story so far, who the receptionist is, and which tools it has."""

    story: Story
    persona: Persona
    offer: Offer

    @property
    def pending(self) -> Phrase:
        """The question that is still open; the one for the concern when there is none."""
        asked = self.story.asked
        if asked in (None, Phrase.ASK_ANYTHING_ELSE, Phrase.CONFIRM_NUMBER):
            return Phrase.ASK_CONCERN
        return asked

    def say(self, *phrases: Phrase, **values: str) -> list[Action]:
        """One spoken message of these phrases."""
        language = self.story.language
        known = {"owner": self.persona.owner, "assistant": self.persona.assistant or "the assistant", **values}
        return [Speak(" ".join(wording(phrase, language, **known) for phrase in phrases), language)]

    def end(self, phrase: Phrase, reason: str) -> list[Action]:
        """Say goodbye and hang up."""
        return [*self.say(phrase), *self.offer.use("hang_up", {"reason": reason})]

    def note_message(self) -> list[Action]:
        """Read the message back and have it stored."""
        story = self.story
        text = _message_text(story)
        wishes = {
            "caller_name": _caller(story),
            "callback_number": story.number,
            "text": text,
            "urgency": "urgent" if story.is_urgent else "normal",
        }
        used = self.offer.use("take_message", wishes)
        if not used:
            return self.say(Phrase.CANNOT_TAKE_MESSAGE)
        if not story.name:
            return [*self.say(Phrase.NOTE_DOWN_UNNAMED, text=_shortened(text)), *used]
        return [*self.say(Phrase.NOTE_DOWN, name=story.name, text=_shortened(text)), *used]

    def connect(self, phrase: Phrase = Phrase.CONNECTING) -> list[Action]:
        """Announce the transfer and have it made."""
        story = self.story
        reason = _message_text(story) or (story.turn.text if story.turn else "")
        wishes = {"caller_name": _caller(story), "reason": reason or "wants to speak to the owner"}
        return [*self.say(phrase), *self.offer.use("transfer_call", wishes)]

    def send_link(self) -> list[Action]:
        """Announce the link to the booking page and have it sent."""
        story = self.story
        reason = _message_text(story) or "wants an appointment"
        used = self.offer.use("send_booking_link", {"to_number": story.number, "reason": reason})
        if story.moment:
            return [*self.say(Phrase.BOOKING_LINK_FOR, moment=story.moment), *used]
        return [*self.say(Phrase.BOOKING_LINK), *used]


def _caller(story: Story) -> str:
    return story.name or story.relation


def _message_text(story: Story) -> str:
    """The concern in the caller's words; the bare request when they did not say more."""
    parts = dict.fromkeys(story.concern) or {story.request: None}
    return " ".join(part if part[-1] in ".!?" else f"{part}." for part in parts if part)


def _shortened(text: str) -> str:
    words = text.split()
    return text if len(words) <= _LONGEST_QUOTE else " ".join(words[:_LONGEST_QUOTE]) + " …"
