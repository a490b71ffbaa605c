"""The carrier's webhooks as values: what a form says, with blanks and unknowns taken for what they are.

The set of parameters is open (twilio-google.md §1.2): unknown ones are ignored, a blank one means that the carrier does
not know. Signatures are checked before; here a form is only read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.core.errors import Invalid
from app.core.phone import E164, CallerNumber, NotAPhoneNumber, parse_caller, parse_e164

_BLANK = frozenset({"", "no value", "null", "undefined"})
"""Unknown parameters are sent empty, or by some of the carrier's parts as these words (§1.2)."""
_MOST_CHARACTERS = 128
_MOST_URL_CHARACTERS = 2048
_MOST_DIGITS = 9
_VOICEMAIL = "RecordVerb"
"""The carrier's word for who asked for a recording (RecordingSource): the verb <Record>."""


class BadWebhook(Invalid):
    """A webhook lacks what every webhook of its kind has."""

    code = "bad_webhook"


class Attestation(StrEnum):
    """How the caller's number was vouched for (STIR/SHAKEN, §1.2)."""

    FULL = "A"
    PARTIAL = "B"
    GATEWAY = "C"
    FAILED = "failed"
    NONE = ""


@dataclass(frozen=True, slots=True)
class InboundCall:
    """Somebody rings. `forwarded_from` is the number that was really dialled, when the call was forwarded and the
    forwarding carrier says so; `caller_name` is what the carrier's directory has.
    """

    carrier_call_id: str
    caller: CallerNumber
    called: E164
    status: str
    attestation: Attestation
    forwarded_from: E164 | None
    caller_name: str


@dataclass(frozen=True, slots=True)
class CallReport:
    """How a leg stands. `duration_s` comes with the last report; `sequence` orders the reports of a leg, which may
    arrive in any order; `parent_carrier_call_id` is the caller's leg when this is one that we dialled.
    """

    carrier_call_id: str
    status: str
    duration_s: int | None
    sequence: int | None = None
    parent_carrier_call_id: str | None = None


@dataclass(frozen=True, slots=True)
class RecordingForm:
    """A recording as a status callback or a <Record> action reports it; the URL has no file ending."""

    carrier_call_id: str
    carrier_recording_id: str
    status: str
    url: str
    duration_s: int | None
    channels: int | None
    is_voicemail: bool = False
    """Told by the status callback alone: made by <Record>, which asked the caller to speak."""


@dataclass(frozen=True, slots=True)
class DialResult:
    """How dialling the owner ended. Only `is_bridged` tells whether two people talked: a declined whisper and the
    callee's voicemail are "completed" as well (§2.1).
    """

    carrier_call_id: str
    status: str
    is_bridged: bool
    carrier_leg_id: str = ""
    duration_s: int | None = None


Form = Mapping[str, object]
"""The decoded fields of a request; anything but a text among the values counts as unknown."""


def inbound_call(form: Form) -> InboundCall:
    """Raises BadWebhook without a call id, NotAPhoneNumber when the called number is none."""
    return InboundCall(
        carrier_call_id=_required(form, "CallSid"),
        caller=parse_caller(_text(form, "From") or _text(form, "Caller")),
        called=parse_e164(_text(form, "To") or _text(form, "Called")),
        status=_text(form, "CallStatus"),
        attestation=_attestation(_text(form, "StirVerstat")),
        forwarded_from=_number(_text(form, "ForwardedFrom") or _text(form, "CalledVia")),
        caller_name=_text(form, "CallerName"),
    )


def idempotency_token(headers: Mapping[str, str]) -> str:
    """What a request and its retries have in common; empty when the carrier sent none. Header names in lower case."""
    return headers.get("i-twilio-idempotency-token", "")[:_MOST_CHARACTERS]


def call_report(form: Form) -> CallReport:
    """A status callback, or the standard block of a verb's result. Raises BadWebhook without a call id."""
    return CallReport(
        _required(form, "CallSid"),
        _text(form, "CallStatus"),
        _number_of(form, "CallDuration"),
        _number_of(form, "SequenceNumber"),
        _text(form, "ParentCallSid") or None,
    )


def recording(form: Form) -> RecordingForm | None:
    """The recording that a form tells of; None when there is none, as after an empty <Record>.

    Raises BadWebhook for a recording of no call. A <Record> action names no status: the recording is complete then.
    """
    recording_id = _text(form, "RecordingSid")
    if not recording_id:
        return None
    return RecordingForm(
        _required(form, "CallSid"),
        recording_id,
        _text(form, "RecordingStatus") or "completed",
        _text(form, "RecordingUrl", most=_MOST_URL_CHARACTERS),
        _number_of(form, "RecordingDuration"),
        _number_of(form, "RecordingChannels"),
        _text(form, "RecordingSource") == _VOICEMAIL,
    )


def dial_result(form: Form) -> DialResult:
    """The action of a <Dial>. Raises BadWebhook without a call id."""
    return DialResult(
        _required(form, "CallSid"),
        _text(form, "DialCallStatus"),
        _text(form, "DialBridged").lower() == "true",
        _text(form, "DialCallSid"),
        _number_of(form, "DialCallDuration"),
    )


def _text(form: Form, name: str, most: int = _MOST_CHARACTERS) -> str:
    value = form.get(name)
    if not isinstance(value, str):
        return ""
    # PostgreSQL texts hold no zero character.
    text = value.replace("\x00", "").strip()
    return "" if text.lower() in _BLANK else text[:most]


def _required(form: Form, name: str) -> str:
    value = _text(form, name)
    if not value:
        raise BadWebhook(f"{name} is missing")
    return value


def _number_of(form: Form, name: str) -> int | None:
    value = _text(form, name)
    return int(value) if value.isascii() and value.isdecimal() and len(value) <= _MOST_DIGITS else None


def _number(text: str) -> E164 | None:
    try:
        return parse_e164(text) if text else None
    except NotAPhoneNumber:
        return None


def _attestation(verstat: str) -> Attestation:
    """`TN-Validation-Passed-A` and its variants (`-Diverted`, `-Passthrough`), reduced to what can be acted on."""
    if verstat.startswith("TN-Validation-Failed"):
        return Attestation.FAILED
    level = verstat.removeprefix("TN-Validation-Passed-")[:1] if verstat.startswith("TN-Validation-Passed-") else ""
    return Attestation(level) if level in ("A", "B", "C") else Attestation.NONE
