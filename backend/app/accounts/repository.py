"""Queries on accounts, people and keys."""

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account, ApiKey, Membership, Role, User


class PeopleRepository:
    """People and keys as they are found at the door, before any account is known."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def with_email(self, email: str) -> User | None:
        return await self._session.scalar(select(User).where(User.email == email))

    async def owned_by(self, user_id: uuid.UUID) -> Account | None:
        """The account this person has owned the longest."""
        owned = select(Membership.account_id).where(Membership.user_id == user_id, Membership.role == Role.OWNER)
        return await self._session.scalar(select(Account).where(Account.id.in_(owned)).order_by(Account.id).limit(1))

    async def key_with_hash(self, key_hash: bytes) -> ApiKey | None:
        return await self._session.scalar(select(ApiKey).where(ApiKey.key_hash == key_hash))


class KeyRepository:
    """The keys of one account."""

    def __init__(self, session: AsyncSession, account_id: uuid.UUID) -> None:
        self._session = session
        self._account_id = account_id

    async def named(self, name: str) -> ApiKey | None:
        return await self._session.scalar(
            select(ApiKey).where(ApiKey.account_id == self._account_id, ApiKey.name == name)
        )
