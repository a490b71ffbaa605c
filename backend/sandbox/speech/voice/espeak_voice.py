"""The sandbox's voice: espeak-ng at telephone quality, the same bytes for the same words."""

import asyncio
import unicodedata
from collections import OrderedDict

from audiokit.duration import duration_ms
from sandbox.speech.fingerprint import Fingerprints
from sandbox.speech.parts import Rendering
from sandbox.speech.voice.espeak_link import EspeakLink, Request, Speech
from sandbox.speech.voice.sound import telephone_sound
from sandbox.speech.voice.speakers import espeak_language, speaker
from sandbox.speech.voice.wording import timed_words

_KEPT_RENDERINGS = 512
_LONGEST_TEXT = 4000
"""Characters of one rendering, about five minutes of speech; what is longer is cut at the end of a word."""


class EspeakVoice:
    """Speaks by espeak-ng in a process of its own; every rendering is entered into `fingerprints`."""

    def __init__(self, fingerprints: Fingerprints | None = None) -> None:
        self.fingerprints = Fingerprints() if fingerprints is None else fingerprints
        self._link = EspeakLink()
        self._kept: OrderedDict[tuple[str, str, str], Rendering] = OrderedDict()

    @property
    def process_id(self) -> int | None:
        """The id of the process that speaks; None before the first word and after close."""
        return self._link.process_id

    async def render(self, text: str, *, language: str = "en", voice: str = "marin") -> Rendering:
        """Speak a text. Raises VoiceUnavailable when espeak-ng is missing or fails."""
        text = _speakable(text)
        key = (text, language, voice)
        rendering = self._kept.get(key)
        if rendering is None:
            rendering = await self._render(text, language, voice) if text else Rendering(b"", ())
            self._kept[key] = rendering
            if len(self._kept) > _KEPT_RENDERINGS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        self.fingerprints.register(rendering, language=language)
        return rendering

    async def close(self) -> None:
        """End the process. A later rendering starts a new one."""
        await self._link.close()

    async def _render(self, text: str, language: str, voice: str) -> Rendering:
        who = speaker(voice)
        espeak_voice = "+".join(filter(None, (espeak_language(language), who.variant)))
        speech = await self._link.speak(Request(text, espeak_voice, who.rate, who.pitch, who.span))
        return await asyncio.to_thread(_as_rendering, text, speech)


def _as_rendering(text: str, speech: Speech) -> Rendering:
    audio, cut_ms = telephone_sound(speech.pcm, speech.rate)
    total_ms = int(duration_ms(audio))
    words = timed_words(text, speech.events, rate=speech.rate, cut_ms=cut_ms, total_ms=total_ms)
    return Rendering(audio, words)


def _speakable(text: str) -> str:
    """Without control characters (espeak-ng takes some for commands), with single spaces, and not endless."""
    printable = "".join(" " if unicodedata.category(letter).startswith("C") else letter for letter in text)
    words = " ".join(printable.split())
    if len(words) <= _LONGEST_TEXT:
        return words
    return words[:_LONGEST_TEXT].rsplit(" ", 1)[0]
