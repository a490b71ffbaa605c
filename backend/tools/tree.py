"""ARCHITECTURE.md shows the tree as it is: every folder that has a purpose is listed, and nothing that is gone."""

import re
import sys
from collections.abc import Iterator

from tools.project import Finding, Project, report

_PAGE = "ARCHITECTURE.md"
_LISTED = re.compile(r"^([a-z.][\w./-]*/)(?=\s|$)")
_PARENTS = ("", "backend/", "backend/app/", "backend/app/adapters/", "backend/sandbox/", "docs/")


def check(project: Project) -> Iterator[Finding]:
    lines = project.lines(_PAGE) if project.exists(_PAGE) else []
    listed = {found[1]: number for number, line in enumerate(lines, 1) if (found := _LISTED.match(line))}
    folders = _folders(project)
    for folder in sorted(folders - listed.keys()):
        yield Finding(_PAGE, 1, f"{folder} is not in the tree; add a line that says what it is for")
    for folder in sorted(listed.keys() - _all_folders(project)):
        yield Finding(_PAGE, listed[folder], f"{folder} does not exist")


def _folders(project: Project) -> set[str]:
    """The folders that must be listed: those directly in one of _PARENTS."""
    return {folder for folder in _all_folders(project) if folder[: folder[:-1].rfind("/") + 1] in _PARENTS}


def _all_folders(project: Project) -> set[str]:
    parts = (path.split("/")[:-1] for path in project.files())
    return {"/".join(names[:depth]) + "/" for names in parts for depth in range(1, len(names) + 1)}


if __name__ == "__main__":
    sys.exit(report(check))
