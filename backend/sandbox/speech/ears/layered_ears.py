"""The sandbox's ears: first the voice's own renderings, then whatever recogniser there is."""

from audiokit.duration import duration_ms
from audiokit.level import level_dbfs
from audiokit.mulaw import silence
from sandbox.speech.ears.recogniser import LocalModel, Recogniser
from sandbox.speech.fingerprint import Fingerprints
from sandbox.speech.parts import Heard

_SHORTEST_MS = 120.0
_QUIETEST_DBFS = -55.0
_PREPARING_MS = 200


class LayeredEars:
    """Knows renderings by exact match; hears everything else with the user's model or the basic recogniser.

    `description` tells people what to expect of a real voice.
    """

    def __init__(self, fingerprints: Fingerprints, model: LocalModel | None) -> None:
        self._fingerprints = fingerprints
        self._recogniser = Recogniser(model)
        self.description = f"Typed lines are known exactly. A real voice is heard by {_who_hears(model)}."

    @property
    def process_id(self) -> int | None:
        """The recogniser's process; None until it is needed."""
        return self._recogniser.process_id

    async def transcribe(self, audio: bytes, *, languages: tuple[str, ...] = ()) -> Heard:
        """Write down an utterance. Raises EarsUnavailable when a real voice was heard and no recogniser works."""
        known = self._fingerprints.recognise(audio)
        if known is not None:
            return known
        if duration_ms(audio) < _SHORTEST_MS or level_dbfs(audio) < _QUIETEST_DBFS:
            return Heard("", languages[0] if languages else "en")
        return await self._recogniser.transcribe(audio, languages)

    async def prepare(self) -> None:
        """Load the recogniser's model now. Raises EarsUnavailable when it does not load.

        Whoever gives up waiting for an utterance ends the process that hears it: a model that loads slowly must be
        there before.
        """
        await self._recogniser.transcribe(silence(_PREPARING_MS), ())

    async def close(self) -> None:
        """End the recogniser's process. A later utterance starts a new one."""
        await self._recogniser.close()


def _who_hears(model: LocalModel | None) -> str:
    if model is not None:
        return f"{model.kind} with the model {model.path.name}"
    return "the bundled basic recogniser: English only, short everyday sentences, often wrong"
