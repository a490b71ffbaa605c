"""Reading the PascalCase parameters of a request."""

import re

from starlette.datastructures import FormData

from sandbox.carrier.rest.problems import RestError

E164 = re.compile(r"\+[1-9]\d{6,14}")


def text(form: FormData, name: str, default: str = "") -> str:
    """A parameter; the default when it is missing or empty."""
    value = form.get(name)
    return value if isinstance(value, str) and value else default


def whole(form: FormData, name: str, default: int) -> int:
    value = text(form, name)
    return int(value) if value.isascii() and value.isdigit() else default


def events(form: FormData, name: str) -> frozenset[str]:
    """A parameter that may be repeated; `completed` when it is missing."""
    return frozenset(str(value) for value in form.getlist(name)) or frozenset({"completed"})


def e164(form: FormData, name: str, *, missing: int, invalid: int) -> str:
    """A telephone number. Raises RestError with one of the codes."""
    number = text(form, name)
    if not number:
        raise RestError(400, missing, f"A '{name}' phone number is required.")
    if not E164.fullmatch(number):
        raise RestError(400, invalid, f"The '{name}' number {number} is not a valid phone number.")
    return number
