"""A small work tree of git with the files that a test is about."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.project import Check, Project

Seeded = Callable[[dict[str, str]], Project]


@pytest.fixture
def seeded(tmp_path: Path) -> Seeded:
    def seed(files: dict[str, str]) -> Project:
        subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, "utf-8")
        return Project(tmp_path)

    return seed


@pytest.fixture
def faults(seeded: Seeded) -> Callable[[Check, dict[str, str]], list[str]]:
    """What a check says about a tree that holds just these files."""
    return lambda check, files: [str(finding) for finding in sorted(check(seeded(files)))]
