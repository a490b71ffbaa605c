"""What becomes of a call between its streams: who answers when it rings, and what follows when a stream has ended.

Answers are decided here in our own words; the route writes them down for the carrier. Whatever fails, the caller
gets an answer: with the database or the engine away it is voicemail.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.assistants.service import AssistantService, PhraseBook
from app.callflow.words import Disposition, HangUpReason, NextStep, PhraseKey
from app.calls.models import Call, CarrierStatus, RecordingStatus
from app.calls.receipts import WebhookReceipts
from app.calls.reports import RecordingReport, Ring
from app.calls.service import CallService, CarrierCalls
from app.core.ids import new_token
from app.core.phone import E164
from app.live.metrics import CALLS
from app.live.preparing import Preparer
from app.live.reconciling import conclude
from app.live.switchboard import Switchboard
from app.live.voicemail import keep_voicemail
from app.numbers.service import Line, NumberService

log = structlog.get_logger(__name__)

_ANSWER_S = 3.0
"""The carrier waits 15 s for an answer; a caller hears ringing or silence meanwhile."""
_TOKEN_LIFE = timedelta(seconds=60)
_MOST_STREAMS = 6
"""A call whose stream breaks more often than this is better served by voicemail."""


@dataclass(frozen=True, slots=True)
class Connect:
    """Open a media stream that presents this one-time token."""

    token: str
    is_recorded: bool


@dataclass(frozen=True, slots=True)
class Voicemail:
    """Say the text, then record; None when nothing is known about the number: the carrier's default is said."""

    text: str | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True)
class PutThrough:
    """Dial this number and join it with the caller; `shown` is the number the callee sees."""

    to: E164
    shown: E164


@dataclass(frozen=True, slots=True)
class NotInService:
    """Nobody answers at this number here."""


@dataclass(frozen=True, slots=True)
class GoOut:
    """End the connection."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """The connection is over already: nothing is left to say."""


Answer = Connect | Voicemail | PutThrough | NotInService | GoOut | Nothing
Write = Callable[[Answer], str]
"""Puts an answer into the carrier's words."""
_VOICEMAIL = Voicemail()


