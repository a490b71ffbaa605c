"""Queries on messages."""

import uuid

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.messaging.models import Message


class MessageRepository:
    def __init__(self, session: AsyncSession, account_id: uuid.UUID) -> None:
        self._session = session
        self._account_id = account_id

    async def add_unless_known(self, **columns: object) -> Message | None:
        """Insert a message; None when its call has one of the same tool call or recording already."""
        row = insert(Message).values(account_id=self._account_id, **columns).on_conflict_do_nothing()
        return await self._session.scalar(row.returning(Message))

    async def of_origin(self, call_id: uuid.UUID, tool_call_id: str | None, recording_id: str | None) -> Message:
        """The message of a call that this tool call wrote down or that this recording holds."""
        origin = or_(Message.tool_call_id == tool_call_id, Message.carrier_recording_id == recording_id)
        ours = select(Message).where(Message.account_id == self._account_id, Message.call_id == call_id)
        return (await self._session.scalars(ours.where(origin))).one()

    async def of_call(self, call_id: uuid.UUID) -> list[Message]:
        """The messages left in a call, oldest first."""
        ours = select(Message).where(Message.account_id == self._account_id, Message.call_id == call_id)
        return list(await self._session.scalars(ours.order_by(Message.id)))
