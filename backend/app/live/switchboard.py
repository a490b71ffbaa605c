"""The calls this process is serving: taking them in, opening engines ahead of them, keeping their leases, draining."""

import asyncio
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.callflow.engine import VoiceEngine
from app.callflow.journal import Journal
from app.callflow.session import CallSession
from app.callflow.words import Seed
from app.calls.service import CallService, CarrierCalls, renew_leases
from app.core.errors import Unavailable
from app.live.carrier_line import CarrierLine
from app.live.effects import Effects
from app.live.engine_slot import EngineSlot, PreparedEngine
from app.live.facts import Preparation
from app.live.ledger import Ledger
from app.live.metrics import LIVE_CALLS
from app.live.preparing import Preparer
from app.live.runner import CallRunner
from app.live.sockets import FrameSocket

log = structlog.get_logger(__name__)

_LEASE = timedelta(seconds=15)
_RENEW_S = 5.0
_PREPARED_S = 15.0
"""How long an engine opened at the ring waits for the stream: the carrier gives up on webhooks after as long."""


class Draining(Unavailable):
    """This process takes no new calls."""

    code = "draining"


class Switchboard:
    """One per process; `run` as a task keeps leases alive for as long as it lives."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        engine: VoiceEngine | None,
        ledger: Ledger,
        utc_now: Callable[[], datetime],
        preparer: Preparer,
    ) -> None:
        self._sessions = sessions
        self._engine = engine
        self._ledger = ledger
        self._utc_now = utc_now
        self._preparer = preparer
        self._runners: dict[uuid.UUID, CallRunner] = {}
        self._prepared: dict[str, tuple[PreparedEngine, asyncio.TimerHandle]] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self.is_draining = False

    @property
    def live_calls(self) -> int:
        return len(self._runners)

    @property
    def has_engine(self) -> bool:
        return self._engine is not None

    # --- ahead of the stream ---------------------------------------------------------------------------------------

    def open_ahead(self, carrier_call_id: str, preparation: Preparation) -> None:
        """Open the engine while the carrier still sets up the stream. Another process may get that stream: then the
        session opened here ends unused.
        """
        if self._engine is None or carrier_call_id in self._prepared or preparation.plan.past is not None:
            return
        prepared = PreparedEngine(self._engine, preparation.persona, Seed(note=preparation.plan.note))
        expiry = asyncio.get_running_loop().call_later(_PREPARED_S, self._discard, carrier_call_id)
        self._prepared[carrier_call_id] = (prepared, expiry)

    def _discard(self, carrier_call_id: str) -> None:
        found = self._prepared.pop(carrier_call_id, None)
        if found is not None:
            found[1].cancel()
            found[0].session.close()

    def _take_prepared(self, carrier_call_id: str) -> PreparedEngine | None:
        found = self._prepared.pop(carrier_call_id, None)
        if found is None:
            return None
        found[1].cancel()
        return found[0]

    # --- the stream ------------------------------------------------------------------------------------------------

    async def admit(self, token: str, carrier_call_id: str) -> Preparation:
        """Let a stream in: its token is used up, its call is marked as answered.

        Raises Forbidden for a token that is not good for this call.
        """
        now = self._utc_now()
        async with self._sessions.begin() as session:
            call = await CarrierCalls(session).claim_stream(token, carrier_call_id, now=now)
            preparation = await self._preparer.prepare(session, call, now)
            calls = CallService(session, call.account_id)
            await calls.start(call.id, engine="openai_realtime" if self._engine else "", now=now)
            await renew_leases(session, [call.id], now + _LEASE)
        return preparation

    async def connect(self, preparation: Preparation, stream_id: str, socket: FrameSocket) -> CallRunner:
        """Build the runner of an admitted stream."""
        ref = preparation.facts.ref
        first_page = 0
        if preparation.plan.past is not None:
            async with self._sessions.begin() as session:
                first_page = await CallService(session, ref.account_id).next_journal_seq(ref.call_id)
        prepared = self._take_prepared(ref.carrier_call_id)
        engines = EngineSlot(self._engine, preparation.persona, prepared)
        is_resumed = preparation.plan.past is not None
        effects = Effects(
            preparation.facts, self._ledger, self._sessions, self._utc_now, first_page, is_resumed=is_resumed
        )
        line = CarrierLine(socket, stream_id, preparation.audio)
        return CallRunner(CallSession(preparation.plan), Journal(preparation.plan), line, engines, effects)

    async def serve(self, runner: CallRunner, preparation: Preparation) -> None:
        """Run a call's stream to its end."""
        call_id = preparation.facts.ref.call_id
        self._runners[call_id] = runner
        self._idle.clear()
        LIVE_CALLS.inc()
        try:
            await runner.run()
        finally:
            LIVE_CALLS.dec()
            if self._runners.get(call_id) is runner:
                del self._runners[call_id]
            if not self._runners:
                self._idle.set()

    # --- the process -----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the leases of the calls served here, so that nobody takes them for forsaken."""
        while True:
            await asyncio.sleep(_RENEW_S)
            if not self._runners:
                continue
            try:
                async with asyncio.timeout(_RENEW_S), self._sessions.begin() as session:
                    await renew_leases(session, list(self._runners), self._utc_now() + _LEASE)
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("leases not renewed", error=type(error).__name__, calls=len(self._runners))

    async def drain(self, limit_s: float) -> int:
        """Take no more calls and wait for the live ones; returns how many were still live at the limit."""
        self.is_draining = True
        for carrier_call_id in list(self._prepared):
            self._discard(carrier_call_id)
        log.info("draining", calls=len(self._runners))
        try:
            async with asyncio.timeout(limit_s):
                await self._idle.wait()
        except TimeoutError:
            log.warning("drain limit reached", calls=len(self._runners))
        return len(self._runners)
