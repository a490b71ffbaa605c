"""Callers as scripts: what a journey's YAML file says, read strictly."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError


class BadScript(ValueError):
    """A journey that cannot be run; the message names the file and the place."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Step(_Strict):
    """One thing the caller does. Exactly one field is set, besides those that refine `says`.

    says: speak (after the other side has been quiet for `after_quiet_s`; `over` speaks at once, over it).
    waits_s: do nothing. waits_for: until the assistant has said these words. presses: keys. hangs_up: now.
    hums: play a sound that is no speech, `noise` or `music`, for so many seconds. breaks: a fault, by name.
    """

    says: str | None = None
    over: bool = False
    after_quiet_s: float = 0.7
    within_s: float = 25.0
    language: str = "en"
    voice: str = "caller"
    then_hangs_up_after_s: float | None = None
    waits_s: float | None = None
    waits_for: str | None = None
    waits_for_end_s: float | None = None
    presses: str | None = None
    hangs_up: bool = False
    breaks: Literal["app", "engine", "stream"] | None = None


class Expectation(_Strict):
    """What must be true afterwards. Words are matched without regard to case; durations in s or ms as named."""

    disposition: str | list[str] | None = None
    hang_up_reason: str | list[str] | None = None
    tools: list[str] | None = Field(default=None, description="Names, in order, of tools that were done")
    no_tools: list[str] = []
    assistant_says: list[str] = []
    assistant_never_says: list[str] = []
    caller_heard: list[str] = Field(default=[], description="Words that the ears understood")
    interrupted: bool | None = None
    arguments: dict[str, str] = Field(default={}, description="Words in a tool's arguments, by tool")
    troubles: list[str] = []
    no_troubles: bool = True
    messages: int | None = None
    message_kind: str | None = None
    ended_by: str | None = None
    first_audio_ms: float | None = Field(default=None, description="At most, as the application measured it")
    response_ms: float | None = Field(default=None, description="Median of the answers, at most")
    gap_s: float | None = Field(default=None, description="Longest silence after a break, at most")
    transferred_to: str | None = None


class Journey(_Strict):
    name: str
    about: str
    caller: str = "+15550100001"
    called: str = "+15550001111"
    params: dict[str, str] = {}
    network: dict[str, float] = {}
    engine: dict[str, Any] | None = Field(default=None, description="A fault of the speech service, set before")
    carrier: dict[str, Any] | None = Field(default=None, description="A fault of the carrier, set before")
    party: dict[str, Any] | None = Field(default=None, description="Who answers a dialled number")
    apps: int = 1
    steps: list[Step]
    expects: Expectation


@dataclass(frozen=True, slots=True)
class Finding:
    """One expectation that did not hold."""

    what: str
    expected: str
    found: str


@dataclass(slots=True)
class Result:
    journey: str
    call_sid: str
    seconds: float
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not self.findings


def load(path: Path) -> Journey:
    """Read a journey. Raises BadScript."""
    try:
        return Journey.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        raise BadScript(f"{path.name}: {error}") from None


def load_all(folder: Path) -> list[Journey]:
    return [load(path) for path in sorted(folder.glob("*.yaml"))]
