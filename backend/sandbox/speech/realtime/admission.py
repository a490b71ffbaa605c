"""Who may open a session: the rules of the handshake."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import parse_qs

from sandbox.speech.realtime.refusal import Refusal, missing_parameter
from sandbox.speech.settings import REALTIME_MODELS, SpeechSettings

_KEY_SUBPROTOCOL = "openai-insecure-api-key."
_BETA_SUBPROTOCOL = "openai-beta.realtime-v1"
_BAD_KEY_CLOSE = 3000
_REFUSED_CLOSE = 4000


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a client asks for; header names are in lower case."""

    query: str
    headers: Mapping[str, str]
    subprotocols: Sequence[str]

    @property
    def key(self) -> str:
        """The API key, from the header or, as browsers must, from a subprotocol."""
        scheme, _, key = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return key.strip()
        offered = (name for name in self.subprotocols if name.startswith(_KEY_SUBPROTOCOL))
        return next(offered, "").removeprefix(_KEY_SUBPROTOCOL)

    @property
    def is_beta(self) -> bool:
        return "realtime=v1" in self.headers.get("openai-beta", "") or _BETA_SUBPROTOCOL in self.subprotocols

    def parameter(self, name: str) -> str:
        return parse_qs(self.query).get(name, [""])[0]


@dataclass(frozen=True, slots=True)
class Admitted:
    model: str
    kind: Literal["realtime", "transcription"] = "realtime"


@dataclass(frozen=True, slots=True)
class RefusedByStatus:
    """The upgrade itself fails."""

    status: int
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class RefusedByClose:
    """The upgrade succeeds and the socket closes, after an `error` event if there is a refusal."""

    code: int
    reason: str
    refusal: Refusal | None = None


Verdict: TypeAlias = Admitted | RefusedByStatus | RefusedByClose


def admit(handshake: Handshake, settings: SpeechSettings) -> Verdict:
    """Decide in the vendor's order: the key first, then the protocol, then what is asked for."""
    if settings.refuses(handshake.key):
        return _bad_key(settings)
    if handshake.is_beta:
        return RefusedByClose(_REFUSED_CLOSE, "invalid_request_error.beta_api_shape_disabled")
    call_id = handshake.parameter("call_id")
    if call_id:
        return RefusedByStatus(404, Refusal("call_id_not_found", f"No call with id '{call_id}' is in progress."))
    if handshake.parameter("intent") == "transcription":
        return Admitted("", "transcription")
    return _with_model(handshake.parameter("model"))


def _bad_key(settings: SpeechSettings) -> Verdict:
    refusal = Refusal("invalid_api_key", "Incorrect API key provided.")
    if settings.bad_key_status == "http":
        return RefusedByStatus(401, refusal)
    return RefusedByClose(_BAD_KEY_CLOSE, "invalid_request_error.invalid_api_key", refusal)


def _with_model(model: str) -> Verdict:
    if not model:
        return _refused(missing_parameter("model"))
    if model not in REALTIME_MODELS:
        message = f"The model `{model}` does not exist or you do not have access to it."
        return _refused(Refusal("model_not_found", message, "model"))
    return Admitted(model)


def _refused(refusal: Refusal) -> Verdict:
    return RefusedByClose(_REFUSED_CLOSE, f"{refusal.kind}.{refusal.code}", refusal)
