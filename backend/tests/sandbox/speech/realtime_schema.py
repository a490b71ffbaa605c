"""The vendor's published schema of server events, read strictly: members it does not know are errors.

Members that may be missing may also be null, as they are in the schema's own examples. Where the schema is behind what
the service sends today (openai-python 3.54, observed sessions), LATER_MEMBERS says so.
"""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

HAS_SCHEMA = bool(os.environ.get("API_SPECS_DIR"))

needs_schema = pytest.mark.skipif(
    not HAS_SCHEMA, reason="API_SPECS_DIR does not say where the published API schemas are"
)

JsonObject = dict[str, Any]

LATER_MEMBERS = {("RealtimeResponse", "status_details", "error"): ("message",)}
"""Objects in the schema by the path of their names, and the members they have grown since."""


@cache
def _schemas() -> JsonObject:
    file = Path(os.environ["API_SPECS_DIR"]) / "openai" / "openapi.json"
    schemas: JsonObject = json.loads(file.read_text())["components"]["schemas"]
    for (name, *path), members in LATER_MEMBERS.items():
        grown = schemas[name]
        for step in path:
            grown = grown["properties"][step]
        grown["properties"] |= dict.fromkeys(members, True)
    strict: JsonObject = _strict(schemas)
    return strict


def _strict(schema: Any) -> Any:  # noqa: ANN401 - any JSON
    """Objects that list their members have no others."""
    if isinstance(schema, list):
        return [_strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _strict(part) for key, part in schema.items() if key not in ("x-oaiMeta", "discriminator")}
    if isinstance(closed.get("properties"), dict) and "additionalProperties" not in closed and "allOf" not in closed:
        closed["additionalProperties"] = False
    return closed


@cache
def _names() -> dict[str, str]:
    """The schema of each type of event."""
    names = {}
    for branch in _schemas()["RealtimeServerEvent"]["anyOf"]:
        name = branch["$ref"].rsplit("/", 1)[1]
        kind = _schemas()[name]["properties"]["type"]
        names[kind.get("const") or kind["enum"][0]] = name
    return names


@cache
def _validator(name: str) -> OAS31Validator:
    return OAS31Validator({"$ref": f"#/components/schemas/{name}", "components": {"schemas": _schemas()}})


def faults_of(event: JsonObject) -> list[str]:
    """What the schema says against an event."""
    name = _names().get(event["type"])
    if name is None:
        return [f"{event['type']}: not an event"]
    errors = _validator(name).iter_errors(_without_nulls(event))
    return [f"{event['type']} {error.json_path}: {error.message[:300]}" for error in errors]


def _without_nulls(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, list):
        return [_without_nulls(part) for part in value]
    if isinstance(value, dict):
        return {key: _without_nulls(part) for key, part in value.items() if part is not None}
    return value
