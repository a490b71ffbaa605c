"""Who speaks: names of voices as espeak-ng's variants, and languages as its voices."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Speaker:
    """A variant of espeak-ng with its speed (words a minute) and the height and range of its pitch (0-99)."""

    variant: str
    rate: int
    pitch: int
    span: int


SPEAKERS = {
    "alloy": Speaker("steph", 165, 45, 50),
    "ash": Speaker("m1", 165, 45, 45),
    "ballad": Speaker("m4", 150, 48, 60),
    "coral": Speaker("linda", 170, 58, 60),
    "echo": Speaker("m3", 165, 42, 45),
    "sage": Speaker("belinda", 158, 52, 50),
    "shimmer": Speaker("f1", 168, 60, 55),
    "verse": Speaker("m7", 165, 50, 60),
    "marin": Speaker("f4", 165, 52, 55),
    "cedar": Speaker("m2", 160, 40, 50),
    "caller": Speaker("m5", 160, 46, 55),
    "caller2": Speaker("f4", 172, 64, 65),
    "carrier": Speaker("", 155, 50, 40),
}
"""The vendor's voices that a session may name, and the sandbox's own: two callers and the carrier's <Say>.

Variants with `breath` in their definition (f2, f3, f5, whisper) are not used: they never speak the same bytes twice.
"""

DEFAULT_SPEAKER = "marin"

_LANGUAGES = {
    "ar": "ar",
    "bg": "bg",
    "ca": "ca",
    "cs": "cs",
    "da": "da",
    "de": "de",
    "el": "el",
    "en": "en-us",
    "en-gb": "en",
    "en-us": "en-us",
    "es": "es",
    "es-mx": "es-419",
    "es-us": "es-419",
    "fi": "fi",
    "fr": "fr",
    "fr-be": "fr-be",
    "fr-ch": "fr-ch",
    "he": "he",
    "hi": "hi",
    "hr": "hr",
    "hu": "hu",
    "it": "it",
    "ja": "ja",
    "ko": "ko",
    "nb": "nb",
    "nl": "nl",
    "no": "nb",
    "pl": "pl",
    "pt": "pt",
    "pt-br": "pt-br",
    "ro": "ro",
    "ru": "ru",
    "sk": "sk",
    "sv": "sv",
    "tr": "tr",
    "uk": "uk",
    "vi": "vi",
    "zh": "cmn",
}


def speaker(voice: str) -> Speaker:
    """The speaker of a name; a name nobody knows speaks with the default voice."""
    return SPEAKERS.get(voice.casefold(), SPEAKERS[DEFAULT_SPEAKER])


def espeak_language(language: str) -> str:
    """espeak-ng's voice for a language tag such as "de-AT"; American English for a language it does not speak."""
    tag = language.casefold().replace("_", "-")
    return _LANGUAGES.get(tag) or _LANGUAGES.get(tag.split("-")[0], "en-us")
