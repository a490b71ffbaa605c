"""The settings as a reference page and as an example environment, from the fields of `Settings`."""

from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from app.core.config import Settings

_KINDS = {str: "text", SecretStr: "secret", int: "whole number", float: "number", bool: "true, false", Path: "path"}


def settings_page(written_by: str) -> str:
    intro = "Read once at start from the environment, or from a `.env` file in the working directory."
    head = ["| Name | Values | Default | Meaning |", "| --- | --- | --- | --- |"]
    rows = [_row(name, field) for name, field in Settings.model_fields.items()]
    return "\n".join(["# Settings", "", written_by, "", intro, "", *head, *rows, ""])


def example_environment() -> str:
    intro = "# Copy to .env and fill in. What is left empty is unset; `make run` needs none of it.\n"
    return "\n".join([intro, *(_entry(name, field) for name, field in Settings.model_fields.items())])


def _row(name: str, field: FieldInfo) -> str:
    default = f"`{_default(field)}`" if _default(field) else "none"
    return f"| `{name.upper()}` | {_values(field)} | {default} | {field.description} |"


def _entry(name: str, field: FieldInfo) -> str:
    choices = f" ({_values(field)})" if get_origin(field.annotation) is Literal else ""
    return f"# {field.description}{choices}\n{name.upper()}={_default(field)}\n"


def _values(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(str(choice) for choice in get_args(field.annotation))
    return _KINDS[field.annotation] if field.annotation in _KINDS else str(field.annotation)


def _default(field: FieldInfo) -> str:
    value = field.default
    if isinstance(value, SecretStr):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
