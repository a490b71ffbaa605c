"""The numbers we answer, and which assistant answers at each."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Conflict
from app.core.ids import new_id
from app.core.phone import E164
from app.numbers.models import PhoneNumber
from app.numbers.repository import NumberRepository


class NumberTaken(Conflict):
    code = "number_taken"


@dataclass(frozen=True, slots=True)
class Line:
    """A number in service: whose it is and who answers."""

    account_id: uuid.UUID
    number_id: uuid.UUID
    assistant_id: uuid.UUID
    number: E164


class NumberService:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._numbers = NumberRepository(session)

    async def line_for(self, number: E164) -> Line | None:
        """Who answers when this number is rung; None when it is not in service here."""
        found = await self._numbers.with_number(number)
        return None if found is None else Line(found.account_id, found.id, found.assistant_id, found.number)

    async def all_lines(self) -> list[Line]:
        """Every number in service, of every account; for work that is nobody's request, like reconciliation."""
        return [Line(n.account_id, n.id, n.assistant_id, n.number) for n in await self._numbers.all()]

    async def assign(self, number: E164, *, account_id: uuid.UUID, assistant_id: uuid.UUID, now: datetime) -> Line:
        """Let an assistant answer at this number from now on. Raises NumberTaken when another account has it."""
        found = await self._numbers.with_number(number)
        if found is None:
            found = PhoneNumber(id=new_id(now), account_id=account_id, number=number, created_at=now)
            self._session.add(found)
        elif found.account_id != account_id:
            raise NumberTaken
        found.assistant_id = assistant_id
        await self._session.flush()
        return Line(found.account_id, found.id, found.assistant_id, found.number)
