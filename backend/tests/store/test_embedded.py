"""The embedded PostgreSQL: whatever dies, no row is lost, nothing is left running, and somebody keeps it up."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.store.binaries import find_binaries
from app.store.cluster import EmbeddedDatabaseFailed, WrongMajor
from app.store.database import Database
from app.store.embedded import EmbeddedPostgres

BACKEND = Path(__file__).parents[2]
PATIENCE_S = 60.0
FOLDER = f"pg{find_binaries().major}"


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds; fail when it does not for very long."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def servers_on(folder: Path) -> list[int]:
    """The processes that work in a data folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder):
                found.append(process.pid)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


async def ask(url: str, statement: str) -> object:
    database = Database(url)
    try:
        async with database.sessions.begin() as session:
            return await session.scalar(text(statement))
    finally:
        await database.close()


async def do(url: str, statement: str) -> None:
    database = Database(url)
    async with database.sessions.begin() as session:
        await session.execute(text(statement))
    await database.close()


class Holder:
    """Another process that holds the database of a folder."""

    def __init__(self, data_dir: Path, *arguments: str) -> None:
        command = [sys.executable, "-m", "tests.store.holder", str(data_dir), *arguments]
        self.process = subprocess.Popen(command, cwd=BACKEND, stdout=subprocess.PIPE, text=True)
        self.server_pid = int(self._line("ready").split()[1])

    def _line(self, beginning: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(beginning):
                return line
        raise AssertionError("the holder ended")

    def wait_for(self, line: str) -> None:
        self._line(line)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@pytest.fixture
def start() -> Iterator[Callable[[Path], EmbeddedPostgres]]:
    """Starts servers that are stopped when the test ends."""
    started: list[EmbeddedPostgres] = []

    def start(data_dir: Path) -> EmbeddedPostgres:
        server = EmbeddedPostgres(data_dir)
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def hold(tmp_path: Path) -> Iterator[Callable[..., Holder]]:
    """Starts other processes that hold the database in `tmp_path`; what is left of them is killed."""
    started: list[Holder] = []

    def hold(*arguments: str) -> Holder:
        started.append(Holder(tmp_path, *arguments))
        return started[-1]

    yield hold
    for holder in started:
        holder.kill()


Start = Callable[[Path], EmbeddedPostgres]
Hold = Callable[..., Holder]


class TestAServer:
    async def test_keeps_its_data_from_one_start_to_the_next(self, tmp_path: Path, start: Start) -> None:
        first = start(tmp_path)
        await do(first.url, "CREATE TABLE kept AS SELECT 7 AS n")
        first.stop()

        second = start(tmp_path)

        assert await ask(second.url, "SELECT n FROM kept") == 7

    async def test_leaves_nothing_running_when_stopped(self, tmp_path: Path, start: Start) -> None:
        server = start(tmp_path)
        assert server.pid in servers_on(tmp_path / FOLDER)

        server.stop()

        assert servers_on(tmp_path / FOLDER) == []
        assert not (tmp_path / FOLDER / "postmaster.pid").exists()

    async def test_sorts_and_changes_case_as_unicode_does(self, tmp_path: Path, start: Start) -> None:
        server = start(tmp_path)

        assert await ask(server.url, "SELECT lower('ÉCOLE')") == "école"

    async def test_can_be_stopped_twice(self, tmp_path: Path, start: Start) -> None:
        server = start(tmp_path)

        server.stop()
        server.stop()

        assert server.pid is None

    async def test_has_its_socket_elsewhere_when_the_path_is_too_long(self, tmp_path: Path, start: Start) -> None:
        server = start(tmp_path / ("deep" * 30))

        assert await ask(server.url, "SELECT 1") == 1

    async def test_starts_after_an_interrupted_first_start(self, tmp_path: Path, start: Start) -> None:
        (tmp_path / f"{FOLDER}.partial").mkdir()
        (tmp_path / f"{FOLDER}.partial" / "PG_VERSION").write_text("half")

        server = start(tmp_path)

        assert await ask(server.url, "SELECT 1") == 1

    async def test_is_reachable_by_nobody_else(self, tmp_path: Path, start: Start) -> None:
        server = start(tmp_path)
        assert server.pid is not None

        assert (tmp_path / FOLDER).stat().st_mode & 0o077 == 0
        assert [c for c in psutil.Process(server.pid).net_connections("inet") if c.status == "LISTEN"] == []


class TestAnotherVersion:
    def test_in_the_folder_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / FOLDER).mkdir()
        (tmp_path / FOLDER / "PG_VERSION").write_text("17\n")

        with pytest.raises(WrongMajor, match="PostgreSQL 17"):
            EmbeddedPostgres(tmp_path).start()

    def test_beside_the_folder_is_not_passed_over(self, tmp_path: Path) -> None:
        (tmp_path / "pg12").mkdir()
        (tmp_path / "pg12" / "PG_VERSION").write_text("12\n")

        with pytest.raises(WrongMajor, match="pg_dump"):
            EmbeddedPostgres(tmp_path).start()

    def test_leaves_no_lock_behind(self, tmp_path: Path, start: Start) -> None:
        (tmp_path / "pg12").mkdir()
        (tmp_path / "pg12" / "PG_VERSION").write_text("12\n")
        with pytest.raises(WrongMajor):
            EmbeddedPostgres(tmp_path).start()
        (tmp_path / "pg12" / "PG_VERSION").unlink()

        assert start(tmp_path).pid is not None


