"""Writes the pages that are derived from the code: settings, phases of a call. With `--check` it compares only."""

import sys
from collections.abc import Iterator

from tools.phases_page import phases_page
from tools.project import HERE, Finding, Project, report
from tools.settings_page import example_environment, settings_page

_WRITTEN_BY = "<!-- Written by `python -m tools.reference`; change the code instead. -->"


def pages() -> dict[str, str]:
    """The derived files: path relative to the project's root, and the whole content."""
    return {
        "docs/reference/settings.md": settings_page(_WRITTEN_BY),
        "docs/reference/call-phases.md": phases_page(_WRITTEN_BY),
        ".env.example": example_environment(),
    }


def check(project: Project) -> Iterator[Finding]:
    for path, content in pages().items():
        if not project.exists(path) or project.text(path) != content:
            yield Finding(path, 1, "is not what the code says; run `python -m tools.reference`")


def write(project: Project) -> None:
    for path, content in pages().items():
        target = project.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, "utf-8")
        print(f"wrote {path}")


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        sys.exit(report(check))
    write(HERE)
