"""What a running call does to the world: records, tools, and the step that follows the stream."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.callflow.commands import AddCost, RunTool, SaveOutcome
from app.callflow.events import ToolFinished
from app.callflow.transitions import Phase
from app.callflow.words import NextStep, Turn
from app.calls.service import CallService
from app.core.errors import NotFound
from app.live.facts import CallFacts
from app.live.ledger import Ledger
from app.live.metrics import FIRST_AUDIO_MS, RESPONSE_MS, TROUBLES
from app.live.tools import ToolBox

log = structlog.get_logger(__name__)

_LEAVE_S = 2.0
"""How long the end of a stream waits for the database: the caller hears nothing meanwhile."""
_RETRY_S = 0.2


class Effects:
    """The outside of one call. What need not be durable at once goes through the ledger and never waits."""

    def __init__(
        self,
        facts: CallFacts,
        ledger: Ledger,
        sessions: async_sessionmaker[AsyncSession],
        utc_now: Callable[[], datetime],
        first_page: int,
        *,
        is_resumed: bool = False,
    ) -> None:
        self._facts = facts
        self._ledger = ledger
        self._sessions = sessions
        self._utc_now = utc_now
        self._tools = ToolBox(sessions, facts, utc_now)
        self._next_page = first_page
        self._is_resumed = is_resumed
        self._outcome: SaveOutcome | None = None

    @property
    def call_id(self) -> str:
        return str(self._facts.ref.call_id)

    # --- never waiting ---------------------------------------------------------------------------------------------

    def save_turn(self, turn: Turn) -> None:
        if turn.response_ms is not None:
            RESPONSE_MS.observe(turn.response_ms)
        self._ledger.turn(self._facts.ref, turn)

    def report_trouble(self, what: str, code: str) -> None:
        log.warning("trouble in a call", call_id=self.call_id, what=what, code=code)
        TROUBLES.labels(what=what).inc()
        self._ledger.trouble(self._facts.ref, what, code)

    def add_cost(self, cost: AddCost, phase: Phase) -> None:
        self._ledger.progress(self._facts.ref, phase, cost)

    def first_audio(self, ms: int, phase: Phase) -> None:
        FIRST_AUDIO_MS.observe(ms)
        self._ledger.progress(self._facts.ref, phase, first_audio_ms=ms)

    def write_page(self, lines: str) -> None:
        """Keep a page of the call's journal."""
        if lines:
            self._ledger.page(self._facts.ref, self._next_page, lines)
            self._next_page += 1

    def save_outcome(self, command: SaveOutcome) -> None:
        """Remember how the call ended; `leave` or `conclude` stores it."""
        self._outcome = command

    # --- durable before the call goes on ---------------------------------------------------------------------------

    async def run_tool(self, command: RunTool) -> ToolFinished:
        return await self._tools.run(command)

    async def leave(self, step: NextStep) -> None:
        """Store the next step before the carrier asks for it; a database that is away does not hold the caller up."""
        try:
            async with asyncio.timeout(_LEAVE_S):
                await self._store_step(step)
        except TimeoutError:
            log.warning("next step not stored", call_id=self.call_id)
        else:
            await self._ledger.flush(_LEAVE_S)

    async def _store_step(self, step: NextStep) -> None:
        transfer_to = self._facts.transfer_number if step is NextStep.TRANSFER else None
        while True:
            try:
                async with self._sessions.begin() as session:
                    calls = CallService(session, self._facts.ref.account_id)
                    await calls.set_next_step(self._facts.ref.call_id, step, transfer_to)
                    if self._outcome is not None:
                        await self._store(calls, self._outcome)
            except (SQLAlchemyError, OSError, NotFound) as error:
                log.warning("database away at the end of a stream", call_id=self.call_id, error=type(error).__name__)
                await asyncio.sleep(_RETRY_S)
            else:
                self._outcome = None
                return

    async def conclude(self) -> None:
        """After the stream: store the outcome if `leave` could not. With the database away it waits in the ledger."""
        self._ledger.hurry()
        if self._outcome is None:
            return
        try:
            async with asyncio.timeout(_LEAVE_S), self._sessions.begin() as session:
                await self._store(CallService(session, self._facts.ref.account_id), self._outcome)
        except (SQLAlchemyError, OSError, NotFound) as error:
            log.warning("outcome not stored yet", call_id=self.call_id, error=type(error).__name__)
            self._ledger.outcome(self._facts.ref, self._outcome, is_resumed=self._is_resumed)
        self._outcome = None

    async def _store(self, calls: CallService, outcome: SaveOutcome) -> None:
        call_id, now = self._facts.ref.call_id, self._utc_now()
        await calls.save_outcome(call_id, outcome.disposition, outcome.reason, now, is_resumed=self._is_resumed)
