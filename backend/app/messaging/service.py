"""Messages for the owner."""

import uuid
from datetime import datetime
from typing import NotRequired, Required, TypedDict, Unpack

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import new_id
from app.core.phone import E164
from app.messaging.models import Message, MessageKind, Urgency
from app.messaging.repository import MessageRepository


class MessageWords(TypedDict, total=False):
    """What a message says and where it came from: the tool call that wrote it down, or the carrier's recording."""

    kind: Required[MessageKind]
    text: Required[str]
    caller_name: Required[str]
    callback_number: Required[E164 | None]
    urgency: Required[Urgency]
    tool_call_id: NotRequired[str | None]
    carrier_recording_id: NotRequired[str | None]


class MessageService:
    def __init__(self, session: AsyncSession, account_id: uuid.UUID) -> None:
        self._messages = MessageRepository(session, account_id)

    async def take(self, call_id: uuid.UUID, *, now: datetime, **words: Unpack[MessageWords]) -> Message:
        """Keep a message of a call; a repetition for the same tool call or recording gives the one already kept."""
        message = await self._messages.add_unless_known(id=new_id(now), call_id=call_id, created_at=now, **words)
        if message is None:
            origin = words.get("tool_call_id"), words.get("carrier_recording_id")
            message = await self._messages.of_origin(call_id, *origin)
        return message

    async def of_call(self, call_id: uuid.UUID) -> list[Message]:
        """The messages left in a call, oldest first."""
        return await self._messages.of_call(call_id)
