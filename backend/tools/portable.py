"""The repository names no machine and no package registry, and locks pin what they install by hash."""

import re
import sys
from collections.abc import Iterator

from tools.project import Finding, Project, report

# A letter in brackets keeps these patterns from matching this file.
_MACHINE = re.compile(r"(?<![\w.}~-])/(?:wor[k]|far[m]|roo[t]|op[t]|hom[e]|User[s])/[A-Za-z.]")
_REGISTRY = re.compile(r"pytho[n]hosted\.org|pyp[i]\.org/simple|registry\.npmj[s]|registry\.yarnpk[g]")
_INDEX = re.compile(r"^\s*(?:-i\b|-f\b|--(?:extra-)?index-url|--find-links|--trusted-host)|\s@\s*https?://")
_BINARY = (".wav", ".png", ".ico", ".jpg", ".woff2", ".gz")


def check(project: Project) -> Iterator[Finding]:
    for path in project.files():
        if path.endswith(_BINARY):
            continue
        lines = project.lines(path)
        for number, line in enumerate(lines, 1):
            if _MACHINE.search(line):
                yield Finding(path, number, "names a path of some machine")
            if _REGISTRY.search(line):
                yield Finding(path, number, "names a package registry")
        if re.search(r"(^|/)requirements[\w-]*\.txt$", path):
            yield from _loose_requirements(path, lines)
        if path.endswith("package-lock.json"):
            yield from _resolved_addresses(path, lines)


def _loose_requirements(path: str, lines: list[str]) -> Iterator[Finding]:
    """Requirements without a hash of what they install, and index addresses."""
    for number, line in enumerate(lines, 1):
        if _INDEX.search(line):
            yield Finding(path, number, "a lock holds no index address")
        is_requirement = bool(line) and not line[0].isspace() and not line.startswith(("#", "-"))
        following = lines[number] if number < len(lines) else ""
        if is_requirement and "--hash=sha256:" not in line + following:
            yield Finding(path, number, "a locked requirement carries hashes")


def _resolved_addresses(path: str, lines: list[str]) -> Iterator[Finding]:
    for number, line in enumerate(lines, 1):
        if '"resolved":' in line:
            yield Finding(path, number, "a lock holds no address (npm: omit-lockfile-registry-resolved)")


if __name__ == "__main__":
    sys.exit(report(check))
