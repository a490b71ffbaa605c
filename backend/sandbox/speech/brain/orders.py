"""Orders for a single response: set sentences that are spoken word for word, and small tasks."""

import re

from sandbox.speech.brain.intents import Phrase

_EXACTLY = re.compile(
    r"\b(?:say|speak|repeat|read)\b[^:\"]{0,30}?\b(?:exactly|word for word|verbatim)\b[^:]{0,80}:\s*(.+)",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST_TASK = 300
"""Characters; longer orders are whole instructions in which the words of a task stand for something else."""

_QUOTES = (('"', '"'), ("“", "”"), ("„", "“"), ("«", "»"))

_TASKS: tuple[tuple[re.Pattern[str], Phrase], ...] = (
    (re.compile(r"\bstill (?:there|on the line)\b", re.IGNORECASE), Phrase.STILL_THERE),
    (re.compile(r"\bgoodbye\b|\bfarewell\b", re.IGNORECASE), Phrase.GOODBYE),
    (re.compile(r"\bconnecting\b|\bputting them through\b|\btransferr?ing\b", re.IGNORECASE), Phrase.CONNECTING),
    (re.compile(r"\bone moment\b|\bto wait\b|\bhold the line\b", re.IGNORECASE), Phrase.ONE_MOMENT),
    (re.compile(r"\bapologi[sz]e\b", re.IGNORECASE), Phrase.APOLOGY),
    (re.compile(r"\bgreet\b", re.IGNORECASE), Phrase.GREETING),
)


def exact_text(order: str) -> str:
    """The set sentence of an order such as "Say exactly the following, …: Hello."; empty when it is no such order."""
    found = _EXACTLY.search(order)
    if found is None:
        return ""
    text = found.group(1).strip()
    for opening, closing in _QUOTES:
        if len(text) > 1 and text[0] == opening and text[-1] == closing:
            return text[1:-1].strip()
    return text


def phrase_for(order: str) -> Phrase | None:
    """What to say for an order to do a small task in one sentence; None when the order is none of them."""
    if len(order) > _LONGEST_TASK:
        return None
    return next((phrase for pattern, phrase in _TASKS if pattern.search(order)), None)
