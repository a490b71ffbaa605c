"""What the carrier reports about calls, in our words."""

from dataclasses import dataclass
from typing import TypedDict

from app.calls.models import CarrierStatus, LegRole, RecordingStatus
from app.core.phone import E164, CallerNumber


class Ring(TypedDict):
    """What the carrier tells when somebody rings."""

    carrier_call_id: str
    caller: CallerNumber
    called: E164
    attestation: str
    forwarded_from: E164 | None


@dataclass(frozen=True, slots=True)
class LegReport:
    """What is known about one carrier connection of a call."""

    carrier_leg_id: str
    role: LegRole
    number: E164 | None
    status: CarrierStatus
    is_bridged: bool = False


@dataclass(frozen=True, slots=True)
class RecordingReport:
    """What the carrier tells about a recording; the duration in whole seconds."""

    carrier_recording_id: str
    status: RecordingStatus
    duration_s: int | None = None
    channels: int | None = None
    url: str = ""
