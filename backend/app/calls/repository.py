"""Queries on calls: of one account, and those of the carrier's webhooks, which know no account."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Uuid, any_, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from app.calls.models import Call, CallTurn, JournalPage, Leg, Recording, StreamToken, ToolCall
from app.store.model import Base

Columns = Mapping[str, Any]


class CallRepository:
    """The calls of one account and everything that belongs to them."""

    def __init__(self, session: AsyncSession, account_id: uuid.UUID) -> None:
        self._session = session
        self._account_id = account_id

    async def get(self, call_id: uuid.UUID) -> Call | None:
        return await self._session.scalar(self._calls().where(Call.id == call_id))

    async def whole(self, call_id: uuid.UUID) -> Call | None:
        """A call with its legs, turns, tool calls and troubles."""
        parts = [selectinload(part) for part in (Call.legs, Call.turns, Call.tool_calls, Call.troubles)]
        return await self._session.scalar(self._calls().where(Call.id == call_id).options(*parts))

    async def newest(self, limit: int, *, before: uuid.UUID | None, carrier_call_id: str | None) -> list[Call]:
        """Calls with their troubles, newest first; ids are in the order of the calls' beginnings."""
        calls = self._calls().options(selectinload(Call.troubles)).order_by(Call.id.desc()).limit(limit)
        if before is not None:
            calls = calls.where(Call.id < before)
        if carrier_call_id is not None:
            calls = calls.where(Call.carrier_call_id == carrier_call_id)
        return list(await self._session.scalars(calls))

    async def change(self, call_id: uuid.UUID, values: Columns, *conditions: ColumnElement[bool]) -> bool:
        """Update a call if the conditions hold; whether they did."""
        calls = update(Call).where(Call.account_id == self._account_id, Call.id == call_id, *conditions)
        statement = calls.values(**values).returning(Call.id).execution_options(synchronize_session=False)
        return await self._session.scalar(statement) is not None

    async def put(self, table: type[Base], key: Sequence[str], row: Columns, *, update: Columns | None) -> bool:
        """Insert a row; where one has this key, change it by `update`, or leave it when that is None.

        Tells whether a row was written. A row of another account is never touched.
        """
        statement = insert(table).values(account_id=self._account_id, **row)
        if update is None:
            statement = statement.on_conflict_do_nothing(index_elements=key)
        else:
            account_id = table.__table__.c.account_id
            statement = statement.on_conflict_do_update(
                index_elements=key, set_=update, where=account_id == self._account_id
            )
        result = await self._session.execute(statement.returning(literal(1)))
        return result.first() is not None

    async def change_leg(self, carrier_leg_id: str, values: Columns) -> None:
        legs = update(Leg).where(Leg.account_id == self._account_id, Leg.carrier_leg_id == carrier_leg_id)
        await self._session.execute(legs.values(**values).execution_options(synchronize_session=False))

    async def tool_call(self, call_id: uuid.UUID, tool_call_id: str) -> ToolCall | None:
        ours = select(ToolCall).where(ToolCall.account_id == self._account_id, ToolCall.call_id == call_id)
        fresh = ours.where(ToolCall.tool_call_id == tool_call_id).execution_options(populate_existing=True)
        return await self._session.scalar(fresh)

    async def settle_tool_call(self, call_id: uuid.UUID, tool_call_id: str, values: Columns) -> bool:
        """Update a tool call that has no output yet; whether there was one."""
        ours = update(ToolCall).where(ToolCall.account_id == self._account_id, ToolCall.call_id == call_id)
        unsettled = ours.where(ToolCall.tool_call_id == tool_call_id, ToolCall.output.is_(None))
        statement = unsettled.values(**values).returning(ToolCall.tool_call_id)
        return await self._session.scalar(statement.execution_options(synchronize_session=False)) is not None

    async def heard_turns(self, call_id: uuid.UUID) -> list[CallTurn]:
        """The turns of which something was heard, in order."""
        ours = select(CallTurn).where(CallTurn.account_id == self._account_id, CallTurn.call_id == call_id)
        return list(await self._session.scalars(ours.where(CallTurn.text != "").order_by(CallTurn.ordinal)))

    async def settled_tool_calls(self, call_id: uuid.UUID) -> list[ToolCall]:
        """The tool calls with an output, in the order in which they were asked for."""
        ours = select(ToolCall).where(ToolCall.account_id == self._account_id, ToolCall.call_id == call_id)
        settled = ours.where(ToolCall.output.is_not(None))
        return list(await self._session.scalars(settled.order_by(ToolCall.requested_at, ToolCall.tool_call_id)))

    async def recordings(self, call_id: uuid.UUID) -> list[Recording]:
        ours = select(Recording).where(Recording.account_id == self._account_id, Recording.call_id == call_id)
        fresh = ours.order_by(Recording.id).execution_options(populate_existing=True)
        return list(await self._session.scalars(fresh))

    async def journal_pages(self, call_id: uuid.UUID) -> list[str]:
        ours = select(JournalPage.lines).where(
            JournalPage.account_id == self._account_id, JournalPage.call_id == call_id
        )
        return list(await self._session.scalars(ours.order_by(JournalPage.seq)))

    async def last_journal_seq(self, call_id: uuid.UUID) -> int | None:
        ours = select(func.max(JournalPage.seq)).where(JournalPage.account_id == self._account_id)
        return await self._session.scalar(ours.where(JournalPage.call_id == call_id))

    async def next_ordinal(self, call_id: uuid.UUID) -> int:
        """The number of the next turn."""
        ours = select(func.coalesce(func.max(CallTurn.ordinal), -1) + 1).where(CallTurn.account_id == self._account_id)
        found = await self._session.scalar(ours.where(CallTurn.call_id == call_id))
        return int(found or 0)

    def _calls(self) -> Select[Call]:
        # Most writes bypass the session's objects, so reads must not serve what it remembers.
        return select(Call).where(Call.account_id == self._account_id).execution_options(populate_existing=True)


