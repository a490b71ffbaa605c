"""A voice for tests in which it matters what is said, and not how long that takes."""

from sandbox.speech.parts import Rendering, Word
from tests.sandbox.speech.realtime_wire import tone

WORD_MS = 50


class HastyVoice:
    """Every word is WORD_MS of tone."""

    async def render(self, text: str, *, language: str = "en", voice: str = "marin") -> Rendering:
        words = text.split()
        times = (Word(word, number * WORD_MS, (number + 1) * WORD_MS) for number, word in enumerate(words))
        return Rendering(tone(WORD_MS) * len(words), tuple(times))
