"""The records of calls: written while a call lives, read afterwards."""

import hashlib
import uuid
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Unpack

from sqlalchemy import ColumnElement, case, func, literal, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.callflow.commands import AddCost
from app.callflow.transitions import Phase
from app.callflow.words import Disposition, HangUpReason, NextStep, Speaker, ToolRecord, Turn
from app.calls.models import (
    Call,
    CallTurn,
    CarrierStatus,
    Direction,
    JournalPage,
    Leg,
    LegRole,
    Recording,
    RecordingStatus,
    StreamToken,
    ToolCall,
    ToolStatus,
    Trouble,
)
from app.calls.refusals import (
    BadCursor,
    CallNotFound,
    StreamTokenExpired,
    StreamTokenOfOtherCall,
    StreamTokenUnknown,
    StreamTokenUsed,
    ToolCallNotFound,
)
from app.calls.reports import LegReport, RecordingReport, Ring
from app.calls.repository import CallRepository, CarrierCallRepository, Columns
from app.core.ids import new_id
from app.core.phone import E164
from app.messaging.models import Message
from app.messaging.service import MessageService
from app.numbers.service import Line

FIRST_LEASE = timedelta(seconds=60)
"""How long a call that has just been received may take until a process holds its stream."""

_OVER = (
    CarrierStatus.COMPLETED,
    CarrierStatus.BUSY,
    CarrierStatus.FAILED,
    CarrierStatus.NO_ANSWER,
    CarrierStatus.CANCELED,
)
_PROVISIONAL = (Disposition.FAILED, Disposition.ABANDONED)


@dataclass(frozen=True, slots=True)
class CallPage:
    """Calls with their troubles, newest first; `next_cursor` is None on the last page."""

    calls: list[Call]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class CallDetail:
    """A call with its legs, turns, tool calls and troubles, and the messages left in it."""

    call: Call
    messages: list[Message]


async def renew_leases(session: AsyncSession, call_ids: Collection[uuid.UUID], until: datetime) -> None:
    """Tell that the calls this process holds are alive; a lease is never shortened."""
    await CarrierCallRepository(session).renew_leases(call_ids, until)


class CarrierCalls:
    """Calls as the carrier's webhooks see them, before any account is known: the only way to a call without one."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._calls = CarrierCallRepository(session)

    async def receive(self, line: Line, *, now: datetime, **ring: Unpack[Ring]) -> tuple[Call, bool]:
        """Record that somebody rings. The same call told again is the same record; the flag says it is new."""
        call_id = new_id(now)
        caller = ring["caller"]
        is_new = await self._calls.add_unless_known(
            id=call_id,
            account_id=line.account_id,
            number_id=line.number_id,
            assistant_id=line.assistant_id,
            carrier_call_id=ring["carrier_call_id"],
            direction=Direction.INBOUND,
            caller_identity=caller.identity,
            caller_number=caller.e164,
            called_number=ring["called"],
            attestation=ring["attestation"],
            forwarded_from=ring["forwarded_from"],
            carrier_status=CarrierStatus.RINGING,
            phase=Phase.RINGING,
            started_at=now,
            lease_until=now + FIRST_LEASE,
        )
        if is_new:
            leg = LegReport(ring["carrier_call_id"], LegRole.CALLER, caller.e164, CarrierStatus.RINGING)
            await CallService(self._session, line.account_id).save_leg(call_id, leg, now)
        call = await self.by_carrier_id(ring["carrier_call_id"])
        if call is None:
            raise CallNotFound
        return call, is_new

    async def by_carrier_id(self, carrier_call_id: str) -> Call | None:
        return await self._calls.with_carrier_id(carrier_call_id)

    async def issue_stream_token(self, call: Call, token: str, *, expires_at: datetime) -> None:
        """Let one stream open for this call with `token`, once, before `expires_at`."""
        self._session.add(
            StreamToken(
                token_hash=_token_hash(token), account_id=call.account_id, call_id=call.id, expires_at=expires_at
            )
        )
        await self._session.flush()

    async def claim_stream(self, token: str, carrier_call_id: str, *, now: datetime) -> Call:
        """The call a stream may open for; the token is used up.

        Raises StreamTokenUnknown, StreamTokenOfOtherCall (the token stays valid for its own call), StreamTokenUsed or
        StreamTokenExpired, which it also is once the call is over.
        """
        token_hash = _token_hash(token)
        call = await self.by_carrier_id(carrier_call_id)
        is_over = call is not None and call.ended_at is not None
        if call is not None and not is_over and await self._calls.use_token(token_hash, carrier_call_id, now):
            return call
        issued = await self._calls.token(token_hash)
        if issued is None:
            raise StreamTokenUnknown
        if call is None or issued.call_id != call.id:
            raise StreamTokenOfOtherCall
        raise StreamTokenUsed if issued.used_at is not None else StreamTokenExpired

    async def expired_leases(self, now: datetime) -> list[Call]:
        """Calls without an end or without an outcome that no living process holds; the longest forsaken first."""
        return await self._calls.unended_with_lease_before(now)

    async def streams_of(self, call: Call) -> int:
        """How many streams have been offered to this call: more than one means that streams broke."""
        return await self._calls.streams_of(call.id)

    async def known_carrier_ids(self, carrier_call_ids: Collection[str]) -> set[str]:
        """Those of the carrier's calls that are on record."""
        return await self._calls.known_carrier_ids(carrier_call_ids)


