"""The set sentences of a call, per language: the words behind every PhraseKey."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.callflow.words import PhraseKey

FALLBACK_LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Speaking:
    """Who speaks, for whom, and whether the call is recorded: all that the sentences depend on.

    `greeting` is the owner's own; empty means the standard one.
    """

    name: str
    owner: str
    business: str
    greeting: str
    is_recorded: bool


@dataclass(frozen=True, slots=True)
class Sentences:
    """The templates of one language, with `{name}`, `{owner}` and `{business}` to fill in.

    `notice` and `recorded` are locked: the owner can neither change nor drop them.
    """

    notice: str
    recorded: str
    greeting: str
    business_greeting: str
    one_moment: str
    resumed: str
    still_there: str
    wrap_up: str
    goodbye: str
    voicemail: str


_LANGUAGES: Mapping[str, Sentences] = {
    "en": Sentences(
        notice="Hello, this is {name}, an AI assistant answering for {owner}.",
        recorded="This call is recorded.",
        greeting="How can I help you?",
        business_greeting="You have reached {business}. How can I help you?",
        one_moment="One moment, please.",
        resumed="Sorry about the interruption. I am back with you.",
        still_there="Are you still there?",
        wrap_up="We have about a minute left on this call.",
        goodbye="Thank you for calling. Goodbye.",
        voicemail="{owner} cannot be reached right now. Please leave a message after the tone.",
    ),
    "de": Sentences(
        notice="Guten Tag, hier ist {name}, ein KI-Assistent am Telefon von {owner}.",
        recorded="Dieses Gespräch wird aufgezeichnet.",
        greeting="Wie kann ich Ihnen helfen?",
        business_greeting="Sie sind verbunden mit {business}. Wie kann ich Ihnen helfen?",
        one_moment="Einen Moment, bitte.",
        resumed="Entschuldigen Sie die Unterbrechung. Ich bin wieder da.",
        still_there="Sind Sie noch da?",
        wrap_up="Wir haben noch etwa eine Minute Zeit.",
        goodbye="Vielen Dank für Ihren Anruf. Auf Wiederhören.",
        voicemail="{owner} ist gerade nicht erreichbar. Bitte sprechen Sie nach dem Ton eine Nachricht.",
    ),
}


def phrases(language: str, speaking: Speaking) -> dict[PhraseKey, str]:
    """The set sentences in `language` (a BCP 47 tag); in English where there are none in that language."""
    primary = language.replace("_", "-").split("-")[0].lower()
    sentences = _LANGUAGES.get(primary, _LANGUAGES[FALLBACK_LANGUAGE])
    notice = f"{sentences.notice} {sentences.recorded}" if speaking.is_recorded else sentences.notice
    greeting = sentences.business_greeting if speaking.business else sentences.greeting
    templates = {
        PhraseKey.NOTICE: notice,
        PhraseKey.GREETING: greeting,
        PhraseKey.ONE_MOMENT: sentences.one_moment,
        PhraseKey.RESUMED: sentences.resumed,
        PhraseKey.STILL_THERE: sentences.still_there,
        PhraseKey.WRAP_UP: sentences.wrap_up,
        PhraseKey.GOODBYE: sentences.goodbye,
        PhraseKey.VOICEMAIL: sentences.voicemail,
    }
    filled = {
        key: template.format(name=speaking.name, owner=speaking.owner, business=speaking.business)
        for key, template in templates.items()
    }
    return filled | ({PhraseKey.GREETING: speaking.greeting.strip()} if speaking.greeting.strip() else {})
