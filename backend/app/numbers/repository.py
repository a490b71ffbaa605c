"""Queries on phone numbers."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.phone import E164
from app.numbers.models import PhoneNumber


class NumberRepository:
    """Numbers of every account: a number is found before anybody knows whose it is, and is unique in the world."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def all(self) -> list[PhoneNumber]:
        return list(await self._session.scalars(select(PhoneNumber).order_by(PhoneNumber.id)))

    async def with_number(self, number: E164) -> PhoneNumber | None:
        return await self._session.scalar(select(PhoneNumber).where(PhoneNumber.number == number))
