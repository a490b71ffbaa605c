"""Past calls, page by page and one by one."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.calls.refusals import BadCursor
from app.calls.service import CallService
from app.messaging.models import MessageKind, Urgency
from app.messaging.service import MessageService
from tests.factories.calls import a_call
from tests.factories.lines import NOW, a_line, another_line


async def five_calls(session: AsyncSession) -> CallService:
    """CA0 to CA4, a minute apart; between them a call of somebody else."""
    line = await a_line(session)
    for n in range(5):
        await a_call(session, line, f"CA{n}", at=NOW + n * timedelta(minutes=1))
    await a_call(session, await another_line(session), "CA-other", at=NOW + timedelta(minutes=2))
    return CallService(session, line.account_id)


class TestPages:
    async def test_show_the_newest_first_and_each_call_once(self, session: AsyncSession) -> None:
        calls = await five_calls(session)
        seen: list[list[str]] = []

        cursor, more = None, True
        while more:
            page = await calls.page(2, cursor)
            seen.append([call.carrier_call_id for call in page.calls])
            cursor, more = page.next_cursor, page.next_cursor is not None

        assert seen == [["CA4", "CA3"], ["CA2", "CA1"], ["CA0"]]

    async def test_end_exactly_at_the_last_call(self, session: AsyncSession) -> None:
        calls = await five_calls(session)

        assert (await calls.page(5)).next_cursor is None
        assert len((await calls.page(100)).calls) == 5

    async def test_do_not_shift_when_somebody_rings_meanwhile(self, session: AsyncSession) -> None:
        calls = await five_calls(session)
        first = await calls.page(2)
        await a_call(session, await a_line(session), "CA5", at=NOW + timedelta(hours=1))

        second = await calls.page(2, first.next_cursor)

        assert [call.carrier_call_id for call in second.calls] == ["CA2", "CA1"]

    async def test_put_a_call_reconciled_later_where_it_began(self, session: AsyncSession) -> None:
        calls = await five_calls(session)
        await a_call(session, await a_line(session), "CA-late", at=NOW + timedelta(seconds=90))

        page = await calls.page(4)

        assert [call.carrier_call_id for call in page.calls] == ["CA4", "CA3", "CA2", "CA-late"]

    async def test_find_a_call_by_the_carriers_id(self, session: AsyncSession) -> None:
        calls = await five_calls(session)

        assert [call.carrier_call_id for call in (await calls.page(5, None, "CA3")).calls] == ["CA3"]
        assert (await calls.page(5, None, "CA-other")).calls == []

    @pytest.mark.parametrize("cursor", ["", "nonsense", "\0", "1" * 64])
    async def test_refuse_a_cursor_that_no_page_gave(self, session: AsyncSession, cursor: str) -> None:
        calls = await five_calls(session)

        with pytest.raises(BadCursor):
            await calls.page(5, cursor)

    async def test_show_what_went_wrong(self, session: AsyncSession) -> None:
        calls = await five_calls(session)
        newest = (await calls.page(1)).calls[0]
        await calls.report_trouble(newest.id, "engine_lost", "1006", NOW + timedelta(seconds=1))
        await calls.report_trouble(newest.id, "engine_slow", "", NOW)

        (call,) = (await calls.page(1)).calls

        assert [(trouble.what, trouble.code) for trouble in call.troubles] == [
            ("engine_slow", ""),
            ("engine_lost", "1006"),
        ]


class TestDetail:
    async def test_holds_the_messages_of_the_call_only(self, session: AsyncSession) -> None:
        calls = await five_calls(session)
        first, second = (await calls.page(2)).calls
        messages = MessageService(session, first.account_id)
        for call, text in ((first, "for the owner"), (second, "of another call")):
            await messages.take(
                call.id,
                kind=MessageKind.TAKEN,
                text=text,
                caller_name="",
                callback_number=None,
                urgency=Urgency.NORMAL,
                now=NOW,
            )

        detail = await calls.detail(first.id)

        assert [message.text for message in detail.messages] == ["for the owner"]
