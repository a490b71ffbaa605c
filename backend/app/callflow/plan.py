"""What is settled about a call before it begins."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.callflow.words import Disposition, Phrase, PhraseKey, Speaker, ToolRecord


@dataclass(frozen=True, slots=True)
class Past:
    """What was said and done before this stream began, when a call goes on after a break; `settled` is what the deeds
    came to, None without any.
    """

    turns: tuple[tuple[Speaker, str], ...]
    tools: tuple[ToolRecord, ...] = ()
    elapsed_s: float = 0.0
    next_ordinal: int = 0
    settled: Disposition | None = None


@dataclass(frozen=True, slots=True)
class CallPlan:
    """The settings of one call; durations in seconds.

    `texts` are the set sentences in the assistant's language; `rendered` those of them that exist as audio. `note` is
    what the engine is told of this call (caller, date) beside the assistant's instructions. `past` is set when the
    stream resumes a call that broke.
    """

    language: str = "en"
    texts: Mapping[PhraseKey, str] = field(default_factory=dict)
    rendered: Mapping[PhraseKey, Phrase] = field(default_factory=dict)
    note: str = ""
    past: Past | None = None
    max_duration_s: float = 900.0
    warn_before_s: float = 60.0
    silence_s: float = 8.0
    silence_prompts: int = 2
    wordless_s: float = 60.0
    engine_ready_s: float = 2.5
    response_s: float = 2.5
    rotate_before_s: float = 120.0
    interrupt_after_s: float = 0.4
    words_within_s: float = 1.0
    listen_s: float = 1.5
    goodbye_limit_s: float = 15.0
    tool_filler_s: float = 0.8
    tool_limit_s: float = 15.0
    digits_s: float = 2.0
