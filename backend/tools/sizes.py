"""No file over 400 lines (tests: 600), no Python function over 60: what grows past that is two things."""

import ast
import sys
from collections.abc import Iterator

from tools.project import Finding, Project, report

MAX_FILE_LINES = 400
MAX_TEST_FILE_LINES = 600
MAX_FUNCTION_LINES = 60

_SOURCES = (".py", ".js", ".mjs", ".ts", ".tsx", ".css")
_GENERATED = ("backend/alembic/versions/", "frontend/src/services/schema.d.ts")


def check(project: Project) -> Iterator[Finding]:
    for path in project.files(*_SOURCES):
        if path.startswith(_GENERATED):
            continue
        length, limit = len(project.lines(path)), _limit(path)
        if length > limit:
            yield Finding(path, limit + 1, f"{length} lines; {limit} are allowed: split it by what it does")
        if path.endswith(".py"):
            yield from _long_functions(path, project.tree(path))


def _limit(path: str) -> int:
    is_test = "/tests/" in f"/{path}" or ".test." in path
    return MAX_TEST_FILE_LINES if is_test else MAX_FILE_LINES


def _long_functions(path: str, tree: ast.Module) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION_LINES:
                yield Finding(path, node.lineno, f"{node.name} has {length} lines; {MAX_FUNCTION_LINES} are allowed")


if __name__ == "__main__":
    sys.exit(report(check))
