"""Recording a call as JSON lines, and replaying it: any real call becomes a test.

The first line is the plan; each further line is one event with its time and the names of the commands it led to.
Audio itself is not recorded, only its length: frames of the caller are counted, and speech of the assistant that flows
(pieces, their words, the marks that come back) shares one line, a `Stretch`, as long as nothing else happens.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from enum import Enum
from typing import Any, get_args

from app.callflow.commands import Command, MarkPlayback, PlayToCaller
from app.callflow.events import AssistantAudio, AssistantText, CallerAudio, Event, PlaybackReached
from app.callflow.plan import CallPlan, Past
from app.callflow.playback import Flow
from app.callflow.session import CallSession
from app.callflow.words import (
    Disposition,
    EngineLoss,
    EngineTraits,
    NextStep,
    Phrase,
    PhraseKey,
    ResponseStatus,
    Speaker,
    ToolRecord,
)

_EVENTS: dict[str, type[Event]] = {event.__name__: event for event in get_args(Event)}
_FIELDS = {event: tuple(field.name for field in fields(event)) for event in get_args(Event)}
_ENUMS: dict[str, type[Enum]] = {
    "loss": EngineLoss,
    "status": ResponseStatus,
    "step": NextStep,
    "settles": Disposition,
}
_STRETCH = "Stretch"
_STEPS_A_STRETCH = 100
_LINES_A_PAGE = 32
_TICKS_A_SECOND = 10_000

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Journal:
    """Collects the lines of one call; `take` hands over what is new."""

    def __init__(self, plan: CallPlan) -> None:
        self._lines: list[str] = [_encode({"plan": asdict(plan)})]
        self.frames = 0
        """Frames of the caller's audio shown to the session since the last line; the media path counts here."""
        self._response_id = self._item_id = ""
        self._began = 0.0
        self._steps: list[tuple[float, float | str, bool]] = []

    def record(self, event: Event, now: float, commands: Sequence[Command]) -> None:
        """One event was shown to the session at `now`, and this is what it commanded."""
        if type(event) is CallerAudio:
            self.frames += 1
        elif type(event) is AssistantAudio and _is_flow(commands):
            self._stretch(event.response_id, event.item_id, now)
            self._steps.append((now, event.ms, len(commands) > 1))
        elif type(event) is AssistantText and not commands and self._is_of_stretch(event):
            self._steps.append((now, "text:" + event.text, False))
        elif type(event) is PlaybackReached and not commands and self._steps:
            self._steps.append((now, "mark:" + event.mark, False))
        else:
            self._line(event, now, commands)

    def record_flow(self, flow: Flow) -> None:
        """Speech has flowed; to be told before the session is shown the next event that is no audio of the caller."""
        if flow.pieces:
            self._stretch(flow.response_id, flow.item_id, flow.began)
            self._steps.append((flow.began, flow.ms, False))

    def _stretch(self, response_id: str, item_id: str, now: float) -> None:
        """Go on with the stretch of this item, or begin it."""
        if self._item_id != item_id or len(self._steps) >= _STEPS_A_STRETCH:
            self._flush()
            self._response_id, self._item_id, self._began = response_id, item_id, now

    def _is_of_stretch(self, event: AssistantText) -> bool:
        return self._item_id == event.item_id and self._response_id == event.response_id

    def _line(self, event: Event, now: float, commands: Sequence[Command]) -> None:
        self._flush()
        entry: dict[str, Any] = {"at": round(now, 4), "event": type(event).__name__}
        for name in _FIELDS[type(event)]:
            value = getattr(event, name)
            if name == "payload":
                continue
            entry[name] = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
        names = _names(commands)
        if names:
            entry["commands"] = names
        self._lines.append(_encode(entry))

    @property
    def is_page_full(self) -> bool:
        return len(self._lines) >= _LINES_A_PAGE

    def take(self) -> str:
        """The lines since the last call, each ended by a newline; empty when nothing happened."""
        self._flush()
        lines, self._lines = self._lines, []
        return "".join(f"{line}\n" for line in lines)

    def _flush(self) -> None:
        if self.frames:
            self._lines.append(_encode({"event": "CallerAudio", "frames": self.frames}))
            self.frames = 0
        if self._steps:
            began = round(self._began, 4)
            steps = [
                (round((at - began) * _TICKS_A_SECOND), what, 1)
                if marked
                else (round((at - began) * _TICKS_A_SECOND), what)
                for at, what, marked in self._steps
            ]
            ids = {"response_id": self._response_id, "item_id": self._item_id}
            self._lines.append(_encode({"at": began, "event": _STRETCH, **ids, "steps": steps}))
            self._steps = []
        self._response_id = self._item_id = ""


