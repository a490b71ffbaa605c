"""`callassistant seed-demo` and `migrate`: what they make, twice, and what they say when they cannot."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import func, select, table

from app.accounts.service import authenticate_key
from app.assistants.service import AssistantService, PhraseBook
from app.callflow.words import PhraseKey
from app.core.errors import Forbidden
from app.core.phone import E164
from app.numbers.service import NumberService
from app.store.database import Database
from callassistant import migrate, seed_demo
from tests.factories.lines import NOW

Seed = Callable[..., dict[str, str]]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, empty_database_url: str) -> Iterator[None]:
    """The commands find an empty database, and leave logging as it was."""
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("JWT_SECRET_KEY", "a secret of this test")
    monkeypatch.setenv("PUBLIC_BASE_URL", "https://calls.example.com")
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def seed(capsys: pytest.CaptureFixture[str]) -> Seed:
    """Runs seed-demo and gives what it printed."""

    def seed(*arguments: str) -> dict[str, str]:
        assert seed_demo.main(list(arguments)) == 0
        printed: dict[str, str] = json.loads(capsys.readouterr().out)
        return printed

    return seed


@pytest.fixture
async def seeded(empty_database_url: str) -> AsyncIterator[Database]:
    database = Database(empty_database_url)
    yield database
    await database.close()


class TestSeedDemo:
    def test_prints_what_it_made(self, seed: Seed) -> None:
        made = seed()

        assert set(made) >= {"account_id", "number", "assistant_id", "owner_phone", "email", "api_key"}
        assert (made["number"], made["owner_phone"]) == ("+15550001111", "+15550002222")
        assert made["email"] == "demo@example.com"

    def test_makes_the_same_again(self, seed: Seed) -> None:
        assert seed() == seed()

    def test_takes_other_numbers(self, seed: Seed) -> None:
        made = seed("--number", "+1 555 000 7777", "--owner-phone", "+15550008888", "--email", "kim@example.com")

        assert (made["number"], made["owner_phone"]) == ("+15550007777", "+15550008888")
        assert made["account_id"] != seed()["account_id"]

    async def test_lets_the_assistant_answer_and_the_key_in(self, seed: Seed, seeded: Database) -> None:
        made = await _off_the_loop(seed)

        async with seeded.sessions() as session:
            line = await NumberService(session).line_for(E164(made["number"]))
            assert line is not None
            assert (str(line.account_id), str(line.assistant_id)) == (made["account_id"], made["assistant_id"])
            assert (await authenticate_key(session, made["api_key"], NOW)).account_id == line.account_id
            ava = await AssistantService(session, line.account_id).get(line.assistant_id)
            assert (ava.name, ava.transfer_number) == ("Ava", "+15550002222")
            assert ava.booking_link == "https://calls.example.com/b/demo"
            notice = PhraseBook(session, line.account_id).texts(ava)[PhraseKey.NOTICE]
            assert "recorded" in notice

    async def test_makes_one_of_everything(self, seed: Seed, seeded: Database) -> None:
        for _ in range(2):
            await _off_the_loop(seed)

        async with seeded.sessions() as session:
            for name in ("accounts", "users", "memberships", "api_keys", "assistants", "phone_numbers"):
                assert await session.scalar(select(func.count()).select_from(table(name))) == 1

    async def test_replaces_its_key_when_the_secret_changes(
        self, seed: Seed, seeded: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old = await _off_the_loop(seed)
        monkeypatch.setenv("JWT_SECRET_KEY", "another secret")
        new = await _off_the_loop(seed)

        async with seeded.sessions() as session:
            assert await authenticate_key(session, new["api_key"], NOW)
            with pytest.raises(Forbidden):
                await authenticate_key(session, old["api_key"], NOW)

    def test_makes_a_key_nobody_can_derive_without_a_secret(
        self, seed: Seed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("JWT_SECRET_KEY", "changeme")

        made = seed()

        assert made["api_key"] == seed()["api_key"]
        assert (tmp_path / "demo-secret").stat().st_mode & 0o077 == 0
        (tmp_path / "demo-secret").unlink()
        assert made["api_key"] != seed()["api_key"]

    def test_refuses_what_is_no_number(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert seed_demo.main(["--number", "call me"]) == 1
        assert "not_a_phone_number" in capsys.readouterr().err

    def test_refuses_a_number_of_another_account(self, seed: Seed, capsys: pytest.CaptureFixture[str]) -> None:
        seed()

        assert seed_demo.main(["--email", "kim@example.com"]) == 1
        assert "number_taken" in capsys.readouterr().err

    @pytest.mark.parametrize("command", [seed_demo.main, migrate.main])
    def test_says_when_there_is_no_database(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        command: Callable[[list[str]], int],
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        monkeypatch.setenv("DATABASE_URL", f"postgresql://u:p@127.0.0.1:{port}/db")

        assert command([]) == 1
        assert "does not answer" in capsys.readouterr().err


class TestMigrate:
    def test_brings_the_schema_up_to_date(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert migrate.main([]) == 0
        assert migrate.main([]) == 0
        assert "up to date" in capsys.readouterr().err


async def _off_the_loop(seed: Seed) -> dict[str, str]:
    """Run the command, which has a loop of its own, from a test that has one too."""
    return await asyncio.to_thread(seed)
