"""The schema: what the migrations make is what the models describe, whoever runs them and however many at once."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.pool import NullPool

from alembic import command
from app.store.database import make_engine
from app.store.migrations import configuration, upgrade
from app.store.model import Base

BACKEND = Path(__file__).parents[2]

CATALOGUE = """
SELECT 'column', table_name, column_name, data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '')
  FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL
SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
"""
WITHOUT_ACCOUNT = {"accounts", "users", "webhook_receipts", "alembic_version"}
"""Tenants themselves, people (who may belong to several) and what is written before an account is known."""


async def catalogue(url: str) -> set[tuple[str, ...]]:
    """Everything the database knows about its tables, except Alembic's own."""
    engine = make_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        rows = (await connection.execute(text(CATALOGUE))).all()
    await engine.dispose()
    return {tuple(row) for row in rows if row[1] != "alembic_version"}


async def run_alembic(url: str, step: str, *arguments: str) -> None:
    """Run one of Alembic's commands in a transaction of its own."""
    config = configuration()

    def run(connection: Connection) -> None:
        config.attributes["connection"] = connection
        getattr(command, step)(config, *arguments)

    engine = make_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(run)
    await engine.dispose()


class TestTheSchema:
    async def test_is_what_the_models_describe(self, database_url: str, empty_database_url: str) -> None:
        engine = make_engine(empty_database_url, poolclass=NullPool)
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        await engine.dispose()

        assert await catalogue(database_url) == await catalogue(empty_database_url)

    async def test_needs_no_new_revision(self, database_url: str) -> None:
        await run_alembic(database_url, "check")

        assert await catalogue(database_url) != set()

    async def test_says_whose_every_row_is(self, database_url: str) -> None:
        found = await catalogue(database_url)
        tables = {row[1] for row in found if row[0] == "column"}
        owned = {row[1] for row in found if row[0] == "column" and row[2] == "account_id" and "NO" in row[3]}

        assert tables - owned == WITHOUT_ACCOUNT - {"alembic_version"}

    async def test_lets_no_row_refer_to_another_accounts_call(self, database_url: str) -> None:
        references = [row[3] for row in await catalogue(database_url) if "REFERENCES calls" in row[3]]

        assert len(references) == 8
        assert all("(account_id, call_id) REFERENCES calls(account_id, id)" in rule for rule in references)


class TestMigrations:
    async def test_go_down_and_up_again(self, database_url: str) -> None:
        before = await catalogue(database_url)

        await run_alembic(database_url, "downgrade", "base")
        assert await catalogue(database_url) == set()
        await run_alembic(database_url, "upgrade", "head")

        assert await catalogue(database_url) == before

    async def test_are_done_once_when_two_processes_try(self, empty_database_url: str, database_url: str) -> None:
        await asyncio.gather(*(upgrade(make_engine(empty_database_url, poolclass=NullPool)) for _ in range(3)))

        assert await catalogue(empty_database_url) == await catalogue(database_url)

    async def test_wait_for_the_one_that_is_at_it(self, empty_database_url: str) -> None:
        blocker = make_engine(empty_database_url, poolclass=NullPool)
        async with blocker.connect() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(0x43414c4c)"))
            waiting = asyncio.create_task(upgrade(make_engine(empty_database_url, poolclass=NullPool)))
            await asyncio.sleep(0.3)
            assert not waiting.done()
            assert await catalogue(empty_database_url) == set()
            await connection.rollback()
            await waiting
        await blocker.dispose()

        assert await catalogue(empty_database_url) != set()

    async def test_run_from_the_command_line(self, empty_database_url: str, database_url: str) -> None:
        address = empty_database_url.replace("+asyncpg", "")
        program = [sys.executable, "-m", "alembic", "upgrade", "head"]
        environment = os.environ | {"DATABASE_URL": address}

        await asyncio.to_thread(subprocess.run, program, cwd=BACKEND, env=environment, check=True, timeout=120)

        assert await catalogue(empty_database_url) == await catalogue(database_url)
