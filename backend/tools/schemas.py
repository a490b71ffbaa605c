"""What the API answers has no defaults: a field of a `…Read` schema is always there, so that clients need not ask."""

import ast
import sys
from collections.abc import Iterator

from tools.project import Finding, Project, report


def check(project: Project) -> Iterator[Finding]:
    for path in project.files(".py", under="backend/app/api/"):
        for node in ast.walk(project.tree(path)):
            if isinstance(node, ast.ClassDef) and node.name.endswith("Read"):
                yield from _defaults(path, node)


def _defaults(path: str, schema: ast.ClassDef) -> Iterator[Finding]:
    for field in schema.body:
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and field.value is not None:
            yield Finding(
                path, field.lineno, f"{schema.name}.{field.target.id} has a default; answers hold every field"
            )


if __name__ == "__main__":
    sys.exit(report(check))
