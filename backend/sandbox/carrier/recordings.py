"""Recordings of legs, and the callbacks about them (twilio-google.md §1.4)."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from audiokit.level import level_dbfs
from audiokit.mulaw import FRAME_BYTES, SAMPLE_RATE, decode
from audiokit.samples import Samples
from audiokit.wav import Wav, write_wav
from sandbox.carrier.callbacks import Callbacks
from sandbox.carrier.clock import rfc2822, utc_now
from sandbox.carrier.leg import Leg
from sandbox.carrier.playout import SILENT_FRAME
from sandbox.carrier.settings import CarrierSettings
from sandbox.carrier.sids import new_sid

QUIET_DBFS = -45.0
"""Level of a frame below which nobody is speaking."""


@dataclass(frozen=True, slots=True)
class RecordingPlan:
    """`source` is the vendor's word for who asked; `track`: inbound, outbound or both; `events` of the callback."""

    source: str
    channels: int = 1
    track: str = "both"
    is_trimmed: bool = False
    callback_url: str = ""
    callback_method: str = "POST"
    events: frozenset[str] = frozenset({"completed"})


@dataclass(eq=False, slots=True)
class Recording:
    """What was said into a leg and heard there, as mu-law. Status: in-progress, paused, completed or absent."""

    leg: Leg
    plan: RecordingPlan
    sid: str = field(default_factory=lambda: new_sid("RE"))
    status: str = "in-progress"
    pause_behaviour: str = "silence"
    started_at: datetime = field(default_factory=utc_now)
    updated_at: datetime = field(default_factory=utc_now)
    spoken: bytearray = field(default_factory=bytearray)
    heard: bytearray = field(default_factory=bytearray)
    is_deleted: bool = False

    @property
    def is_running(self) -> bool:
        return self.status in ("in-progress", "paused")

    @property
    def duration_s(self) -> int:
        return round(len(self.spoken) / SAMPLE_RATE)

    def take(self, spoken: bytes, heard: bytes | None) -> None:
        """20 ms of the leg."""
        if self.status == "paused":
            if self.pause_behaviour == "skip":
                return
            spoken = heard = SILENT_FRAME
        self.spoken += spoken if self.plan.track != "outbound" else SILENT_FRAME
        self.heard += heard if heard is not None and self.plan.track != "inbound" else SILENT_FRAME

    def trim(self) -> None:
        """Cut the silence off both ends."""
        loud = [at for at in range(0, len(self.spoken), FRAME_BYTES) if self._is_loud(at)]
        begin, end = (loud[0], loud[-1] + FRAME_BYTES) if loud else (0, 0)
        for side in (self.spoken, self.heard):
            del side[end:]
            del side[:begin]

    def delete(self) -> None:
        """Forget the audio; that there was a recording is still known."""
        self.is_deleted = True
        self.spoken.clear()
        self.heard.clear()

    def wav(self, channels: int | None = None) -> bytes:
        """The file: both sides mixed, or each on a channel of its own."""
        spoken, heard = decode(bytes(self.spoken)), decode(bytes(self.heard))
        if (channels or self.plan.channels) == 2:
            return write_wav(Wav(SAMPLE_RATE, (spoken, heard)))
        return write_wav(Wav(SAMPLE_RATE, (_mixed(spoken, heard),)))

    def _is_loud(self, at: int) -> bool:
        return any(level_dbfs(bytes(side[at : at + FRAME_BYTES])) > QUIET_DBFS for side in (self.spoken, self.heard))


class Recordings:
    """All recordings of the account."""

    def __init__(self, settings: CarrierSettings, callbacks: Callbacks) -> None:
        self._settings = settings
        self._callbacks = callbacks
        self.all: dict[str, Recording] = {}

    def start(self, leg: Leg, plan: RecordingPlan) -> Recording:
        """Record a leg from now to its end, or until `finish`. A single track makes a mono recording."""
        recording = Recording(leg, plan if plan.track == "both" else replace(plan, channels=1))
        self._keep(recording)
        leg.sinks.append(recording.take)
        leg.on_end.append(lambda: self.finish(recording))
        self._tell(recording, "in-progress")
        return recording

    def finish(self, recording: Recording) -> None:
        """Stop recording; nothing happens when it was stopped already."""
        if not recording.is_running:
            return
        recording.leg.sinks.remove(recording.take)
        if recording.plan.is_trimmed:
            recording.trim()
        recording.updated_at = utc_now()
        recording.status = "completed" if recording.spoken else "absent"
        self._tell(recording, recording.status)

    def of_leg(self, leg: Leg) -> list[Recording]:
        return [recording for recording in self.all.values() if recording.leg is leg]

    def url(self, recording: Recording) -> str:
        """Where the audio is, without an extension."""
        settings = self._settings
        return f"{settings.public_url}/api/2010-04-01/Accounts/{settings.account_sid}/Recordings/{recording.sid}"

    def _keep(self, recording: Recording) -> None:
        self.all[recording.sid] = recording
        over = [sid for sid, kept in self.all.items() if not kept.is_running]
        for sid in over[: max(len(over) - self._settings.kept_calls, 0)]:
            del self.all[sid]

    def _tell(self, recording: Recording, event: str) -> None:
        recording.leg.handset.tell("recording", sid=recording.sid, status=event)
        plan = recording.plan
        if event not in plan.events:
            return
        fields = {
            "AccountSid": self._settings.account_sid,
            "CallSid": recording.leg.sid,
            "RecordingSid": recording.sid,
            "RecordingUrl": self.url(recording),
            "RecordingStatus": event,
            "RecordingDuration": str(recording.duration_s),
            "RecordingChannels": str(plan.channels),
            "RecordingStartTime": rfc2822(recording.started_at),
            "RecordingSource": plan.source,
            "RecordingTrack": plan.track,
            "ErrorCode": "0",
        }
        self._callbacks.tell(plan.callback_url, plan.callback_method, fields)


def _mixed(spoken: Samples, heard: Samples) -> Samples:
    mixed = spoken[:]
    for at, (one, other) in enumerate(zip(spoken, heard, strict=True)):
        mixed[at] = max(min(one + other, 32767), -32768)
    return mixed
