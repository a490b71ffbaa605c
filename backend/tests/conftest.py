"""A real PostgreSQL for every test that wants one: started once, migrated once, never shared between tests."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.pool import NullPool

from app.store.database import Database, make_engine
from app.store.embedded import EmbeddedPostgres
from app.store.migrations import upgrade

# What a crash of the machine would lose does not matter here; a crash of the server loses nothing even so.
_QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_TEMPLATE = "migrated"
_SHARED = "shared"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """The server of this test run, with the migrated database `migrated` to copy from."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("data"), _QUICK)
    server.start()
    asyncio.run(_prepare(server.url))
    yield server
    server.stop()


@pytest.fixture
async def empty_database_url(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    """The address of a new database without tables."""
    async for url in _new_database(postgres.url, "template1"):
        yield url


@pytest.fixture
async def database_url(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    """The address of a new, migrated database: for tests that commit, or that hand it to other processes."""
    async for url in _new_database(postgres.url, _TEMPLATE):
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A new, migrated database of this test's own."""
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
async def session(postgres: EmbeddedPostgres) -> AsyncIterator[AsyncSession]:
    """A session in a transaction that is rolled back after the test, whatever is committed meanwhile."""
    engine = make_engine(database_named(_SHARED, postgres.url), poolclass=NullPool)
    async with engine.connect() as connection:
        transaction = await connection.begin()
        async with AsyncSession(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as session:
            yield session
        await transaction.rollback()
    await engine.dispose()


def database_named(name: str, url: str) -> str:
    """The address of another database on the same server."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)


async def _prepare(url: str) -> None:
    await _administer(url, f"CREATE DATABASE {_TEMPLATE}")
    await upgrade(make_engine(database_named(_TEMPLATE, url)))
    await _administer(url, f"CREATE DATABASE {_SHARED} TEMPLATE {_TEMPLATE}")


async def _new_database(url: str, template: str) -> AsyncIterator[str]:
    name = f"test_{next(_numbers)}"
    await _administer(url, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    yield database_named(name, url)
    await _administer(url, f"DROP DATABASE {name} WITH (FORCE)")


async def _administer(url: str, statement: str) -> None:
    engine = make_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()
