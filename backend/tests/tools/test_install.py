import subprocess
from pathlib import Path

import pytest

from tools.install import ROOT, fingerprint, install_frontend, is_installed, node_version


def _program(folder: Path, name: str, script: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    program.chmod(0o755)


def test_a_stamp_holds_until_a_lock_or_the_place_changes(tmp_path: Path) -> None:
    lock, venv = tmp_path / "requirements.txt", tmp_path / ".venv"
    lock.write_text("foo==1")
    venv.mkdir()
    wanted = fingerprint(lock, venv)
    assert not is_installed(venv, wanted)

    (venv / ".installed").write_text(wanted)

    assert is_installed(venv, fingerprint(lock, venv))
    assert not is_installed(venv, fingerprint(lock, tmp_path / "moved"))
    lock.write_text("foo==2")
    assert not is_installed(venv, fingerprint(lock, venv))


@pytest.mark.parametrize(("said", "version"), [("v20.19.4", (20, 19)), ("v24.0.1", (24, 0)), ("", (0, 0))])
def test_nodes_version_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, version: tuple[int, ...]
) -> None:
    _program(tmp_path, "node", f"echo {said}")
    _program(tmp_path, "npm", "")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert node_version() == version


def test_an_old_node_is_refused_with_a_clear_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "package-lock.json").write_text("{}")
    _program(tmp_path, "node", "echo v18.20.0")
    _program(tmp_path, "npm", "")
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SystemExit, match=r"Node 20\.19 or newer is needed"):
        install_frontend(tmp_path)


def test_npm_runs_once_for_a_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "package-lock.json").write_text("{}")
    _program(tmp_path, "node", "echo v22.1.0")
    _program(tmp_path, "npm", f"echo ran >> {tmp_path}/npm.txt; /bin/mkdir -p {tmp_path}/node_modules")
    monkeypatch.setenv("PATH", str(tmp_path))

    install_frontend(tmp_path)
    install_frontend(tmp_path)

    assert (tmp_path / "npm.txt").read_text() == "ran\n"


def test_every_command_has_a_line_of_help() -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    for command in ("help", "setup", "run", "call", "test", "check", "bench", "clean"):
        assert f"  make {command} " in listed
