"""A log line is a constant message and keys: content and secrets cannot slip into it by interpolation.

Keys that hold what a caller said, or who the caller is, carry the segment `pii` (`pii_number=…`, or
`**{"caller.pii.number": …}`), so that one filter can drop them all. Secrets are not logged under any key.
"""

import ast
import re
import sys
from collections.abc import Iterator

from tools.project import Finding, Project, report

_LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
_LOGGERS = {"log", "_log", "logger", "_logger"}
_CONTENT = {"text", "words", "transcript", "utterance", "said", "body", "number", "email", "address", "digit", "digits"}
_CONTENT |= {"payload", "arguments", "output", "instructions", "prompt", "phone", "speech"}
_MEASURES = {"id", "ids", "ms", "s", "count", "bytes", "length"}
_SECRET = {"token", "secret", "password", "authorization", "cookie", "credential", "credentials"}


def check(project: Project) -> Iterator[Finding]:
    for package in ("app", "sandbox", "callassistant"):
        for path in project.files(".py", under=f"backend/{package}/"):
            for node in ast.walk(project.tree(path)):
                if isinstance(node, ast.Call) and (method := _method(node)):
                    yield from (Finding(path, node.lineno, fault) for fault in _faults(node, method))


def _method(call: ast.Call) -> str | None:
    """The level when this is a call of a logger, `bind` when it gives a logger keys, else None."""
    match call.func:
        case ast.Attribute(attr=attr, value=ast.Name(id=name) | ast.Attribute(attr=name)) if name in _LOGGERS:
            return attr if attr in _LEVELS | {"bind"} else None
    return None


def _faults(call: ast.Call, method: str) -> Iterator[str]:
    if method != "bind":
        match call.args:
            case [ast.Constant(value=str(message))]:
                if message.endswith((".", "\n")):
                    yield "a log message ends without a full stop"
            case _:
                yield "a log call has one constant message; everything else goes into keys"
    for key in _keys(call):
        segments = set(re.split(r"[._]", key))
        if segments & _SECRET:
            yield f"{key} names a secret; secrets are not logged"
        elif segments & _CONTENT and not segments & (_MEASURES | {"pii"}):
            yield f"{key} names content; say so with the segment pii, or leave it out"


def _keys(call: ast.Call) -> Iterator[str]:
    for keyword in call.keywords:
        if keyword.arg:
            yield keyword.arg
        elif isinstance(keyword.value, ast.Dict):
            yield from (str(key.value) for key in keyword.value.keys if isinstance(key, ast.Constant))


if __name__ == "__main__":
    sys.exit(report(check))
