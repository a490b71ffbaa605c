"""Voicemail: what a caller has spoken to the carrier becomes a message for the owner, whichever way we hear of it."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.adapters.twilio.rest import CarrierRecording
from app.calls.models import Call, RecordingStatus
from app.calls.reports import RecordingReport
from app.calls.service import CallService
from app.messaging.models import MessageKind, Urgency
from app.messaging.service import MessageService


async def keep_voicemail(session: AsyncSession, call: Call, recording: RecordingReport, now: datetime) -> bool:
    """Keep the recording, and a message once it is complete; whether it is. Told again, there is still one message."""
    await CallService(session, call.account_id).save_recording(call.id, recording, now)
    if recording.status is not RecordingStatus.COMPLETED:
        return False
    await MessageService(session, call.account_id).take(
        call.id,
        now=now,
        kind=MessageKind.VOICEMAIL,
        text="",
        caller_name=call.caller_name,
        callback_number=call.caller_number,
        urgency=Urgency.NORMAL,
        carrier_recording_id=recording.carrier_recording_id,
    )
    return True


_PATIENCE = timedelta(minutes=10)
"""How long a call that is over waits for its recordings to be ready."""


def reported(recording: CarrierRecording) -> RecordingReport:
    """A recording as the carrier holds it, in the words of its report. Steps between two states count as in progress
    (processing, stopped, paused), one that was deleted as absent.
    """
    status = RecordingStatus.ABSENT if recording.status == "deleted" else RecordingStatus.IN_PROGRESS
    if recording.status in set(RecordingStatus):
        status = RecordingStatus(recording.status)
    return RecordingReport(
        recording.carrier_recording_id, status, recording.duration_s, recording.channels, recording.url
    )


def are_ready(recordings: Iterable[RecordingReport], since: datetime, now: datetime) -> bool:
    """Whether the recordings of a call are complete, or have not become so in the long time `since` then."""
    return now - since > _PATIENCE or all(it.status is not RecordingStatus.IN_PROGRESS for it in recordings)
