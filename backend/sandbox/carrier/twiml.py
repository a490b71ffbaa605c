"""Reading TwiML: a document is a row of verbs (twilio-google.md §2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from xml.etree import ElementTree

_DEEPEST = 32
"""How far elements may be nested: documents that mean something need four levels."""


class TwimlError(Exception):
    """The document cannot be run; `code` is the vendor's error code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Verb:
    """An element: its name, its attributes, its text without surrounding space, and the elements inside."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    children: tuple["Verb", ...] = ()

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    def number(self, name: str, default: float) -> float:
        """An attribute that holds a finite number; the default when it holds none."""
        try:
            value = float(self.attributes.get(name, default))
        except ValueError:
            return default
        return value if isfinite(value) else default

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.attributes.get(name, "").lower()
        return value == "true" if value in ("true", "false") else default

    def child(self, *names: str) -> "Verb | None":
        """The first element inside with one of these names."""
        return next((child for child in self.children if child.name in names), None)


def parse(body: bytes | str) -> tuple[Verb, ...]:
    """The verbs of a document. Raises TwimlError 12100 when it is not XML or not a <Response>."""
    try:
        # The parser opens no outside entities, and its library stops entities that multiply.
        root = ElementTree.fromstring(body)  # noqa: S314 — see above
    except (ElementTree.ParseError, ValueError) as error:
        raise TwimlError(12100, f"Document parse failure: {error}") from None
    if root.tag != "Response":
        raise TwimlError(12100, f"Document parse failure: the root is <{root.tag}>, not <Response>")
    return tuple(_verb(child) for child in root)


def _verb(element: ElementTree.Element, depth: int = 1) -> Verb:
    if depth > _DEEPEST:
        raise TwimlError(12100, f"Document parse failure: more than {_DEEPEST} elements inside each other")
    children = tuple(_verb(child, depth + 1) for child in element)
    return Verb(element.tag, dict(element.attrib), "".join(element.itertext()).strip(), children)
