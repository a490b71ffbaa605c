"""Every fast check of the project, by name: `python -m tools.check [name …]` runs all of them or the named ones.

The steps are what `make check` and `.ci/run NAME` run; `--list` names them.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tools import decisions, imports, links, logs, portable, reference, rows, schemas, sizes, tree, vendor_words
from tools.project import HERE, Check, Project

Step = Callable[[Project], str]
"""Returns what is wrong, ready to print; nothing when all is well."""


def _command(program: str, *arguments: str) -> Step:
    return partial(_output_of_failure, (str(Path(sys.executable).with_name(program)), *arguments))


def _output_of_failure(command: tuple[str, ...], project: Project) -> str:
    done = subprocess.run(command, cwd=project.root / "backend", capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip() if done.returncode else ""


def _own(check: Check) -> Step:
    return lambda project: "\n".join(map(str, sorted(check(project))))


STEPS: dict[str, Step] = {
    "format": _command("ruff", "format", "--check", "."),
    "lint": _command("ruff", "check", "."),
    "contracts": _command("lint-imports", "--no-cache"),
    "types": _command("mypy"),
    "imports": _own(imports.check),
    "sizes": _own(sizes.check),
    "logs": _own(logs.check),
    "rows": _own(rows.check),
    "schemas": _own(schemas.check),
    "vendor_words": _own(vendor_words.check),
    "tree": _own(tree.check),
    "links": _own(links.check),
    "decisions": _own(decisions.check),
    "reference": _own(reference.check),
    "portable": _own(portable.check),
}


def run(names: list[str], project: Project, steps: dict[str, Step] = STEPS) -> int:
    """Run the named steps, all without any, print how each went, and return the exit status."""
    if unknown := [name for name in names if name not in steps]:
        print(f"no such check: {', '.join(unknown)}; there are: {', '.join(steps)}")
        return 2
    began = time.monotonic()
    failed = [name for name in names or steps if not _passes(name, steps[name], project)]
    print(f"{'failed: ' + ', '.join(failed) if failed else 'all checks passed'} in {time.monotonic() - began:.1f} s")
    return 1 if failed else 0


def _passes(name: str, step: Step, project: Project) -> bool:
    began = time.monotonic()
    fault = step(project)
    print(f"{name:<13} {'FAILED' if fault else 'ok':<7} {time.monotonic() - began:5.1f} s", flush=True)
    if fault:
        print(fault, end="\n\n", flush=True)
    return not fault


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        print("\n".join(STEPS))
    else:
        sys.exit(run(sys.argv[1:], HERE))
