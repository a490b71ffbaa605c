"""No own package is imported inside a function: a hidden import is a cycle or a layer that nobody declared."""

import ast
import sys
from collections.abc import Iterator

from tools.project import Finding, Project, report

_OWN = ("app", "sandbox", "audiokit", "callassistant", "tools", "tests")


def check(project: Project) -> Iterator[Finding]:
    for path in project.files(".py", under="backend/"):
        for function in _functions(project.tree(path)):
            for line, name in _imports(function):
                if name.split(".")[0] in _OWN:
                    yield Finding(path, line, f"{function.name} imports {name}; move the import to the top of the file")


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Functions and methods, but not those nested in them: their parents are walked as a whole."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        for node in ast.iter_child_nodes(waiting.pop()):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node
            else:
                waiting.append(node)


def _imports(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[int, str]]:
    for node in ast.walk(function):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or ""


if __name__ == "__main__":
    sys.exit(report(check))
