"""Declares what JSON a client may send and finds the first thing wrong with it, in the vendor's words.

A check takes a value and its path (`session.audio.input.format`) and raises a Refusal or returns nothing.
"""

from collections.abc import Callable, Mapping
from typing import cast

from sandbox.speech.realtime.refusal import (
    invalid_type,
    invalid_value,
    missing_parameter,
    unknown_parameter,
    unsupported_value,
)

Check = Callable[[object, str], None]


def anything(value: object, path: str) -> None:
    """Accept whatever it is."""


def text(value: object, path: str) -> None:
    if not isinstance(value, str):
        raise invalid_type(path, "a string", value)


def boolean(value: object, path: str) -> None:
    if not isinstance(value, bool):
        raise invalid_type(path, "a boolean", value)


def json_object(value: object, path: str) -> None:
    as_object(value, path)


def as_object(value: object, path: str) -> dict[str, object]:
    """The value as a JSON object, or an invalid_type refusal."""
    if not isinstance(value, dict):
        raise invalid_type(path, "an object", value)
    return cast("dict[str, object]", value)


def text_up_to(longest: int) -> Check:
    def check(value: object, path: str) -> None:
        text(value, path)
        if len(cast("str", value)) > longest:
            raise invalid_value(path, f"Invalid '{path}': string too long. Expected at most {longest} characters.")

    return check


def integer(least: int, most: int | None = None) -> Check:
    def check(value: object, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            raise invalid_type(path, "an integer", value)
        _in_range(value, path, least, most)

    return check


def number(least: float, most: float | None = None) -> Check:
    def check(value: object, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise invalid_type(path, "a decimal", value)
        _in_range(value, path, least, most)

    return check


def _in_range(value: float, path: str, least: float, most: float | None) -> None:
    if value < least:
        raise invalid_value(path, f"Invalid '{path}': expected a value >= {least}, but got {value} instead.")
    if most is not None and value > most:
        raise invalid_value(path, f"Invalid '{path}': expected a value <= {most}, but got {value} instead.")


def choice(*words: str) -> Check:
    def check(value: object, path: str) -> None:
        text(value, path)
        if value not in words:
            raise unsupported_value(path, value, words)

    return check


def nullable(check: Check) -> Check:
    def check_unless_null(value: object, path: str) -> None:
        if value is not None:
            check(value, path)

    return check_unless_null


def listing(check: Check, *, least: int = 0, most: int | None = None) -> Check:
    def check_all(value: object, path: str) -> None:
        if not isinstance(value, list):
            raise invalid_type(path, "an array", value)
        if len(value) < least or (most is not None and len(value) > most):
            raise invalid_value(path, f"Invalid '{path}': expected {least} to {most} elements.")
        for number_of_element, element in enumerate(value):
            check(element, f"{path}[{number_of_element}]")

    return check_all


def record(fields: Mapping[str, Check], *, required: tuple[str, ...] = ()) -> Check:
    """An object with these keys and no others."""

    def check(value: object, path: str) -> None:
        members = as_object(value, path)
        for key in required:
            if key not in members:
                raise missing_parameter(joined(path, key))
        for key, member in members.items():
            if key not in fields:
                raise unknown_parameter(joined(path, key))
            fields[key](member, joined(path, key))

    return check


def tagged(key: str, kinds: Mapping[str, Check]) -> Check:
    """An object whose kind one of its members tells; that member must be among the fields of every kind."""

    def check(value: object, path: str) -> None:
        members = as_object(value, path)
        if key not in members:
            raise missing_parameter(joined(path, key))
        tag = members[key]
        text(tag, joined(path, key))
        if tag not in kinds:
            raise unsupported_value(joined(path, key), tag, tuple(kinds))
        kinds[cast("str", tag)](value, path)

    return check


def word_or(word: Check, otherwise: Check) -> Check:
    """A string that passes one check, or anything else that passes the other."""

    def check(value: object, path: str) -> None:
        (word if isinstance(value, str) else otherwise)(value, path)

    return check


def dictionary(key: Check, member: Check, *, most: int) -> Check:
    """An object with keys of the client's choice."""

    def check(value: object, path: str) -> None:
        members = as_object(value, path)
        if len(members) > most:
            raise invalid_value(path, f"Invalid '{path}': expected at most {most} properties.")
        for name, content in members.items():
            key(name, path)
            member(content, joined(path, name))

    return check


def joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
