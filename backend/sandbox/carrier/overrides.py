"""Connection overrides: the fragment of a webhook's URL (twilio-google.md §1.1), never sent, never signed."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urldefrag

_KINDS = frozenset({"4xx", "5xx", "ct", "rt"})


@dataclass(frozen=True, slots=True)
class Overrides:
    """How a webhook is delivered: limits in seconds, retries, and the failures that are retried.

    Failures are `ct` (no connection), `rt` (no answer), `4xx` and `5xx`.
    """

    connect_s: float = 5.0
    read_s: float = 15.0
    total_s: float = 15.0
    retries: int = 1
    retried: frozenset[str] = frozenset({"ct"})


def split(url: str) -> tuple[str, Overrides]:
    """The URL to ask and how; what the fragment says wrongly keeps its default."""
    plain, fragment = urldefrag(url)
    given = dict(parse_qsl(fragment))
    return plain, Overrides(
        connect_s=_between(given, "ct", 100, 10_000, 5_000) / 1000,
        read_s=_between(given, "rt", 100, 15_000, 15_000) / 1000,
        total_s=_between(given, "tt", 100, 15_000, 15_000) / 1000,
        retries=_between(given, "rc", 0, 5, 1),
        retried=_kinds(given.get("rp", "ct")),
    )


def _between(given: Mapping[str, str], name: str, least: int, most: int, default: int) -> int:
    value = given.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and least <= int(value) <= most else default


def _kinds(value: str) -> frozenset[str]:
    names = frozenset(value.split(","))
    if "all" in names:
        return _KINDS
    return names & _KINDS or frozenset({"ct"})