def _is_flow(commands: Sequence[Command]) -> bool:
    """Whether speech only flows on: a piece is played, and perhaps a mark set behind it."""
    match commands:
        case [PlayToCaller()] | [PlayToCaller(), MarkPlayback()]:
            return True
    return False


def _names(commands: Sequence[Command]) -> list[str]:
    """The names of commands, one for several of a kind in a row: pieces of speech that flowed are recorded as one."""
    names: list[str] = []
    for command in commands:
        name = type(command).__name__
        if name != "SendToEngine" and names[-1:] != [name]:
            names.append(name)
    return names


@dataclass(frozen=True, slots=True)
class Step:
    """One replayed line: what the session did, and the command names that the recording holds."""

    at: float
    event: Event
    commands: list[Command]
    recorded: list[str]

    @property
    def names(self) -> list[str]:
        return _names(self.commands)


def replay(lines: Iterable[str]) -> Iterator[tuple[CallSession, Step]]:
    """Run a recorded call through a fresh session, event by event.

    Raises ValueError when the lines are no journal.
    """
    entries = (json.loads(line) for line in lines if line.strip())
    first = next(entries, None)
    if not isinstance(first, dict) or "plan" not in first:
        raise ValueError("a journal begins with the call's plan")
    session = CallSession(_plan(first["plan"]))
    last = 0.0
    for entry in entries:
        for event, at, recorded in _events(entry, last):
            last = at
            yield session, Step(at, event, session.handle(event, at), recorded)


def _plan(values: dict[str, Any]) -> CallPlan:
    past = values.pop("past")
    rendered = {PhraseKey(key): Phrase(**phrase) for key, phrase in values.pop("rendered").items()}
    texts = {PhraseKey(key): text for key, text in values.pop("texts").items()}
    if past is not None:
        turns = tuple((Speaker(speaker), text) for speaker, text in past.pop("turns"))
        tools = tuple(ToolRecord(**tool) for tool in past.pop("tools"))
        settled = past.pop("settled", None)
        past = Past(turns=turns, tools=tools, settled=settled and Disposition(settled), **past)
    return CallPlan(rendered=rendered, texts=texts, past=past, **values)


def _events(entry: dict[str, Any], last: float) -> Iterator[tuple[Event, float, list[str]]]:
    """The events of a line, each with its time and the names of the commands that the recording holds."""
    if entry.get("event") == "CallerAudio":
        yield from [(CallerAudio(""), last, [])] * entry["frames"]
    elif entry.get("event") == _STRETCH:
        yield from _stretch(entry)
    else:
        kind = _EVENTS.get(entry.get("event", ""))
        if kind is None:
            raise ValueError("a line of the journal holds no known event")
        yield _event(kind, entry), entry["at"], entry.get("commands", [])


def _stretch(entry: dict[str, Any]) -> Iterator[tuple[Event, float, list[str]]]:
    ids = entry["response_id"], entry["item_id"]
    for ticks, what, *marked in entry["steps"]:
        at = round(entry["at"] + ticks / _TICKS_A_SECOND, 4)
        if isinstance(what, str):
            kind, _, text = what.partition(":")
            yield PlaybackReached(text) if kind == "mark" else AssistantText(*ids, text), at, []
        else:
            yield AssistantAudio(*ids, "", what), at, ["PlayToCaller", *(["MarkPlayback"] if marked else [])]


def _event(kind: type[Event], entry: dict[str, Any]) -> Event:
    values: dict[str, Any] = {}
    for name in _FIELDS[kind]:
        value = entry.get(name, "") if name == "payload" else entry[name]
        if name == "traits":
            value = EngineTraits(**value)
        elif name in _ENUMS and value is not None:
            value = _ENUMS[name](value)
        values[name] = value
    return kind(**values)
