"""Queries on assistants and renderings."""

import uuid
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistants.models import Assistant, Rendering


class AssistantRepository:
    def __init__(self, session: AsyncSession, account_id: uuid.UUID) -> None:
        self._session = session
        self._account_id = account_id

    async def get(self, assistant_id: uuid.UUID) -> Assistant | None:
        return await self._session.scalar(
            select(Assistant).where(Assistant.account_id == self._account_id, Assistant.id == assistant_id)
        )

    async def named(self, name: str) -> Assistant | None:
        """The oldest assistant of this name."""
        named = select(Assistant).where(Assistant.account_id == self._account_id, Assistant.name == name)
        return await self._session.scalar(named.order_by(Assistant.id).limit(1))


class RenderingRepository:
    def __init__(self, session: AsyncSession, account_id: uuid.UUID) -> None:
        self._session = session
        self._account_id = account_id

    async def with_hashes(self, hashes: Collection[bytes]) -> list[Rendering]:
        renderings = await self._session.scalars(
            select(Rendering).where(Rendering.account_id == self._account_id, Rendering.key_hash.in_(hashes))
        )
        return list(renderings)

    async def known_hashes(self, hashes: Collection[bytes]) -> set[bytes]:
        """Those of `hashes` that are rendered, without fetching any audio."""
        known = await self._session.scalars(
            select(Rendering.key_hash).where(Rendering.account_id == self._account_id, Rendering.key_hash.in_(hashes))
        )
        return set(known)

    async def add_unless_known(self, **columns: object) -> None:
        row = insert(Rendering).values(account_id=self._account_id, **columns)
        await self._session.execute(row.on_conflict_do_nothing(index_elements=["account_id", "key_hash"]))
