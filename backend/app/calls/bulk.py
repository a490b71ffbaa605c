"""Writing what many calls produced in one statement each: the way live calls reach the tables.

A live call says something every second or so; one transaction for all calls of a process costs a fraction of one per
turn.
"""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from sqlalchemy import bindparam, case, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.callflow.transitions import Phase
from app.callflow.words import Turn
from app.calls.models import Call, CallTurn, JournalPage, Trouble
from app.core.ids import new_id


@dataclass(frozen=True, slots=True)
class OfCall:
    """Whose row it is."""

    account_id: uuid.UUID
    call_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Progress:
    """What changed in a call since the last writing: added cost in micro-USD and tokens, phase, first audio."""

    of: OfCall
    phase: Phase
    first_audio_ms: int | None = None
    micro_usd: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0


_TURN = insert(CallTurn)
_SAVE_TURN = _TURN.on_conflict_do_update(
    index_elements=["call_id", "ordinal"],
    set_={field.name: getattr(_TURN.excluded, field.name) for field in fields(Turn) if field.name != "ordinal"},
    where=CallTurn.account_id == _TURN.excluded.account_id,
)
_APPEND_JOURNAL = insert(JournalPage).on_conflict_do_nothing(index_elements=["call_id", "seq"])
_REPORT = insert(Trouble)
_PROGRESS = (
    update(Call.__table__)  # type: ignore[arg-type]  # __table__ is a Table; the stubs say FromClause
    .where(Call.account_id == bindparam("of_account"), Call.id == bindparam("of_call"))
    .values(
        phase=case((Call.ended_at.is_(None), bindparam("new_phase", type_=Call.phase.type)), else_=Call.phase),
        first_audio_ms=func.coalesce(Call.first_audio_ms, bindparam("new_first_audio")),
        cost_micro_usd=Call.cost_micro_usd + bindparam("more_micro_usd"),
        input_tokens=Call.input_tokens + bindparam("more_input"),
        cached_tokens=Call.cached_tokens + bindparam("more_cached"),
        output_tokens=Call.output_tokens + bindparam("more_output"),
    )
)


async def save_turns(session: AsyncSession, turns: Sequence[tuple[OfCall, Turn]]) -> None:
    """Keep turns of any calls; a turn told again replaces the one of the same ordinal."""
    latest = {(of.call_id, turn.ordinal): (of, turn) for of, turn in turns}
    rows = [{"account_id": of.account_id, "call_id": of.call_id, **asdict(turn)} for of, turn in latest.values()]
    if rows:
        await (await session.connection()).execute(_SAVE_TURN, rows)


async def append_journals(session: AsyncSession, pages: Sequence[tuple[OfCall, int, str]]) -> None:
    """Keep pages of journals; a page that is there already stays."""
    rows = [{"account_id": of.account_id, "call_id": of.call_id, "seq": seq, "lines": text} for of, seq, text in pages]
    if rows:
        await (await session.connection()).execute(_APPEND_JOURNAL, rows)


async def report_troubles(session: AsyncSession, troubles: Sequence[tuple[OfCall, str, str, datetime]]) -> None:
    rows = [
        {"id": new_id(at), "account_id": of.account_id, "call_id": of.call_id, "what": what, "code": code, "at": at}
        for of, what, code, at in troubles
    ]
    if rows:
        await (await session.connection()).execute(_REPORT, rows)


async def save_progress(session: AsyncSession, changes: Sequence[Progress]) -> None:
    """Add what calls have cost and tell where they are; an ended call stays ended, its last cost still counts."""
    rows = [
        {
            "of_account": change.of.account_id,
            "of_call": change.of.call_id,
            "new_phase": change.phase,
            "new_first_audio": change.first_audio_ms,
            "more_micro_usd": change.micro_usd,
            "more_input": change.input_tokens,
            "more_cached": change.cached_tokens,
            "more_output": change.output_tokens,
        }
        for change in changes
    ]
    if rows:
        await (await session.connection()).execute(_PROGRESS, rows)
