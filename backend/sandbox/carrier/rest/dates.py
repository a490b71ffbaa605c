"""Filters by date: `Name`, `Name<`, `Name>` with a day or an instant."""

from datetime import UTC, datetime, timedelta

from starlette.datastructures import QueryParams

from sandbox.carrier.rest.problems import RestError


def is_wanted(at: datetime | None, query: QueryParams, name: str) -> bool:
    """Whether an instant passes the filters of that name; one that is missing passes only without filters."""
    wanted = [(relation, query[name + relation]) for relation in ("", "<", ">") if query.get(name + relation)]
    return all(at is not None and _holds(at, relation, value) for relation, value in wanted)


def _holds(at: datetime, relation: str, value: str) -> bool:
    limit, is_day = _parsed(value)
    if relation == ">":
        return at >= limit
    if relation == "<":
        return at <= (limit + timedelta(days=1) if is_day else limit)
    return limit <= at < limit + (timedelta(days=1) if is_day else timedelta(seconds=1))


def _parsed(value: str) -> tuple[datetime, bool]:
    """Raises RestError when it is no date."""
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        raise RestError(400, 20001, f"{value} is no date") from None
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)), len(value) == len("2026-11-23")