class TestABrokenServer:
    def test_tells_why_it_does_not_start(self, tmp_path: Path) -> None:
        server = EmbeddedPostgres(tmp_path, {"shared_buffers": "nonsense"})

        with pytest.raises(EmbeddedDatabaseFailed, match="shared_buffers"):
            server.start()

    async def test_is_started_again_when_it_was_killed(self, tmp_path: Path, start: Start) -> None:
        server = start(tmp_path)
        await do(server.url, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        killed = server.pid
        assert killed is not None

        os.kill(killed, signal.SIGKILL)
        until(lambda: server.pid not in (None, killed) and server.is_ready)

        assert await ask(server.url, "SELECT count(*) FROM kept") == 1000

    async def test_is_found_again_by_the_pool(self, tmp_path: Path, start: Start) -> None:
        server = start(tmp_path)
        database = Database(server.url)
        async with database.sessions() as session:
            await session.scalar(text("SELECT 1"))
        killed = server.pid
        assert killed is not None

        os.kill(killed, signal.SIGKILL)
        until(lambda: server.pid not in (None, killed) and server.is_ready)

        async with database.sessions() as session:
            assert await session.scalar(text("SELECT 1")) == 1
        await database.close()

    @pytest.mark.parametrize("state", ["ready", "starting"])
    async def test_does_not_trip_over_the_pid_file_of_a_dead_one(
        self, tmp_path: Path, start: Start, state: str
    ) -> None:
        first = start(tmp_path)
        pid_file = tmp_path / FOLDER / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
        first.stop()
        # The number of the dead server now belongs to somebody else, who is very much alive.
        lines[0], lines[7] = str(os.getppid()), state
        pid_file.write_text("\n".join(lines) + "\n")

        second = start(tmp_path)

        assert second.pid not in (None, os.getppid())
        assert await ask(second.url, "SELECT 1") == 1


class TestSeveralProcesses:
    async def test_use_one_server(self, tmp_path: Path, start: Start, hold: Hold) -> None:
        holder = hold()

        guest = start(tmp_path)

        assert guest.pid == holder.server_pid
        guest.stop()
        assert holder.server_pid in servers_on(tmp_path / FOLDER)

    async def test_take_over_when_the_holder_is_killed(self, tmp_path: Path, start: Start, hold: Hold) -> None:
        holder = hold("3")
        holder.wait_for("2")
        guest = start(tmp_path)

        holder.kill()
        until(lambda: guest.pid not in (None, holder.server_pid) and guest.is_ready)

        assert await ask(guest.url, "SELECT count(*) FROM kept") == 3

    async def test_take_over_when_the_holder_stops(self, tmp_path: Path, start: Start) -> None:
        holder, guest = start(tmp_path), start(tmp_path)
        before = holder.pid

        holder.stop()
        until(lambda: guest.pid not in (None, before) and guest.is_ready)

        assert await ask(guest.url, "SELECT 1") == 1

    async def test_leave_nothing_behind_and_lose_nothing_when_killed(
        self, tmp_path: Path, start: Start, hold: Hold
    ) -> None:
        holder = hold("100000")
        holder.wait_for("200")

        holder.kill()

        until(lambda: servers_on(tmp_path / FOLDER) == [])
        after = start(tmp_path)
        try:
            kept = await ask(after.url, "SELECT count(*) FROM kept WHERE n <= 200")
        except SQLAlchemyError as error:
            pytest.fail(f"the database did not recover: {error}")
        assert kept == 201
