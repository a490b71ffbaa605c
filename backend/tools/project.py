"""The project's files as the checks see them, and what a check has to say about one."""

import ast
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A broken rule. `path` is relative to the project's root; `line` counts from 1."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class Project:
    """A work tree of git, addressed by paths relative to its root with forward slashes."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def _listed(self) -> list[str]:
        # Files that are new and not ignored count too: a check must fire before the commit, not after it.
        command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(command, cwd=self.root, check=True, capture_output=True, text=True).stdout
        return sorted(name for name in set(names.split("\0")) if name and (self.root / name).is_file())

    def files(self, *suffixes: str, under: str = "") -> list[str]:
        """Every tracked or new file below `under` whose name ends in one of `suffixes`; all of them without any."""
        return [name for name in self._listed if name.startswith(under) and (not suffixes or name.endswith(suffixes))]

    def exists(self, path: str) -> bool:
        return (self.root / path).exists()

    def text(self, path: str) -> str:
        return (self.root / path).read_text("utf-8")

    def lines(self, path: str) -> list[str]:
        return self.text(path).splitlines()

    def tree(self, path: str) -> ast.Module:
        return ast.parse(self.text(path), path)


Check = Callable[[Project], Iterable[Finding]]

HERE = Project(Path(__file__).resolve().parents[2])
"""The project that these tools belong to."""


def report(check: Check, project: Project = HERE) -> int:
    """Print every finding and return the exit status of a check that runs alone."""
    findings = sorted(check(project))
    for finding in findings:
        print(finding)
    return 1 if findings else 0
