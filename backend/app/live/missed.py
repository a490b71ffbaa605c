"""Calls that only the carrier knows: answered by the fallback while our database was away, voicemail included."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.adapters.twilio.rest import CarrierCall, TwilioRest
from app.callflow.words import Disposition, HangUpReason
from app.calls.models import CarrierStatus
from app.calls.service import CallService, CarrierCalls
from app.core.phone import parse_caller
from app.live.voicemail import are_ready, keep_voicemail, reported
from app.numbers.service import Line, NumberService

log = structlog.get_logger(__name__)

_LOOK_BACK = timedelta(hours=24)
_SETTLED = timedelta(minutes=1)
"""How far the carrier's list may lag behind."""


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
        adopted, looked_until = 0, now
        for line in lines:
            for call in await self._unknown(await self._carrier.calls_to(line.number, since - _SETTLED)):
                if await self._enter(line, call, now):
                    adopted += 1
                else:
                    # The carrier lists calls by their beginning: the next look must reach back to this one.
                    looked_until = min(looked_until, call.started_at or since)
        self._looked_until = looked_until
        return adopted

    async def _unknown(self, calls: list[CarrierCall]) -> list[CarrierCall]:
        async with self._sessions.begin() as session:
            known = await CarrierCalls(session).known_carrier_ids([call.carrier_call_id for call in calls])
        return [call for call in calls if call.carrier_call_id not in known]

    async def _enter(self, line: Line, missed: CarrierCall, now: datetime) -> bool:
        """Enter a call with its voicemail; False as long as the call, or a recording of it, is not ready for that."""
        if not missed.is_over:
            return False
        recordings = [reported(it) for it in await self._carrier.recordings_of(missed.carrier_call_id)]
        if not are_ready(recordings, _end_of(missed) or now, now):
            return False
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
            # Nothing but the fallback has answered: whatever was recorded is a voicemail.
            kept = [await keep_voicemail(session, call, recording, now) for recording in recordings]
            outcome = Disposition.MESSAGE_TAKEN if any(kept) else Disposition.ABANDONED
            await calls.save_outcome(call.id, outcome, HangUpReason.CARRIER, now)
            await calls.report_trouble(call.id, "answered_by_fallback", "", now)
            await calls.end(call.id, CarrierStatus(missed.status), now, missed.duration_s)
        log.info("call adopted from the carrier", call_id=str(call.id), recordings=len(recordings))
        return True


def _end_of(call: CarrierCall) -> datetime | None:
    return None if call.started_at is None else call.started_at + timedelta(seconds=call.duration_s or 0)
