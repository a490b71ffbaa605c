"""Relative links in Markdown lead somewhere, headings included."""

import posixpath
import re
import sys
from collections.abc import Iterator

from tools.project import Finding, Project, report

_LINK = re.compile(r"(?<!`)\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*$")
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def check(project: Project) -> Iterator[Finding]:
    for path in project.files(".md"):
        for number, line in _prose(project, path):
            for target in _LINK.findall(line):
                if not _SCHEME.match(target) and (fault := _fault(project, path, target)):
                    yield Finding(path, number, fault)


def _prose(project: Project, path: str) -> Iterator[tuple[int, str]]:
    """The numbered lines outside code blocks."""
    in_code = False
    for number, line in enumerate(project.lines(path), 1):
        if line.lstrip().startswith("```"):
            in_code = not in_code
        elif not in_code:
            yield number, line


def _fault(project: Project, path: str, target: str) -> str | None:
    name, _, anchor = target.partition("#")
    found = posixpath.normpath(posixpath.join(posixpath.dirname(path), name)) if name else path
    if not project.exists(found):
        return f"{target} does not exist"
    if anchor and found.endswith(".md") and anchor not in _anchors(project, found):
        return f"{found} has no heading #{anchor}"
    return None


def _anchors(project: Project, path: str) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    headings = (found[1] for _, line in _prose(project, path) if (found := _HEADING.match(line)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


if __name__ == "__main__":
    sys.exit(report(check))
