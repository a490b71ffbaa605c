"""Telling words from noises: backchannels and farewells in the languages the assistant knows best."""

import re

_WORD = re.compile(r"[^\W_]+", re.UNICODE)

_BACKCHANNELS = frozenset(
    _WORD.findall(
        "mm mhm mmhm mmm hm hmm hmmm uh huh uhhuh um ah aha oh eh ok okay yeah yep right sure ja genau gut si claro oui"
    )
)
_FAREWELL_CORE = frozenset(
    _WORD.findall(
        "bye goodbye thanks thank ciao cheers tschüss tschüs danke wiederhören adiós adios gracias merci revoir grazie "
        "arrivederci"
    )
)
_FAREWELLS = _FAREWELL_CORE | frozenset(
    _WORD.findall(
        "you so much have a nice good day evening one take care later see auf ihnen schönen tag noch vielen au"
    )
)


def words_of(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def is_backchannel(text: str) -> bool:
    """Whether this is listening, not speaking: "mm-hm", "yeah"; also when there is no word at all."""
    words = words_of(text)
    return len(words) <= 2 and all(word in _BACKCHANNELS for word in words)


def is_farewell(text: str) -> bool:
    """Whether the caller only says goodbye or thanks."""
    words = [word for word in words_of(text) if word not in _BACKCHANNELS]
    return bool(words) and all(word in _FAREWELLS for word in words) and any(w in _FAREWELL_CORE for w in words)