class CallService:
    """The calls of one account.

    Methods that change or read a call raise CallNotFound when the account has none such; parts of a call (turns, tool
    calls, legs, …) that belong to no call of the account are a bug of the caller, which their foreign key refuses.
    """

    def __init__(self, session: AsyncSession, account_id: uuid.UUID) -> None:
        self._session = session
        self._account_id = account_id
        self._calls = CallRepository(session, account_id)

    # --- how the call goes -----------------------------------------------------------------------------------------

    async def get(self, call_id: uuid.UUID) -> Call:
        call = await self._calls.get(call_id)
        if call is None:
            raise CallNotFound
        return call

    async def start(self, call_id: uuid.UUID, *, engine: str, now: datetime) -> None:
        """The call's stream is open: the call is answered. When a broken call resumes, the first answer stays."""
        call = await self.get(call_id)
        answered = {"answered_at": func.coalesce(Call.answered_at, now), "carrier_status": CarrierStatus.IN_PROGRESS}
        await self._change_unended(call_id, {"phase": Phase.GREETING, "engine": engine, **answered})
        await self._calls.change_leg(
            call.carrier_call_id, {"status": _unless_over(Leg.status, CarrierStatus.IN_PROGRESS)}
        )

    async def set_phase(self, call_id: uuid.UUID, phase: Phase) -> None:
        """Where the session is; an ended call stays ended."""
        await self._change_unended(call_id, {"phase": phase})

    async def set_first_audio(self, call_id: uuid.UUID, ms: int) -> None:
        """How long after the start of the stream the caller heard the first sound; of a resumed call, the first."""
        await self._change(call_id, {"first_audio_ms": func.coalesce(Call.first_audio_ms, ms)})

    async def set_next_step(self, call_id: uuid.UUID, step: NextStep, transfer_to: E164 | None = None) -> None:
        """What the carrier is told when it asks after the stream."""
        await self._change(call_id, {"next_step": step, "transfer_to": transfer_to})

    async def set_caller_name(self, call_id: uuid.UUID, name: str) -> None:
        await self._change(call_id, {"caller_name": name})

    async def add_cost(self, call_id: uuid.UUID, cost: AddCost) -> None:
        """Add to what the engine has cost so far."""
        sums = {
            "cost_micro_usd": Call.cost_micro_usd + cost.micro_usd,
            "input_tokens": Call.input_tokens + cost.input_tokens,
            "cached_tokens": Call.cached_tokens + cost.cached_tokens,
            "output_tokens": Call.output_tokens + cost.output_tokens,
        }
        await self._change(call_id, sums)

    async def save_outcome(
        self,
        call_id: uuid.UUID,
        disposition: Disposition,
        reason: HangUpReason,
        now: datetime,
        *,
        is_resumed: bool = False,
    ) -> bool:
        """How the call ended for the owner: the first word stays, and the answer tells whether this was it.

        A call that seemed failed or abandoned may still turn out to have been served. `is_resumed`: told by the session
        of a stream that went on after an earlier one had broken; it knows what was done before, and its word counts.
        """
        undecided: ColumnElement[bool] = Call.disposition.is_(None)
        if disposition not in _PROVISIONAL:
            undecided = or_(undecided, Call.disposition.in_(_PROVISIONAL))
        if is_resumed:
            undecided = or_(undecided, Call.disposition != Disposition.TRANSFERRED)
        outcome = {"disposition": disposition, "hang_up_reason": reason}
        is_first = await self._calls.change(call_id, outcome, undecided)
        if not is_first:
            await self.get(call_id)
        return is_first

    async def end(
        self, call_id: uuid.UUID, carrier_status: CarrierStatus, now: datetime, duration_s: int | None
    ) -> None:
        """The carrier's connection is over. Told again, only a duration not known before is added."""
        call = await self.get(call_id)
        ended = {
            "phase": Phase.ENDED,
            "carrier_status": _unless_over(Call.carrier_status, carrier_status),
            "ended_at": func.coalesce(Call.ended_at, now),
            "duration_s": func.coalesce(Call.duration_s, duration_s),
        }
        await self._change(call_id, ended)
        leg = {"status": _unless_over(Leg.status, carrier_status), "ended_at": func.coalesce(Leg.ended_at, now)}
        await self._calls.change_leg(call.carrier_call_id, leg)

    # --- what was said and done ------------------------------------------------------------------------------------

    async def save_turn(self, call_id: uuid.UUID, turn: Turn) -> None:
        """Keep a turn; told again, it replaces the turn of the same ordinal."""
        words = asdict(turn)
        await self._calls.put(CallTurn, ["call_id", "ordinal"], {"call_id": call_id, **words}, update=words)

    async def open_tool_call(
        self, call_id: uuid.UUID, tool_call_id: str, name: str, arguments: str, now: datetime
    ) -> ToolCall:
        """Enter a tool call into the ledger before anything is done; told again, the one already there."""
        row = {"call_id": call_id, "tool_call_id": tool_call_id, "name": name, "arguments": arguments}
        status = {"status": ToolStatus.REQUESTED, "requested_at": now}
        await self._calls.put(ToolCall, ["call_id", "tool_call_id"], {**row, **status}, update=None)
        return await self._tool_call(call_id, tool_call_id)

    async def finish_tool_call(
        self, call_id: uuid.UUID, tool_call_id: str, output: str, status: ToolStatus, now: datetime
    ) -> None:
        """Settle a tool call; the first outcome stays. Raises ToolCallNotFound."""
        outcome = {"output": output, "status": status, "finished_at": now}
        if not await self._calls.settle_tool_call(call_id, tool_call_id, outcome):
            await self._tool_call(call_id, tool_call_id)

    async def report_trouble(self, call_id: uuid.UUID, what: str, code: str, now: datetime) -> None:
        trouble = {"id": new_id(now), "call_id": call_id, "what": what, "code": code, "at": now}
        await self._calls.put(Trouble, ["id"], trouble, update=None)

    async def save_leg(self, call_id: uuid.UUID, leg: LegReport, now: datetime) -> None:
        """Keep what is known about a leg; a status after the last one changes nothing."""
        ended_at = now if leg.status in _OVER else None
        row = {**asdict(leg), "id": new_id(now), "call_id": call_id, "started_at": now, "ended_at": ended_at}
        changes = {
            "status": _unless_over(Leg.status, leg.status),
            "is_bridged": or_(Leg.is_bridged, literal(leg.is_bridged)),
            "ended_at": func.coalesce(Leg.ended_at, ended_at),
        }
        await self._calls.put(Leg, ["carrier_leg_id"], row, update=changes)

    async def save_recording(self, call_id: uuid.UUID, recording: RecordingReport, now: datetime) -> None:
        """Keep what the carrier tells about a recording; once it is more than in progress, that stays."""
        settled = Recording.status != RecordingStatus.IN_PROGRESS
        told = asdict(recording)
        changes = {name: case((settled, getattr(Recording, name)), else_=value) for name, value in told.items()}
        row = {**told, "id": new_id(now), "call_id": call_id, "created_at": now}
        await self._calls.put(Recording, ["carrier_recording_id"], row, update=changes)

    async def recordings(self, call_id: uuid.UUID) -> list[Recording]:
        """The call's recordings, oldest first."""
        return await self._calls.recordings(call_id)

    async def tools_done(self, call_id: uuid.UUID) -> list[ToolCall]:
        """The tool calls that were done, in the order in which they were asked for."""
        settled = await self._calls.settled_tool_calls(call_id)
        return [tool for tool in settled if tool.status is ToolStatus.DONE]

    # --- the journal, and going on after a break -------------------------------------------------------------------

    async def append_journal(self, call_id: uuid.UUID, seq: int, lines: str) -> None:
        """Keep a page of the journal (whole lines, each with its newline). A page that is there already stays."""
        row = {"call_id": call_id, "seq": seq, "lines": lines}
        await self._calls.put(JournalPage, ["call_id", "seq"], row, update=None)

    async def next_journal_seq(self, call_id: uuid.UUID) -> int:
        """The number of the next page: 0, or more for a call that resumes."""
        last = await self._calls.last_journal_seq(call_id)
        return 0 if last is None else last + 1

    async def next_ordinal(self, call_id: uuid.UUID) -> int:
        """The number of the next turn: 0, or more for a call that resumes."""
        return await self._calls.next_ordinal(call_id)

    async def journal(self, call_id: uuid.UUID) -> str:
        return "".join(await self._calls.journal_pages(call_id))

    async def seed(self, call_id: uuid.UUID) -> tuple[tuple[tuple[Speaker, str], ...], tuple[ToolRecord, ...]]:
        """What a new engine session has to be told: the turns as they were heard, the tools with an outcome."""
        turns = tuple((turn.speaker, turn.text) for turn in await self._calls.heard_turns(call_id))
        tools = tuple(
            ToolRecord(tool.tool_call_id, tool.name, tool.arguments, tool.output or "")
            for tool in await self._calls.settled_tool_calls(call_id)
        )
        return turns, tools

    # --- afterwards ------------------------------------------------------------------------------------------------

    async def page(self, limit: int, cursor: str | None = None, carrier_call_id: str | None = None) -> CallPage:
        """The next `limit` calls, newest first. Raises BadCursor for a cursor that no page gave."""
        before = _read_cursor(cursor)
        calls = await self._calls.newest(limit + 1, before=before, carrier_call_id=carrier_call_id)
        return CallPage(calls[:limit], str(calls[limit - 1].id) if len(calls) > limit else None)

    async def detail(self, call_id: uuid.UUID) -> CallDetail:
        """A call with everything that belongs to it. Raises CallNotFound."""
        call = await self._calls.whole(call_id)
        if call is None:
            raise CallNotFound
        return CallDetail(call, await MessageService(self._session, self._account_id).of_call(call_id))

    async def _change(self, call_id: uuid.UUID, values: Columns) -> None:
        if not await self._calls.change(call_id, values):
            raise CallNotFound

    async def _change_unended(self, call_id: uuid.UUID, values: Columns) -> None:
        if not await self._calls.change(call_id, values, Call.ended_at.is_(None)):
            await self.get(call_id)

    async def _tool_call(self, call_id: uuid.UUID, tool_call_id: str) -> ToolCall:
        tool_call = await self._calls.tool_call(call_id, tool_call_id)
        if tool_call is None:
            raise ToolCallNotFound
        return tool_call


def _unless_over(column: InstrumentedAttribute[CarrierStatus], status: CarrierStatus) -> ColumnElement[CarrierStatus]:
    """The new status, unless the stored one is final: the carrier's reports may arrive out of order."""
    return case((column.in_(_OVER), column), else_=status)


def _token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _read_cursor(cursor: str | None) -> uuid.UUID | None:
    try:
        return None if cursor is None else uuid.UUID(cursor)
    except ValueError:
        raise BadCursor from None
