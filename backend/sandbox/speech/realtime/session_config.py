"""The configuration of a session: the defaults of the vendor, and how an update changes them."""

from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from sandbox.speech.realtime.refusal import Refusal, invalid_value, missing_parameter, unknown_parameter
from sandbox.speech.realtime.session_shape import REALTIME_SESSION, TRANSCRIPTION_SESSION
from sandbox.speech.realtime.shape import as_object

DEFAULT_INSTRUCTIONS = "You are a helpful, friendly assistant on the telephone. Keep your answers short."
_REASONING_MODELS = ("gpt-realtime-2", "gpt-realtime-2.1", "gpt-realtime-2.1-mini")


class Pcm(Struct, tag="audio/pcm", frozen=True):
    rate: int = 24000


class Pcmu(Struct, tag="audio/pcmu", frozen=True):
    """G.711 mu-law, 8 kHz; a rate beside it is an unknown parameter."""


class Pcma(Struct, tag="audio/pcma", frozen=True):
    """G.711 A-law, 8 kHz."""


Format: TypeAlias = Pcm | Pcmu | Pcma


class ServerVad(Struct, tag="server_vad", frozen=True):
    threshold: float = 0.5
    prefix_padding_ms: int = 300
    silence_duration_ms: int = 200
    """The documentation says 500; sessions of the vendor are created with 200."""
    idle_timeout_ms: int | None = None
    create_response: bool = True
    interrupt_response: bool = True


class SemanticVad(Struct, tag="semantic_vad", frozen=True):
    eagerness: Literal["low", "medium", "high", "auto"] = "auto"
    create_response: bool = True
    interrupt_response: bool = True


TurnDetection: TypeAlias = ServerVad | SemanticVad


class Transcription(Struct, frozen=True, omit_defaults=True):
    model: str | None = None
    language: str | None = None
    languages: tuple[str, ...] | None = None
    keywords: tuple[str, ...] | None = None
    prompt: str | None = None
    delay: str | None = None

    @property
    def expected_languages(self) -> tuple[str, ...]:
        return self.languages or ((self.language,) if self.language else ())


class NoiseReduction(Struct, frozen=True):
    type: str
    strength: float | UnsetType = UNSET


class AudioInput(Struct, frozen=True):
    format: Format = Pcm()
    transcription: Transcription | None = None
    noise_reduction: NoiseReduction | None = None
    turn_detection: TurnDetection | None = ServerVad()


class CustomVoice(Struct, frozen=True):
    id: str


class AudioOutput(Struct, frozen=True):
    format: Format = Pcm()
    voice: str | CustomVoice = "marin"
    speed: float = 1.0


class Audio(Struct, frozen=True):
    input: AudioInput = AudioInput()
    output: AudioOutput = AudioOutput()


class InputOnly(Struct, frozen=True):
    input: AudioInput = AudioInput()


JsonObject: TypeAlias = dict[str, Any]
"""JSON of the vendor whose shape has been checked."""


class RealtimeConfig(Struct, kw_only=True, frozen=True):
    """A conversation; its members are the keys of `session.created`, in that order."""

    type: Literal["realtime"] = "realtime"
    object: str = "realtime.session"
    id: str
    model: str
    output_modalities: tuple[str, ...] = ("audio",)
    instructions: str = DEFAULT_INSTRUCTIONS
    tools: tuple[JsonObject, ...] = ()
    tool_choice: str | JsonObject = "auto"
    max_output_tokens: int | str = "inf"
    tracing: str | JsonObject | None = None
    truncation: str | JsonObject = "auto"
    prompt: JsonObject | None = None
    expires_at: int
    audio: Audio = field(default_factory=Audio)
    include: tuple[str, ...] | None = None
    reasoning: JsonObject | UnsetType = UNSET


class TranscriptionConfig(Struct, kw_only=True, frozen=True):
    """A session that only writes down what it hears (`?intent=transcription`)."""

    type: Literal["transcription"] = "transcription"
    object: str = "realtime.transcription_session"
    id: str
    expires_at: int
    audio: InputOnly = field(default_factory=InputOnly)
    include: tuple[str, ...] | None = None


SessionConfig: TypeAlias = RealtimeConfig | TranscriptionConfig


_TOLD_OF_TRANSCRIPTION_TURNS = ("type", "threshold", "prefix_padding_ms", "silence_duration_ms", "eagerness")


def wire(session: SessionConfig) -> object:
    """The session as its events tell it. A transcription session keeps what responses need to itself."""
    if isinstance(session, RealtimeConfig):
        return session
    told: JsonObject = msgspec.to_builtins(session)
    turns = told["audio"]["input"]["turn_detection"]
    if turns is not None:
        kept = {key: value for key, value in turns.items() if key in _TOLD_OF_TRANSCRIPTION_TURNS}
        told["audio"]["input"]["turn_detection"] = kept
    return told


def updated(session: SessionConfig, changes: object, *, has_spoken: bool) -> SessionConfig:
    """The session after a `session.update`.

    Members of `audio.input` and `audio.output` change one by one, everything else is replaced as a whole. A Refusal
    means that nothing changes. `has_spoken` locks the voice.
    """
    check = REALTIME_SESSION if isinstance(session, RealtimeConfig) else TRANSCRIPTION_SESSION
    if isinstance(changes, dict) and "type" not in changes:
        raise missing_parameter("session.type")
    check(changes, "session")
    new = as_object(changes, "session")
    if isinstance(session, RealtimeConfig):
        _refuse_what_is_fixed(session, new)
    merged = {**msgspec.to_builtins(session), **new}
    merged["audio"] = _merged_audio(msgspec.to_builtins(session.audio), new.get("audio"))
    result = msgspec.convert(merged, type(session))
    if isinstance(session, RealtimeConfig) and isinstance(result, RealtimeConfig):
        _refuse_other_voice(session, result, has_spoken=has_spoken)
    return result


def _merged_audio(old: JsonObject, new: object) -> JsonObject:
    changes = new if isinstance(new, dict) else {}
    audio = {side: {**members, **changes.get(side, {})} for side, members in old.items()}
    noise, noise_before = audio["input"]["noise_reduction"], old["input"]["noise_reduction"]
    if noise and noise_before:  # a strength that is left out stays what it was
        audio["input"]["noise_reduction"] = {**noise_before, **noise}
    return audio


def _refuse_what_is_fixed(session: RealtimeConfig, new: dict[str, object]) -> None:
    if new.get("model", session.model) != session.model:
        raise invalid_value("session.model", "The model of a session cannot be changed.")
    if "reasoning" in new and session.model not in _REASONING_MODELS:
        raise unknown_parameter("session.reasoning")
    if session.tracing is not None and new.get("tracing", session.tracing) != session.tracing:
        raise invalid_value("session.tracing", "Tracing cannot be changed once it is on.")


def _refuse_other_voice(old: RealtimeConfig, new: RealtimeConfig, *, has_spoken: bool) -> None:
    if has_spoken and new.audio.output.voice != old.audio.output.voice:
        message = "Cannot update a conversation's voice if assistant audio is present."
        raise Refusal("cannot_update_voice", message, "session.audio.output.voice")
