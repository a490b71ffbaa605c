"""Rows belong to accounts and are loaded on purpose.

A repository is born scoped to one account (its constructor takes `account_id`), or its docstring says why it is not:
with the words "every account" or "before any account". A `relationship()` never loads by itself (`lazy="raise"`).
"""

import ast
import re
import sys
from collections.abc import Iterator

from tools.project import Finding, Project, report

_REASON = re.compile(r"(every|before any) account", re.IGNORECASE)


def check(project: Project) -> Iterator[Finding]:
    for path in project.files(".py", under="backend/app/"):
        for node in ast.walk(project.tree(path)):
            if isinstance(node, ast.ClassDef) and node.name.endswith("Repository") and not _is_scoped(node):
                yield Finding(path, node.lineno, f"{node.name} takes no account_id and does not say why")
            if isinstance(node, ast.Call) and _is_relationship(node) and not _raises(node):
                yield Finding(path, node.lineno, 'relationship() needs lazy="raise"')


def _is_scoped(repository: ast.ClassDef) -> bool:
    if _REASON.search(" ".join((ast.get_docstring(repository) or "").split())):
        return True
    for node in repository.body:
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            return any(argument.arg == "account_id" for argument in (*node.args.args, *node.args.kwonlyargs))
    return False


def _is_relationship(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "relationship"


def _raises(call: ast.Call) -> bool:
    return any(
        keyword.arg == "lazy" and isinstance(keyword.value, ast.Constant) and keyword.value.value == "raise"
        for keyword in call.keywords
    )


if __name__ == "__main__":
    sys.exit(report(check))
