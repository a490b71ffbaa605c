"""The scripted receptionist: the same conversation always gets the same answer."""

from sandbox.speech.brain.after_tools import report
from sandbox.speech.brain.intents import Phrase
from sandbox.speech.brain.offer import Offer, read_offer
from sandbox.speech.brain.orders import exact_text, phrase_for
from sandbox.speech.brain.persona import Persona, read_persona
from sandbox.speech.brain.rules import decide
from sandbox.speech.brain.scene import Scene
from sandbox.speech.brain.story import Story, rest_of, retell
from sandbox.speech.brain.utterance import language_of, sentences
from sandbox.speech.parts import Action, Situation, Speak, UseTool


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
        return _report_and_answer(scene)
    if story.turn is not None:
        return decide(scene, story.turn)
    if story.is_resumed:
        return scene.say(Phrase.CONTINUE, scene.pending)
    if story.last_said:
        return scene.say(scene.pending)
    return scene.say(Phrase.GREETING)


def _report_and_answer(scene: Scene) -> list[Action]:
    """Tell what a tool did; when the caller has spoken meanwhile, answer that in place of the report's question."""
    told, turn = report(scene), scene.story.turn
    if turn is None or scene.story.said_goodbye or not rest_of(turn) or scene.story.has_done("transfer_call"):
        return told
    answer = decide(scene, turn)
    statements = [part for action in told if isinstance(action, Speak) for part in sentences(action.text)]
    spoken = [part for part in statements if not part.endswith("?")]
    spoken += [action.text for action in answer if isinstance(action, Speak)]
    return [Speak(" ".join(spoken), scene.story.language), *(a for a in answer if isinstance(a, UseTool))]
