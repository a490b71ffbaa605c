"""The database as the process sees it: found by its settings, known to be down soon, back when it is back."""

import asyncio
import socket
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import make_url, text
from sqlalchemy.exc import SQLAlchemyError

from app.core.config import Settings
from app.store.binaries import find_binaries
from app.store.database import Database, driver_url, open_database


class TestDriverUrl:
    def test_calls_the_mode_of_encryption_as_the_driver_does(self) -> None:
        url = driver_url("postgresql+asyncpg://u:p@host/db?sslmode=require&application_name=x")

        assert dict(url.query) == {"ssl": "require", "application_name": "x"}

    def test_leaves_other_addresses_alone(self) -> None:
        url = "postgresql+asyncpg://postgres@/db?host=/run"

        assert driver_url(url) == make_url(url)


class TestOpenDatabase:
    async def test_uses_the_one_of_the_settings(self, database_url: str, tmp_path: Path) -> None:
        settings = Settings(database_url=database_url, data_dir=tmp_path / "unused")

        database = await open_database(settings)
        async with database.sessions() as session:
            assert await session.scalar(text("SELECT count(*) FROM calls")) == 0
        await database.close()

        assert not (tmp_path / "unused").exists()

    async def test_takes_user_and_password_from_their_own_settings(self, postgres: object, database_url: str) -> None:
        address = database_url.replace("postgres@", "").replace("+asyncpg", "").replace("///", "//localhost/")
        settings = Settings(database_url=address, db_username="postgres", db_password=SecretStr("a b/c@d"))

        database = await open_database(settings)
        async with database.sessions() as session:
            assert await session.scalar(text("SELECT current_user")) == "postgres"
        await database.close()

    def test_keeps_an_address_without_a_host(self) -> None:
        settings = Settings(database_url="postgresql:///calls?host=/run/postgresql")

        assert settings.async_database_url == "postgresql+asyncpg:///calls?host=/run/postgresql"

    async def test_starts_the_embedded_one_without_an_address(self, tmp_path: Path) -> None:
        database = await open_database(Settings(database_url="", data_dir=tmp_path))
        try:
            await database.upgrade()
            await database.upgrade()
            async with database.sessions() as session:
                assert await session.scalar(text("SELECT count(*) FROM calls")) == 0
        finally:
            await database.close()

        assert not (tmp_path / f"pg{find_binaries().major}" / "postmaster.pid").exists()


class TestADatabaseThatIsDown:
    async def test_is_noticed_when_nobody_listens(self, unused_tcp_port: int) -> None:
        database = Database(f"postgresql+asyncpg://u:p@127.0.0.1:{unused_tcp_port}/db")

        with pytest.raises((OSError, SQLAlchemyError)):
            await self._ask(database)

    async def test_is_noticed_when_it_never_answers(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            database = Database(f"postgresql+asyncpg://u:p@127.0.0.1:{silent.getsockname()[1]}/db")

            async with asyncio.timeout(8):
                with pytest.raises((OSError, SQLAlchemyError)):
                    await self._ask(database)

    async def _ask(self, database: Database) -> None:
        try:
            async with database.sessions() as session:
                await session.scalar(text("SELECT 1"))
        finally:
            await database.close()


class TestErrors:
    async def test_do_not_show_the_parameters_of_a_statement(self, database: Database) -> None:
        async with database.sessions() as session:
            with pytest.raises(SQLAlchemyError) as refusal:
                await session.execute(text("SELECT cast(:words AS text), 1 / 0"), {"words": "my secret diary"})

        assert "division by zero" in str(refusal.value)
        assert "diary" not in str(refusal.value)
