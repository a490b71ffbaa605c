"""Messages are kept once, whoever tells them again."""

import asyncio

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.phone import E164
from app.messaging.models import MessageKind, Urgency
from app.messaging.service import MessageService, MessageWords
from app.store.database import Database
from tests.factories.calls import a_call
from tests.factories.lines import NOW, a_line, another_line

WORDS = MessageWords(
    kind=MessageKind.TAKEN,
    text="Please call back about Thursday.",
    caller_name="Chris",
    callback_number=E164("+15550100001"),
    urgency=Urgency.URGENT,
)
VOICEMAIL = MessageWords(
    kind=MessageKind.VOICEMAIL, text="", caller_name="", callback_number=None, urgency=Urgency.NORMAL
)


def written(tool_call_id: str, words: MessageWords = WORDS) -> MessageWords:
    """A message that a tool call wrote down."""
    return {**words, "tool_call_id": tool_call_id}


def recorded(carrier_recording_id: str) -> MessageWords:
    """A message that the caller recorded."""
    return {**VOICEMAIL, "carrier_recording_id": carrier_recording_id}


class TestTake:
    async def test_keeps_what_was_said(self, session: AsyncSession) -> None:
        call = await a_call(session, await a_line(session))

        message = await MessageService(session, call.account_id).take(call.id, now=NOW, **WORDS)

        assert (message.text, message.caller_name) == ("Please call back about Thursday.", "Chris")
        assert (message.callback_number, message.urgency, message.created_at) == ("+15550100001", Urgency.URGENT, NOW)

    async def test_keeps_one_for_each_tool_call(self, session: AsyncSession) -> None:
        call = await a_call(session, await a_line(session))
        messages = MessageService(session, call.account_id)
        first = await messages.take(call.id, now=NOW, **written("t1"))
        again = await messages.take(call.id, now=NOW, **written("t1", VOICEMAIL))
        second = await messages.take(call.id, now=NOW, **written("t2"))

        assert (again.id, again.text) == (first.id, first.text)
        assert {m.id for m in await messages.of_call(call.id)} == {first.id, second.id}

    async def test_keeps_one_for_each_recording(self, session: AsyncSession) -> None:
        call = await a_call(session, await a_line(session))
        messages = MessageService(session, call.account_id)
        first = await messages.take(call.id, now=NOW, **recorded("RE1"))
        again = await messages.take(call.id, now=NOW, **recorded("RE1"))
        await messages.take(call.id, now=NOW, **written("t1"))

        assert again.id == first.id
        assert len(await messages.of_call(call.id)) == 2

    async def test_keeps_each_one_that_comes_from_nowhere_special(self, session: AsyncSession) -> None:
        call = await a_call(session, await a_line(session))
        messages = MessageService(session, call.account_id)

        taken = [await messages.take(call.id, now=NOW, **WORDS) for _ in range(2)]

        assert len({message.id for message in taken}) == 2

    async def test_keeps_one_when_told_several_times_at_once(self, database: Database) -> None:
        async with database.sessions.begin() as session:
            call = await a_call(session, await a_line(session))

        async def take() -> str:
            async with database.sessions.begin() as session:
                messages = MessageService(session, call.account_id)
                return str((await messages.take(call.id, now=NOW, **recorded("RE1"))).id)

        assert len(set(await asyncio.gather(*(take() for _ in range(5))))) == 1


class TestAnotherAccount:
    async def test_sees_no_messages(self, session: AsyncSession) -> None:
        call = await a_call(session, await a_line(session))
        await MessageService(session, call.account_id).take(call.id, now=NOW, **WORDS)

        strangers = MessageService(session, (await another_line(session)).account_id)

        assert await strangers.of_call(call.id) == []

    async def test_cannot_leave_one_in_a_call(self, session: AsyncSession) -> None:
        call = await a_call(session, await a_line(session))
        strangers = MessageService(session, (await another_line(session)).account_id)

        with pytest.raises(IntegrityError):
            await strangers.take(call.id, now=NOW, **WORDS)
