"""Settling calls that nobody holds any more, and calls we never heard of, by asking the carrier.

A killed process leaves calls whose lease runs out; a database that was down leaves calls that only the carrier knows.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.adapters.twilio.rest import TwilioRest
from app.callflow.words import Disposition, HangUpReason, NextStep
from app.calls.models import Call, CarrierStatus
from app.calls.receipts import WebhookReceipts
from app.calls.service import CallService, CarrierCalls
from app.core.errors import DomainError, Unavailable
from app.live.missed import MissedCalls

log = structlog.get_logger(__name__)

_EVERY_S = 15.0
_GRACE = timedelta(seconds=30)
"""A call whose stream broke may be on its way to another process: it is left alone for so long."""
_RECEIPTS = timedelta(days=1)
"""The carrier repeats a webhook within seconds; a day covers every queue in between."""
_OVER = {
    CarrierStatus.COMPLETED,
    CarrierStatus.BUSY,
    CarrierStatus.FAILED,
    CarrierStatus.NO_ANSWER,
    CarrierStatus.CANCELED,
}


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
                await self.settle_forsaken()
                await self._missed.adopt()
                await self._forget_receipts()
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
            status = await self._carrier.call_status(call.carrier_call_id)
            if status is not None and CarrierStatus(status) not in _OVER:
                continue
            await self._end(call, CarrierStatus(status) if status is not None else CarrierStatus.FAILED)
            settled += 1
        return settled

    async def _end(self, call: Call, status: CarrierStatus) -> None:
        try:
            async with self._sessions.begin() as session:
                await conclude(session, call, status, self._utc_now(), None)
                await CallService(session, call.account_id).report_trouble(call.id, "process_lost", "", self._utc_now())
        except DomainError as error:
            log.warning("forsaken call not ended", call_id=str(call.id), error=error.code)
        else:
            log.info("forsaken call ended", call_id=str(call.id), carrier_status=status)


async def conclude(
    session: AsyncSession, call: Call, status: CarrierStatus, now: datetime, duration_s: int | None
) -> None:
    """The carrier's connection is over: end the record, with an outcome if the session left none."""
    calls = CallService(session, call.account_id)
    if call.disposition is None:
        if call.next_step is NextStep.VOICEMAIL or status is CarrierStatus.FAILED:
            await calls.save_outcome(call.id, Disposition.FAILED, HangUpReason.ERROR, now)
        else:
            await calls.save_outcome(call.id, Disposition.ABANDONED, HangUpReason.CARRIER, now)
    await calls.end(call.id, status, now, duration_s)