class Reception:
    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        switchboard: Switchboard,
        utc_now: Callable[[], datetime],
        preparer: Preparer,
    ) -> None:
        self._sessions = sessions
        self._switchboard = switchboard
        self._utc_now = utc_now
        self._preparer = preparer

    # --- the ring --------------------------------------------------------------------------------------------------

    async def ring(self, ring: Ring, idempotency_token: str, write: Write) -> str:
        """Somebody rings. The same request told again gets the same answer and does nothing twice."""
        return await self._in_time("ring", write, self._ring(ring, idempotency_token, write))

    async def _ring(self, ring: Ring, idempotency_token: str, write: Write) -> str:
        now = self._utc_now()
        key = idempotency_token or ring["carrier_call_id"]
        async with self._sessions.begin() as session:
            receipts = WebhookReceipts(session)
            known = await receipts.replay(key, "ring")
            if known is not None:
                return known
            line = await NumberService(session).line_for(ring["called"])
            answer = NotInService() if line is None else await self._answer(session, line, ring, now)
            document = write(answer)
            await receipts.keep(key, "ring", document, now)
        CALLS.labels(route=type(answer).__name__.lower()).inc()
        return document

    async def _answer(self, session: AsyncSession, line: Line, ring: Ring, now: datetime) -> Answer:
        calls = CarrierCalls(session)
        call, _ = await calls.receive(line, now=now, **ring)
        if call.ended_at is not None:
            # Told again when its receipt is long gone: nobody is on the line.
            return Nothing()
        if self._switchboard.is_draining or not self._switchboard.has_engine:
            what = "draining" if self._switchboard.is_draining else "engine_not_configured"
            await CallService(session, call.account_id).report_trouble(call.id, what, "", now)
            return await self._voicemail(session, call)
        return await self._connect(session, call, now)

    async def _connect(self, session: AsyncSession, call: Call, now: datetime) -> Connect:
        token = new_token()
        await CarrierCalls(session).issue_stream_token(call, token, expires_at=now + _TOKEN_LIFE)
        preparation = await self._preparer.prepare(session, call, now)
        assistant = await AssistantService(session, call.account_id).get(call.assistant_id)
        self._switchboard.open_ahead(call.carrier_call_id, preparation)
        return Connect(token, assistant.is_recorded and call.answered_at is None)

    async def _voicemail(self, session: AsyncSession, call: Call) -> Voicemail:
        assistant = await AssistantService(session, call.account_id).get(call.assistant_id)
        texts = PhraseBook(session, call.account_id).texts(assistant)
        await CallService(session, call.account_id).set_next_step(call.id, NextStep.VOICEMAIL)
        parts = [] if call.answered_at is not None else [texts[PhraseKey.NOTICE]]
        return Voicemail(" ".join([*parts, texts[PhraseKey.VOICEMAIL]]), assistant.language)

    # --- after the stream ------------------------------------------------------------------------------------------

    async def after_stream(self, carrier_call_id: str, status: str, write: Write) -> str:
        """The stream has ended: by our decision, or because a process or a connection broke."""
        return await self._in_time("after_stream", write, self._after_stream(carrier_call_id, status, write))

    async def _after_stream(self, carrier_call_id: str, status: str, write: Write) -> str:
        now = self._utc_now()
        async with self._sessions.begin() as session:
            call = await CarrierCalls(session).by_carrier_id(carrier_call_id)
            if call is None:
                return write(Voicemail())
            if status == CarrierStatus.COMPLETED or call.ended_at is not None:
                return write(Nothing())
            return write(await self._next(session, call, now))

    async def _next(self, session: AsyncSession, call: Call, now: datetime) -> Answer:
        match call.next_step:
            case NextStep.HANG_UP:
                return GoOut()
            case NextStep.TRANSFER if call.transfer_to is not None:
                return PutThrough(call.transfer_to, call.called_number)
            case NextStep.VOICEMAIL:
                return await self._voicemail(session, call)
        await CallService(session, call.account_id).report_trouble(call.id, "stream_broken", "", now)
        streams = await CarrierCalls(session).streams_of(call)
        if streams >= _MOST_STREAMS or not self._switchboard.has_engine:
            return await self._voicemail(session, call)
        return await self._connect(session, call, now)

    async def after_dial(self, carrier_call_id: str, is_bridged: bool, write: Write) -> str:
        """The owner's phone has rung: they talked, or the caller is still here."""
        otherwise = GoOut() if is_bridged else Voicemail()
        return await self._in_time("after_dial", write, self._after_dial(carrier_call_id, is_bridged, write), otherwise)

    async def _after_dial(self, carrier_call_id: str, is_bridged: bool, write: Write) -> str:
        async with self._sessions.begin() as session:
            call = await CarrierCalls(session).by_carrier_id(carrier_call_id)
            if call is None:
                return write(GoOut())
            calls = CallService(session, call.account_id)
            if is_bridged:
                now = self._utc_now()
                await calls.save_outcome(call.id, Disposition.TRANSFERRED, HangUpReason.CALLER, now)
                return write(GoOut())
            await calls.report_trouble(call.id, "transfer_not_answered", "", self._utc_now())
            return write(await self._voicemail(session, call))

    async def after_voicemail(self, carrier_call_id: str, recording: RecordingReport | None, write: Write) -> str:
        """The caller has spoken to the voicemail, or has not. What we cannot keep now stays with the carrier, where
        reconciliation finds it: nobody is asked to say it again.
        """
        work = self._after_voicemail(carrier_call_id, recording, write)
        return await self._in_time("after_voicemail", write, work, GoOut())

    async def _after_voicemail(self, carrier_call_id: str, recording: RecordingReport | None, write: Write) -> str:
        async with self._sessions.begin() as session:
            call = await CarrierCalls(session).by_carrier_id(carrier_call_id)
            if call is None or recording is None:
                return write(GoOut())
            await self._keep(session, call, recording)
        return write(GoOut())

    # --- reports ---------------------------------------------------------------------------------------------------

    async def status(self, carrier_call_id: str, status: CarrierStatus, duration_s: int | None) -> None:
        """The carrier reports how a call stands; only the end changes anything here."""
        if status in (CarrierStatus.QUEUED, CarrierStatus.INITIATED, CarrierStatus.RINGING, CarrierStatus.IN_PROGRESS):
            return
        async with self._sessions.begin() as session:
            call = await CarrierCalls(session).by_carrier_id(carrier_call_id)
            if call is None:
                log.warning("status of an unknown call")
                return
            now = self._utc_now()
            if call.answered_at is not None and call.lease_until > now:
                # A process holds this call and is about to say how it ended; if it cannot, reconciliation will.
                await CallService(session, call.account_id).end(call.id, status, now, duration_s)
            else:
                await conclude(session, call, status, now, duration_s)

    async def recording(self, carrier_call_id: str, recording: RecordingReport, *, is_voicemail: bool) -> None:
        """The carrier reports about a recording of the call; a voicemail becomes a message if it is none yet."""
        async with self._sessions.begin() as session:
            call = await CarrierCalls(session).by_carrier_id(carrier_call_id)
            if call is None or recording.status is RecordingStatus.ABSENT:
                return
            if is_voicemail:
                await self._keep(session, call, recording)
            else:
                await CallService(session, call.account_id).save_recording(call.id, recording, self._utc_now())

    async def _keep(self, session: AsyncSession, call: Call, recording: RecordingReport) -> None:
        now = self._utc_now()
        if await keep_voicemail(session, call, recording, now):
            calls = CallService(session, call.account_id)
            await calls.save_outcome(call.id, Disposition.MESSAGE_TAKEN, HangUpReason.CALLER, now)

    # --- in time, whatever happens ---------------------------------------------------------------------------------

    async def _in_time(self, what: str, write: Write, work: Awaitable[str], otherwise: Answer = _VOICEMAIL) -> str:
        """The answer, or another one when the database does not let us give it."""
        try:
            async with asyncio.timeout(_ANSWER_S):
                return await work
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("answered without the database", webhook=what, error=type(error).__name__)
            return write(otherwise)
