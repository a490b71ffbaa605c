"""The phases of a call as a page with a picture, from the table that the session checks itself against."""

import ast
import inspect
from collections import defaultdict
from enum import StrEnum

from app.callflow.transitions import TRANSITIONS, Phase


def phases_page(written_by: str) -> str:
    causes = _causes()
    phases = list(Phase)
    changes = sorted(causes, key=lambda change: (phases.index(change[0]), phases.index(change[1])))
    meanings = [f"- **{name}**: {meaning}" for name, meaning in _member_docs(Phase).items()]
    arrows = [f"    {phase} --> {target}" for phase, target in changes]
    ends = f"    [*] --> {phases[0]}", f"    {phases[-1]} --> [*]"
    picture = ["```mermaid", "stateDiagram-v2", ends[0], *arrows, ends[1], "```"]
    rows = [f"| {phase} | {target} | {', '.join(sorted(causes[phase, target]))} |" for phase, target in changes]
    table = ["| From | To | On one of |", "| --- | --- | --- |", *rows]
    intro = "From `app.callflow.transitions`: the session makes no change of phase that is not in this table."
    return "\n".join(["# Phases of a call", "", written_by, "", intro, "", *meanings, "", *picture, "", *table, ""])


def _causes() -> dict[tuple[Phase, Phase], list[str]]:
    """The names of the events that may lead from one phase to another."""
    causes: dict[tuple[Phase, Phase], list[str]] = defaultdict(list)
    for phase, row in TRANSITIONS.items():
        for event, targets in row.items():
            for target in targets:
                causes[phase, target].append(event.__name__)
    return causes


def _member_docs(words: type[StrEnum]) -> dict[str, str]:
    """The string below each member of an enum, which Python itself does not keep."""
    (definition,) = ast.parse(inspect.getsource(words)).body
    docs: dict[str, str] = {}
    name = ""
    for node in definition.body if isinstance(definition, ast.ClassDef) else []:
        match node:
            case ast.Assign(value=ast.Constant(value=str(value))):
                name = value
            case ast.Expr(value=ast.Constant(value=str(text))) if name:
                docs[name] = " ".join(text.split())
    return docs
