"""Calls that only the carrier knows: answered by the fallback while our database was away, voicemail included."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.adapters.twilio.rest import CarrierCall, CarrierRecording, TwilioRest
from app.callflow.words import Disposition, HangUpReason
from app.calls.models import Call, CarrierStatus, RecordingStatus
from app.calls.reports import RecordingReport
from app.calls.service import CallService, CarrierCalls
from app.core.phone import parse_caller
from app.messaging.models import MessageKind, Urgency
from app.messaging.service import MessageService
from app.numbers.service import Line, NumberService

log = structlog.get_logger(__name__)

_LOOK_BACK = timedelta(hours=24)
_SETTLED = timedelta(minutes=1)
"""Calls younger than this may still be about to be recorded by the process that answered them."""


class MissedCalls:
    def __init__(
        self, sessions: async_sessionmaker[AsyncSession], carrier: TwilioRest, utc_now: Callable[[], datetime]
    ) -> None:
        self._sessions = sessions
        self._carrier = carrier
        self._utc_now = utc_now
        self._looked_until: datetime | None = None

    async def adopt(self) -> int:
        """Enter the carrier's calls that are not on record; returns how many. Raises Unavailable."""
        now = self._utc_now()
        since = self._looked_until or now - _LOOK_BACK
        async with self._sessions.begin() as session:
            lines = await NumberService(session).all_lines()
        adopted = 0
        for line in lines:
            found = [call for call in await self._carrier.calls_to(line.number, since - _SETTLED) if call.is_over]
            async with self._sessions.begin() as session:
                known = await CarrierCalls(session).known_carrier_ids([call.carrier_call_id for call in found])
            for call in found:
                if call.carrier_call_id not in known:
                    await self._enter(line, call, now)
                    adopted += 1
        self._looked_until = now - _SETTLED
        return adopted

    async def _enter(self, line: Line, missed: CarrierCall, now: datetime) -> None:
        recordings = await self._carrier.recordings_of(missed.carrier_call_id)
        async with self._sessions.begin() as session:
            call, _ = await CarrierCalls(session).receive(
                line,
                now=missed.started_at or now,
                carrier_call_id=missed.carrier_call_id,
                caller=parse_caller(missed.caller),
                called=line.number,
                attestation="",
                forwarded_from=None,
            )
            calls = CallService(session, line.account_id)
            for recording in recordings:
                await _keep_voicemail(session, call, recording, now)
            outcome = Disposition.MESSAGE_TAKEN if recordings else Disposition.ABANDONED
            await calls.save_outcome(call.id, outcome, HangUpReason.CARRIER, now)
            await calls.report_trouble(call.id, "answered_by_fallback", "", now)
            await calls.end(call.id, CarrierStatus(missed.status), now, missed.duration_s)
        log.info("call adopted from the carrier", call_id=str(call.id), recordings=len(recordings))


async def _keep_voicemail(session: AsyncSession, call: Call, recording: CarrierRecording, now: datetime) -> None:
    report = RecordingReport(
        recording.carrier_recording_id,
        RecordingStatus(recording.status),
        recording.duration_s,
        recording.channels,
        recording.url,
    )
    await CallService(session, call.account_id).save_recording(call.id, report, now)
    if report.status is RecordingStatus.COMPLETED:
        await MessageService(session, call.account_id).take(
            call.id,
            now=now,
            kind=MessageKind.VOICEMAIL,
            text="",
            caller_name="",
            callback_number=call.caller_number,
            urgency=Urgency.NORMAL,
            carrier_recording_id=recording.carrier_recording_id,
        )
