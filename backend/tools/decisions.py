"""Every accepted decision in docs/decisions is short, indexed, and enforced by checks that exist.

The line `Enforced by:` names them: contract `name` (import-linter), check `name` (a step of tools.check),
test `backend/tests/….py` or test `backend/tests/….py::name`.
"""

import re
import sys
import tomllib
from collections.abc import Iterator

from tools.project import Finding, Project, report

_FOLDER = "docs/decisions/"
_MAX_LINES = 60
_HEADINGS = ("## Context", "## Decision", "## Consequences")
_ENFORCER = re.compile(r"\b(contract|check|test) `([^`]+)`")


def check(project: Project) -> Iterator[Finding]:
    contracts = _contracts(project)
    index = project.text(f"{_FOLDER}README.md") if project.exists(f"{_FOLDER}README.md") else ""
    for path in project.files(".md", under=_FOLDER):
        name = path.removeprefix(_FOLDER)
        if name == "README.md":
            continue
        if not re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", name):
            yield Finding(path, 1, "a decision is named NNNN-words-with-dashes.md")
        if f"({name})" not in index:
            yield Finding(path, 1, f"{_FOLDER}README.md does not list it")
        yield from _faults(project, path, contracts)


def _faults(project: Project, path: str, contracts: set[str]) -> Iterator[Finding]:
    text = project.text(path)
    if text.count("\n") > _MAX_LINES:
        yield Finding(path, _MAX_LINES + 1, f"a decision has at most {_MAX_LINES} lines")
    for heading in _HEADINGS:
        if f"\n{heading}\n" not in text:
            yield Finding(path, 1, f"{heading} is missing")
    if "\nStatus: Accepted" not in text:
        return
    _, _, enforced = text.partition("\nEnforced by:")
    enforcers = _ENFORCER.findall(enforced)
    if not enforcers:
        yield Finding(path, 1, "an accepted decision names a check under `Enforced by:`")
    for kind, name in enforcers:
        if not _exists(project, kind, name, contracts):
            yield Finding(path, 1, f"there is no {kind} `{name}`")


def _exists(project: Project, kind: str, name: str, contracts: set[str]) -> bool:
    if kind == "contract":
        return name in contracts
    if kind == "check":
        return project.exists(f"backend/tools/{name}.py")
    file, _, test = name.partition("::")
    return project.exists(file) and (not test or bool(re.search(rf"\b(def|class) {test}\b", project.text(file))))


def _contracts(project: Project) -> set[str]:
    settings = tomllib.loads(project.text("backend/pyproject.toml"))
    return {contract["name"] for contract in settings["tool"]["importlinter"]["contracts"]}


if __name__ == "__main__":
    sys.exit(report(check))
