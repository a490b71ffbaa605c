"""Recording a call as JSON lines, and replaying it: any real call becomes a test.

The first line is the plan; each further line is one event with its time and the names of the commands it led to.
Audio itself is not recorded, only its length: frames of the caller are counted, the assistant's audio keeps its ms,
and audio that comes in a row shares a line.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from enum import Enum
from typing import Any, get_args

from app.callflow.commands import Command, SendToEngine
from app.callflow.events import AssistantAudio, CallerAudio, Event
from app.callflow.plan import CallPlan, Past
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
_ENUMS: dict[str, type[Enum]] = {
    "loss": EngineLoss,
    "status": ResponseStatus,
    "step": NextStep,
    "settles": Disposition,
}


_LINES_A_PAGE = 64


class Journal:
    """Collects the lines of one call; `take` hands over what is new.

    Audio comes in runs: frames of the caller are counted, pieces of an assistant's item share one line.
    """

    def __init__(self, plan: CallPlan) -> None:
        self._lines: list[str] = [json.dumps({"plan": asdict(plan)}, ensure_ascii=False)]
        self._frames = 0
        self._frames_at = 0.0
        self._run: AssistantAudio | None = None
        self._run_at: list[float] = []
        self._run_ms: list[float] = []
        self._run_commands: list[str] = []

    def count_frame(self, now: float) -> None:
        """One frame of the caller's audio was shown to the session."""
        self._frames += 1
        self._frames_at = now

    def count_audio(self, event: AssistantAudio, now: float, commands: Sequence[Command]) -> None:
        """One piece of the assistant's audio was shown to the session."""
        run = self._run
        if run is None or run.item_id != event.item_id or run.response_id != event.response_id:
            self._flush_runs()
            self._run = event
        self._run_at.append(now)
        self._run_ms.append(event.ms)
        for command in commands:
            self._run_commands.append(type(command).__name__)

    def record(self, event: Event, now: float, commands: Sequence[Command]) -> None:
        """One event was shown to the session, and this is what it commanded."""
        if type(event) is CallerAudio:
            self.count_frame(now)
            return
        if type(event) is AssistantAudio:
            self.count_audio(event, now, commands)
            return
        self._flush_runs()
        entry: dict[str, Any] = {"at": round(now, 4), "event": type(event).__name__}
        entry |= _fields_of(event)
        names = [type(command).__name__ for command in commands if type(command) is not SendToEngine]
        if names:
            entry["commands"] = names
        self._lines.append(json.dumps(entry, ensure_ascii=False))

    @property
    def is_page_full(self) -> bool:
        return len(self._lines) >= _LINES_A_PAGE

    def take(self) -> str:
        """The lines since the last call, each ended by a newline; empty when nothing happened."""
        self._flush_runs()
        lines, self._lines = self._lines, []
        return "".join(f"{line}\n" for line in lines)

    def _flush_runs(self) -> None:
        if self._frames:
            entry: dict[str, Any] = {"at": round(self._frames_at, 4), "event": "CallerAudio", "frames": self._frames}
            self._lines.append(json.dumps(entry))
            self._frames = 0
        run, self._run = self._run, None
        if run is not None:
            entry = {"at": [round(at, 4) for at in self._run_at], "event": "AssistantAudio", "ms": self._run_ms}
            entry |= {"response_id": run.response_id, "item_id": run.item_id, "commands": self._run_commands}
            self._lines.append(json.dumps(entry, ensure_ascii=False))
            self._run_at, self._run_ms, self._run_commands = [], [], []


def _fields_of(event: Event) -> dict[str, Any]:
    values = {f.name: getattr(event, f.name) for f in fields(event)}
    return {
        name: asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
        for name, value in values.items()
    }


@dataclass(frozen=True, slots=True)
class Step:
    """One replayed event: what the session did, and the command names that the recording holds."""

    at: float
    event: Event
    commands: list[Command]
    recorded: list[str]

    @property
    def names(self) -> list[str]:
        return [type(command).__name__ for command in self.commands if type(command) is not SendToEngine]


def replay(lines: Iterable[str]) -> Iterator[tuple[CallSession, Step]]:
    """Run a recorded call through a fresh session, event by event.

    Raises ValueError when the lines are no journal.
    """
    entries = (json.loads(line) for line in lines if line.strip())
    first = next(entries, None)
    if not isinstance(first, dict) or "plan" not in first:
        raise ValueError("a journal begins with the call's plan")
    session = CallSession(_plan(first["plan"]))
    for entry in entries:
        commands: list[Command] = []
        for event, at in _events(entry):
            commands += session.handle(event, at)
        yield session, Step(at, event, commands, entry.get("commands", []))


def _plan(values: dict[str, Any]) -> CallPlan:
    past = values.pop("past")
    rendered = {PhraseKey(key): Phrase(**phrase) for key, phrase in values.pop("rendered").items()}
    texts = {PhraseKey(key): text for key, text in values.pop("texts").items()}
    if past is not None:
        turns = tuple((Speaker(speaker), text) for speaker, text in past.pop("turns"))
        tools = tuple(ToolRecord(**tool) for tool in past.pop("tools"))
        past = Past(turns=turns, tools=tools, **past)
    return CallPlan(rendered=rendered, texts=texts, past=past, **values)


def _events(entry: dict[str, Any]) -> list[tuple[Event, float]]:
    """The events of a line with their times: several for a run of audio."""
    kind = _EVENTS.get(entry["event"])
    if kind is None:
        raise ValueError(f"unknown event {entry['event']}")
    if kind is CallerAudio:
        return [(CallerAudio(""), entry["at"])] * entry["frames"]
    if kind is AssistantAudio:
        ids = entry["response_id"], entry["item_id"]
        return [(AssistantAudio(*ids, "", ms), at) for at, ms in zip(entry["at"], entry["ms"], strict=True)]
    return [(_event(kind, entry), entry["at"])]


def _event(kind: type[Event], entry: dict[str, Any]) -> Event:
    values: dict[str, Any] = {}
    for field in fields(kind):
        value = entry[field.name]
        if field.name == "traits":
            value = EngineTraits(**value)
        elif field.name in _ENUMS and value is not None:
            value = _ENUMS[field.name](value)
        values[field.name] = value
    return kind(**values)
