"""Settling calls that nobody holds any more, and calls we never heard of, by asking the carrier.

A killed process leaves calls whose lease runs out; a database that was down leaves calls that only the carrier knows.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.adapters.twilio.rest import CarrierCall, CarrierRecording, TwilioRest
from app.callflow.closing import unsettled
from app.callflow.words import Disposition, HangUpReason, NextStep
from app.calls.models import Call, CarrierStatus
from app.calls.receipts import WebhookReceipts
from app.calls.service import CallService, CarrierCalls
from app.core.errors import DomainError, Unavailable
from app.live.missed import MissedCalls
from app.live.tools import settled_by
from app.live.voicemail import are_ready, keep_voicemail, reported

log = structlog.get_logger(__name__)

_EVERY_S = 15.0
_GRACE = timedelta(seconds=30)
"""A call whose stream broke may be on its way to another process: it is left alone for so long."""
_RECEIPTS = timedelta(days=1)
"""The carrier repeats a webhook within seconds; a day covers every queue in between."""


class Reconciler:
    """A background task of a process; several processes may run it at once."""

    def __init__(
        self, sessions: async_sessionmaker[AsyncSession], carrier: TwilioRest, utc_now: Callable[[], datetime]
    ) -> None:
        self._sessions = sessions
        self._carrier = carrier
        self._utc_now = utc_now
        self._missed = MissedCalls(sessions, carrier, utc_now)

    async def run(self) -> None:
        while True:
            try:
                await self._forget_receipts()
                await self.settle_forsaken()
                await self._missed.adopt()
            except (Unavailable, SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("reconciliation postponed", error=type(error).__name__)
            await asyncio.sleep(_EVERY_S)

    async def _forget_receipts(self) -> None:
        async with self._sessions.begin() as session:
            await WebhookReceipts(session).forget_before(self._utc_now() - _RECEIPTS)

    async def settle_forsaken(self) -> int:
        """End the calls that no process holds and that are over; returns how many. Raises Unavailable."""
        settled = 0
        async with self._sessions.begin() as session:
            forsaken = await CarrierCalls(session).expired_leases(self._utc_now() - _GRACE)
        for call in forsaken:
            found = await self._carrier.call(call.carrier_call_id)
            if found is not None and not found.is_over:
                continue
            recordings = await self._carrier.recordings_of(call.carrier_call_id)
            if are_ready(map(reported, recordings), call.lease_until, self._utc_now()):
                await self._end(call, found, recordings)
                settled += 1
        return settled

    async def _end(self, call: Call, found: CarrierCall | None, recordings: list[CarrierRecording]) -> None:
        now = self._utc_now()
        status = CarrierStatus(found.status) if found is not None else CarrierStatus.FAILED
        try:
            async with self._sessions.begin() as session:
                calls = CallService(session, call.account_id)
                for recording in recordings:
                    if not recording.is_voicemail:
                        await calls.save_recording(call.id, reported(recording), now)
                    elif await keep_voicemail(session, call, reported(recording), now):
                        await calls.save_outcome(call.id, Disposition.MESSAGE_TAKEN, HangUpReason.CARRIER, now)
                await conclude(session, call, status, now, found.duration_s if found is not None else None)
                await calls.report_trouble(call.id, "process_lost", "", now)
        except DomainError as error:
            log.warning("forsaken call not ended", call_id=str(call.id), error=error.code)
        else:
            log.info("forsaken call ended", call_id=str(call.id), carrier_status=status)


async def conclude(
    session: AsyncSession, call: Call, status: CarrierStatus, now: datetime, duration_s: int | None
) -> None:
    """The carrier's connection is over: end the record, with an outcome from what was stored if the session left
    none.
    """
    calls = CallService(session, call.account_id)
    if call.disposition is None:
        await calls.save_outcome(call.id, *await _outcome(calls, call, status), now)
    await calls.end(call.id, status, now, duration_s)


async def _outcome(calls: CallService, call: Call, status: CarrierStatus) -> tuple[Disposition, HangUpReason]:
    deed = settled_by(await calls.tools_done(call.id))
    if deed is not None:
        return deed, HangUpReason.CARRIER
    if call.next_step is NextStep.VOICEMAIL or status is CarrierStatus.FAILED:
        return Disposition.FAILED, HangUpReason.ERROR
    turns, _ = await calls.seed(call.id)
    return unsettled(turns), HangUpReason.CARRIER
