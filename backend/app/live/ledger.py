"""Write-behind for what live calls produce: collected for a moment, written for all calls at once, never in the way.

A database that is down or slow costs a live call nothing: rows wait here until it is back. What must be durable
before the call goes on (the next step, tools) is not written here, and the outcome only when it could not be stored
at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.callflow.commands import AddCost, SaveOutcome
from app.callflow.transitions import Phase
from app.callflow.words import Turn
from app.calls.bulk import OfCall, Progress, append_journals, report_troubles, save_progress, save_turns
from app.calls.service import CallService
from app.core.errors import NotFound
from app.live.facts import CallRef

log = structlog.get_logger(__name__)

_GATHER_S = 0.5
"""How long rows gather before they are written; what a killed process can lose at most."""
_RETRY_S = 1.0
_MOST_ROWS = 50_000
"""Rows kept while the database is away: hours of a busy process, and a bound on memory."""
_REFUSED = ("22", "23")
"""Classes of SQLSTATE for a row that can never be stored: data exceptions, violated constraints."""

Row = TypeVar("Row")
_Outcome = tuple[CallRef, SaveOutcome, bool, datetime]


@dataclass(slots=True)
class _Batch:
    turns: list[tuple[OfCall, Turn]] = field(default_factory=list)
    pages: list[tuple[OfCall, int, str]] = field(default_factory=list)
    troubles: list[tuple[OfCall, str, str, datetime]] = field(default_factory=list)
    outcomes: list[_Outcome] = field(default_factory=list)
    progress: dict[OfCall, Progress] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.turns) + len(self.pages) + len(self.troubles) + len(self.outcomes) + len(self.progress)


class Ledger:
    """One per process. Call `run` as a task; stop it with `close`, which writes what is left."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], utc_now: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._utc_now = utc_now
        self._batch = _Batch()
        self._filled = asyncio.Event()
        self._hurried = asyncio.Event()
        self._written = asyncio.Condition()
        self._accepted = 0
        self._stored = 0
        self._is_closing = False

    # --- from live calls, never waiting ----------------------------------------------------------------------------

    def turn(self, ref: CallRef, turn: Turn) -> None:
        self._batch.turns.append((_of(ref), turn))
        self._grew()

    def page(self, ref: CallRef, seq: int, lines: str) -> None:
        """A page of the call's journal."""
        if len(self._batch.pages) < _MOST_ROWS:
            self._batch.pages.append((_of(ref), seq, lines))
        self._grew()

    def trouble(self, ref: CallRef, what: str, code: str) -> None:
        self._batch.troubles.append((_of(ref), what, code, self._utc_now()))
        self._grew()

    def outcome(self, ref: CallRef, outcome: SaveOutcome, *, is_resumed: bool) -> None:
        """How a call ended, when it could not be stored at once."""
        self._batch.outcomes.append((ref, outcome, is_resumed, self._utc_now()))
        self._grew()

    def progress(
        self, ref: CallRef, phase: Phase, cost: AddCost | None = None, first_audio_ms: int | None = None
    ) -> None:
        """Where the call is, what it has cost more, and when its first audio came (ms after the stream began)."""
        of = _of(ref)
        before = self._batch.progress.get(of, Progress(of, phase))
        more = cost or AddCost(0, 0, 0, 0)
        first = before.first_audio_ms if before.first_audio_ms is not None else first_audio_ms
        self._batch.progress[of] = Progress(
            of,
            phase,
            first,
            before.micro_usd + more.micro_usd,
            before.input_tokens + more.input_tokens,
            before.cached_tokens + more.cached_tokens,
            before.output_tokens + more.output_tokens,
        )
        self._grew()

    def _grew(self) -> None:
        self._accepted += 1
        self._filled.set()

    # --- to the database -------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Write batches until closed and empty, or cancelled."""
        while not (self._is_closing and not len(self._batch)):
            await self._filled.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(_GATHER_S):
                    await self._hurried.wait()
            await self._write()

    def hurry(self) -> None:
        """Write what has gathered now: a stream has ended, and its call may go on in another process at once."""
        self._hurried.set()

    async def flush(self, timeout_s: float) -> bool:
        """Wait until everything told so far is stored; False when the time is over first."""
        target = self._accepted
        self.hurry()
        try:
            async with asyncio.timeout(timeout_s), self._written:
                await self._written.wait_for(lambda: self._stored >= target)
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """Let `run` end once all is written."""
        self._is_closing = True
        self._filled.set()
        self._hurried.set()

    async def _write(self) -> None:
        batch, self._batch = self._batch, _Batch()
        accepted = self._accepted
        self._filled.clear()
        if not self._is_closing:
            self._hurried.clear()
        try:
            async with self._sessions.begin() as session:
                await save_turns(session, batch.turns)
                await report_troubles(session, batch.troubles)
                await append_journals(session, batch.pages)
                await save_progress(session, list(batch.progress.values()))
                await _save_outcomes(session, batch.outcomes)
        except (SQLAlchemyError, OSError, TimeoutError, NotFound) as error:
            log.warning("ledger not written", error=type(error).__name__, rows=len(batch))
            left = await self._write_singly(batch) if _is_refusal(error) else batch
            if len(left):
                self._put_back(left)
                await asyncio.sleep(_RETRY_S)
                return
        async with self._written:
            self._stored = accepted
            self._written.notify_all()

    async def _write_singly(self, batch: _Batch) -> _Batch:
        """One row that the database refuses must not keep the others: each is tried by itself, bad ones are dropped.
        Returns what is still to be written.
        """
        return _Batch(
            await self._left(save_turns, batch.turns),
            await self._left(append_journals, batch.pages),
            await self._left(report_troubles, batch.troubles),
            await self._left(_save_outcomes, batch.outcomes),
            {change.of: change for change in await self._left(save_progress, list(batch.progress.values()))},
        )

    async def _left(
        self, write: Callable[[AsyncSession, Sequence[Row]], Awaitable[None]], rows: list[Row]
    ) -> list[Row]:
        """Write rows one by one; returns those that are neither written nor refused for good."""
        left = []
        for row in rows:
            try:
                async with self._sessions.begin() as session:
                    await write(session, [row])
            except (SQLAlchemyError, OSError, TimeoutError, NotFound) as error:
                if _is_refusal(error):
                    log.warning("ledger row dropped", error=type(error).__name__)
                else:
                    left.append(row)
        return left

    def _put_back(self, batch: _Batch) -> None:
        newer = self._batch
        self._batch = _Batch(
            (batch.turns + newer.turns)[-_MOST_ROWS:],
            (batch.pages + newer.pages)[-_MOST_ROWS:],
            (batch.troubles + newer.troubles)[-_MOST_ROWS:],
            (batch.outcomes + newer.outcomes)[-_MOST_ROWS:],
            batch.progress,
        )
        for of, more in newer.progress.items():
            before = batch.progress.get(of)
            self._batch.progress[of] = more if before is None else _sum(before, more)
        self._filled.set()


async def _save_outcomes(session: AsyncSession, outcomes: Sequence[_Outcome]) -> None:
    for ref, outcome, is_resumed, at in outcomes:
        calls = CallService(session, ref.account_id)
        await calls.save_outcome(ref.call_id, outcome.disposition, outcome.reason, at, is_resumed=is_resumed)


def _is_refusal(error: Exception) -> bool:
    """Whether the database, or the driver in its place, will say the same again."""
    if isinstance(error, DBAPIError):
        return str(getattr(error.orig, "sqlstate", None) or "").startswith(_REFUSED)
    return isinstance(error, StatementError | NotFound)


def _of(ref: CallRef) -> OfCall:
    return OfCall(ref.account_id, ref.call_id)


def _sum(one: Progress, other: Progress) -> Progress:
    first = one.first_audio_ms if one.first_audio_ms is not None else other.first_audio_ms
    return Progress(
        one.of,
        other.phase,
        first,
        one.micro_usd + other.micro_usd,
        one.input_tokens + other.input_tokens,
        one.cached_tokens + other.cached_tokens,
        one.output_tokens + other.output_tokens,
    )
