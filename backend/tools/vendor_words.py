"""A vendor's words stay in its adapter: elsewhere nothing is *named* a Sid, TwiML, Twilio or OpenAI.

Settings carry the vendors' names because operators look for them; `main` builds the adapters and may name them.
"""

import ast
import re
import sys
from collections.abc import Iterator

from tools.project import Finding, Project, report

_WORDS = {"sid", "sids", "twiml", "twilio", "openai"}
_EXEMPT = ("backend/app/adapters/", "backend/app/core/config.py", "backend/app/main.py")
_SEGMENT = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


def check(project: Project) -> Iterator[Finding]:
    for path in project.files(".py", under="backend/app/"):
        if path.startswith(_EXEMPT):
            continue
        for line, name in _names(project.tree(path)):
            if _words(name) & _WORDS:
                yield Finding(path, line, f"{name} is a vendor's word; name it in ours (docs/glossary.md)")


def _names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every name that this module gives to something of its own."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield node.lineno, name


def _words(name: str) -> set[str]:
    return {segment.lower() for segment in _SEGMENT.findall(name.replace("OpenAI", "Openai"))}


if __name__ == "__main__":
    sys.exit(report(check))
