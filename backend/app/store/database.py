"""The database of a process: its address, its pool, its schema."""

import asyncio
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from app.core.config import Settings
from app.store.embedded import EmbeddedPostgres
from app.store.migrations import upgrade

_CONNECT_S = 1.0
"""A database that does not answer by then counts as down: a caller is waiting for the webhook's answer."""
_STATEMENT_S = 10.0
# A live call writes for about a millisecond every few seconds, so that 200 of them keep few connections busy. The
# embedded server takes 100 connections, of several processes.
_POOL = 10
_OVERFLOW = 15
_POOL_WAIT_S = 2.0


def driver_url(url: str) -> URL:
    """The address as SQLAlchemy's asyncpg dialect reads it: libpq's `sslmode` is called `ssl` there."""
    parsed = make_url(url)
    mode = parsed.query.get("sslmode")
    return parsed if mode is None else parsed.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})


def make_engine(url: str, **options: Any) -> AsyncEngine:  # noqa: ANN401 - SQLAlchemy's own options
    """An engine whose errors and logs never show what was stored."""
    return create_async_engine(driver_url(url), hide_parameters=True, **options)


class Database:
    """Sessions, and the embedded server where there is one. `url` is the address for SQLAlchemy with asyncpg."""

    def __init__(self, url: str, embedded: EmbeddedPostgres | None = None) -> None:
        self.url = url
        self._embedded = embedded
        self._engine = make_engine(
            url,
            pool_size=_POOL,
            max_overflow=_OVERFLOW,
            pool_timeout=_POOL_WAIT_S,
            # A server that was restarted leaves dead connections in the pool: they are found before they are used.
            pool_pre_ping=True,
            pool_recycle=1800,
            connect_args={"timeout": _CONNECT_S, "command_timeout": _STATEMENT_S},
        )
        self.sessions: async_sessionmaker[AsyncSession] = async_sessionmaker(self._engine, expire_on_commit=False)

    async def upgrade(self) -> None:
        """Bring the schema up to date; several processes may try at once, one does it."""
        await upgrade(make_engine(self.url))

    async def close(self) -> None:
        """Give back every connection, and stop the embedded server if this process started it."""
        await self._engine.dispose()
        if self._embedded is not None:
            await asyncio.to_thread(self._embedded.stop)


async def open_database(settings: Settings) -> Database:
    """The database of DATABASE_URL, not yet connected to; without one the embedded PostgreSQL, running.

    Raises NoPostgres, CannotRunAsRoot, WrongMajor or EmbeddedDatabaseFailed, each telling what would help.
    """
    if settings.async_database_url:
        return Database(settings.async_database_url)
    embedded = await asyncio.to_thread(EmbeddedPostgres, settings.data_dir)
    await asyncio.to_thread(embedded.start)
    return Database(embedded.url, embedded)
