"""Who answers at which number."""

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.phone import E164
from app.numbers.service import NumberService, NumberTaken
from tests.factories.lines import NOW, NUMBER, OTHER_NUMBER, a_line, an_assistant, another_line


class TestLineFor:
    async def test_tells_who_answers(self, session: AsyncSession) -> None:
        line = await a_line(session)

        assert await NumberService(session).line_for(NUMBER) == line

    async def test_is_nobody_for_a_number_not_in_service(self, session: AsyncSession) -> None:
        assert await NumberService(session).line_for(E164("+15559999999")) is None


class TestAssign:
    async def test_moves_a_number_to_another_assistant_of_the_account(self, session: AsyncSession) -> None:
        line = await a_line(session)
        assistant = await an_assistant(session, email="owner@example.com")
        numbers = NumberService(session)

        again = await numbers.assign(NUMBER, account_id=line.account_id, assistant_id=assistant.id, now=NOW)

        assert again == line
        assert await numbers.all_lines() == [line]

    async def test_refuses_a_number_of_another_account(self, session: AsyncSession) -> None:
        line = await a_line(session)
        other = await another_line(session)

        with pytest.raises(NumberTaken):
            await NumberService(session).assign(
                OTHER_NUMBER, account_id=line.account_id, assistant_id=line.assistant_id, now=NOW
            )
        assert await NumberService(session).line_for(OTHER_NUMBER) == other

    async def test_cannot_borrow_the_assistant_of_another_account(self, session: AsyncSession) -> None:
        line = await a_line(session)
        other = await another_line(session)

        with pytest.raises(IntegrityError):
            await NumberService(session).assign(
                NUMBER, account_id=line.account_id, assistant_id=other.assistant_id, now=NOW
            )
