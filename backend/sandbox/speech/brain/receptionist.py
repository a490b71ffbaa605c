"""The scripted receptionist: the same conversation always gets the same answer."""

from sandbox.speech.brain.after_tools import report
from sandbox.speech.brain.intents import Phrase
from sandbox.speech.brain.offer import Offer, read_offer
from sandbox.speech.brain.orders import exact_text, phrase_for
from sandbox.speech.brain.persona import Persona, read_persona
from sandbox.speech.brain.rules import decide
from sandbox.speech.brain.scene import Scene
from sandbox.speech.brain.story import Story, retell
from sandbox.speech.brain.utterance import language_of
from sandbox.speech.parts import Action, Situation, Speak


class Receptionist:
    """A brain by rule: it follows the tools it is offered and knows what the instructions tell it, nothing else."""

    async def respond(self, situation: Situation) -> list[Action]:
        """What the receptionist does next; empty when the call was ended and the goodbye has been said."""
        persona = read_persona(situation.instructions or situation.order)
        story = retell(situation.items, persona)
        if situation.order and (actions := _obey(situation.order, story, persona)) is not None:
            return actions
        offer = read_offer(situation.tools, may_use_tools=situation.may_use_tools)
        return _answer(Scene(story, persona, offer))


def _obey(order: str, story: Story, persona: Persona) -> list[Action] | None:
    """What the order for this response says, None when it is no order the receptionist knows."""
    if text := exact_text(order):
        return [Speak(text, language_of(text) or story.language)]
    phrase = phrase_for(order)
    if phrase is None:
        return None
    return Scene(story, persona, Offer({})).say(phrase)


def _answer(scene: Scene) -> list[Action]:
    story = scene.story
    if story.fresh_deeds:
        return report(scene)
    if story.turn is not None:
        return decide(scene, story.turn)
    if story.is_resumed:
        return scene.say(Phrase.CONTINUE, story.asked or Phrase.ASK_CONCERN)
    if story.last_said:
        return scene.say(story.asked or Phrase.ASK_CONCERN)
    return scene.say(Phrase.GREETING)
