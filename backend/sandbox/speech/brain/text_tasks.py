"""Small written tasks by rule: what the sandbox answers to POST /v1/responses.

A task is told by its instructions: one that wants JSON gets an object, one that names labels gets one of them,
everything else gets a summary made of the caller's own sentences.
"""

import json
import re

from sandbox.speech.brain.intents import Intent
from sandbox.speech.brain.utterance import Utterance, sentences, understand
from sandbox.speech.brain.words import DEFAULT_LANGUAGE

_CALLER_LINE = re.compile(
    r"^\s*(?:\[[^\]]*\]\s*)?(?:caller|user|anrufer(?:in)?)\s*:\s*(.+)$", re.IGNORECASE | re.MULTILINE
)
_LABELS = re.compile(r"\bone of(?: the following| these)?(?: labels| words| categories)?:?\s*([^\n.]+)", re.IGNORECASE)
_MOST_SENTENCES = 3
_LONGEST_SUMMARY = 400

_MEANINGS = (
    ("spam", (Intent.SPAM,)),
    ("robocall", (Intent.ROBOCALL,)),
    ("abusive", (Intent.ABUSE,)),
    ("wrong_number", (Intent.WRONG_NUMBER,)),
    ("urgent", (Intent.DANGER, Intent.URGENT)),
    ("booking", (Intent.BOOKING,)),
    ("transfer", (Intent.HUMAN,)),
    ("message", (Intent.MESSAGE,)),
    ("question", (Intent.QUESTION,)),
)
"""Labels in the order of their weight."""


def answer_text(instructions: str, text: str) -> str:
    """Do a written task on a text, usually a transcript with lines such as "caller: …"."""
    said = _CALLER_LINE.findall(text) or [text]
    turns = [understand(line, language=DEFAULT_LANGUAGE) for line in said]
    labels = _labels_in(instructions)
    if labels:
        return _label(turns, labels)
    if re.search(r"\bjson\b", instructions, re.IGNORECASE):
        return json.dumps(_facts(turns), ensure_ascii=False)
    return _summary(turns)


def _labels_in(instructions: str) -> list[str]:
    found = _LABELS.search(instructions)
    return [label for label in re.split(r"[\s,;|/\"']+|\bor\b", found.group(1)) if label] if found else []


def _label(turns: list[Utterance], labels: list[str]) -> str:
    """The weightiest label that applies; the last one offered when none does."""
    by_name = {label.lower(): label for label in labels}
    return next((by_name[name] for name in _meanings(turns) if name in by_name), labels[-1])


def _meanings(turns: list[Utterance]) -> list[str]:
    return [name for name, intents in _MEANINGS if any(turn.means(*intents) for turn in turns)]


def _facts(turns: list[Utterance]) -> dict[str, object]:
    meanings = _meanings(turns)
    return {
        "summary": _summary(turns),
        "caller_name": next((turn.name for turn in turns if turn.name), ""),
        "callback_number": next((turn.number for turn in turns if turn.number), ""),
        "urgency": "urgent" if "urgent" in meanings else "normal",
        "topics": meanings,
    }


def _summary(turns: list[Utterance]) -> str:
    """The caller's weightiest sentences, in their order."""
    said = [sentence for turn in turns for sentence in sentences(turn.text)]
    if not said:
        return "The caller said nothing."
    weightiest = sorted(range(len(said)), key=lambda number: -len(said[number]))[:_MOST_SENTENCES]
    summary = " ".join(said[number] for number in sorted(weightiest))
    return summary if len(summary) <= _LONGEST_SUMMARY else summary[:_LONGEST_SUMMARY].rsplit(" ", 1)[0] + " …"