class CarrierCallRepository:
    """Calls of every account, found by what the carrier calls them."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add_unless_known(self, **columns: object) -> bool:
        row = insert(Call).values(**columns).on_conflict_do_nothing(index_elements=["carrier_call_id"])
        return await self._session.scalar(row.returning(Call.id)) is not None

    async def with_carrier_id(self, carrier_call_id: str) -> Call | None:
        calls = select(Call).where(Call.carrier_call_id == carrier_call_id)
        return await self._session.scalar(calls.execution_options(populate_existing=True))

    async def use_token(self, token_hash: bytes, carrier_call_id: str, now: datetime) -> bool:
        """Mark a token as used, if it is valid for this call; of two that try at once, one succeeds."""
        statement = (
            update(StreamToken)
            .where(StreamToken.token_hash == token_hash, StreamToken.used_at.is_(None), StreamToken.expires_at > now)
            .where(StreamToken.call_id == Call.id, Call.carrier_call_id == carrier_call_id)
            .values(used_at=now)
            .returning(StreamToken.call_id)
            .execution_options(synchronize_session=False)
        )
        return await self._session.scalar(statement) is not None

    async def token(self, token_hash: bytes) -> StreamToken | None:
        tokens = select(StreamToken).where(StreamToken.token_hash == token_hash)
        return await self._session.scalar(tokens.execution_options(populate_existing=True))

    async def streams_of(self, call_id: uuid.UUID) -> int:
        """How many streams have been offered to a call."""
        count = select(func.count()).select_from(StreamToken).where(StreamToken.call_id == call_id)
        return int(await self._session.scalar(count) or 0)

    async def unended_with_lease_before(self, now: datetime) -> list[Call]:
        unsettled = or_(Call.ended_at.is_(None), Call.disposition.is_(None))
        calls = select(Call).where(unsettled, Call.lease_until <= now).order_by(Call.lease_until)
        return list(await self._session.scalars(calls.execution_options(populate_existing=True)))

    async def known_carrier_ids(self, carrier_call_ids: Collection[str]) -> set[str]:
        known = select(Call.carrier_call_id).where(Call.carrier_call_id.in_(carrier_call_ids))
        return set(await self._session.scalars(known))

    async def renew_leases(self, call_ids: Collection[uuid.UUID], until: datetime) -> None:
        # One array parameter instead of a list of them: the statement is the same for any number of calls.
        ids = literal(list(call_ids), ARRAY(Uuid()))
        calls = update(Call).where(Call.id == any_(ids), Call.ended_at.is_(None))
        renewed = calls.values(lease_until=func.greatest(Call.lease_until, until))
        await self._session.execute(renewed.execution_options(synchronize_session=False))
