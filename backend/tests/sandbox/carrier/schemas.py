"""The vendor's published schemas, made strict: every property must be there, and no other may."""

import copy
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS30Validator, oas30_format_checker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

ACCOUNT_PATH = "/2010-04-01/Accounts/{AccountSid}"

needs_specs = pytest.mark.skipif(
    not os.environ.get("API_SPECS_DIR"), reason="API_SPECS_DIR does not say where the published API schemas are"
)


@cache
def _spec(name: str) -> dict[str, Any]:
    file = Path(os.environ["API_SPECS_DIR"]) / "twilio" / f"twilio_{name}.json"
    spec: dict[str, Any] = json.loads(file.read_text())
    return spec


def _schema(spec: dict[str, Any], path: str, method: str, status: int) -> dict[str, Any]:
    content = spec["paths"][path][method]["responses"][str(status)]["content"]
    return _resolved(spec, content["application/json"]["schema"])


def _resolved(spec: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return copy.deepcopy(schema)


def _strict(spec: dict[str, Any], schema: dict[str, Any], loose: frozenset[str]) -> dict[str, Any]:
    schema = _resolved(spec, schema)
    properties = schema.get("properties")
    if properties:
        schema["required"] = sorted(set(properties) - loose)
        schema["additionalProperties"] = False
        schema["properties"] = {name: _relaxed(spec, name, value, loose) for name, value in properties.items()}
    if "items" in schema:
        schema["items"] = _strict(spec, schema["items"], loose)
    return schema


def _relaxed(spec: dict[str, Any], name: str, value: dict[str, Any], loose: frozenset[str]) -> dict[str, Any]:
    """A property; those named loose are allowed to be null, as the vendor's own examples are."""
    schema = _strict(spec, value, loose)
    return {**schema, "nullable": True} if name in loose else schema


def problems(
    spec_name: str, path: str, method: str, status: int, body: object, *, loose: frozenset[str] = frozenset()
) -> list[str]:
    """What is wrong with an answer."""
    spec = _spec(spec_name)
    schema = json.loads(
        json.dumps(_strict(spec, _schema(spec, path, method, status), loose)).replace('"#/', '"urn:spec#/')
    )
    registry = Registry().with_resource("urn:spec", DRAFT202012.create_resource(spec))
    validator = OAS30Validator(schema, registry=registry, format_checker=oas30_format_checker)
    return [f"{list(error.absolute_path)}: {error.message}" for error in validator.iter_errors(body)]
