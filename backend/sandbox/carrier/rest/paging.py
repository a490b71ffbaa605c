"""Pages of the 2010-04-01 API (twilio-google.md §4): relative addresses, a token that names the last item before."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar
from urllib.parse import urlencode

from starlette.requests import Request

_DEFAULT_SIZE = 50
_GREATEST_SIZE = 1000
_PAGING = ("Page", "PageSize", "PageToken")


class HasSid(Protocol):
    @property
    def sid(self) -> str: ...


Item = TypeVar("Item", bound=HasSid)
Resource = dict[str, Any]


def page(request: Request, key: str, items: Sequence[Item], show: Callable[[Item], Resource]) -> Resource:
    """The page of `items` that the request asks for."""
    query = request.query_params
    size = min(max(_whole(query, "PageSize", _DEFAULT_SIZE), 1), _GREATEST_SIZE)
    number = _whole(query, "Page", 0)
    begin = _begin(query.get("PageToken", ""), items, number * size)
    shown = items[begin : begin + size]
    filters = [(name, value) for name, value in query.multi_items() if name not in _PAGING]

    def uri(to: int, token: str = "") -> str:
        pairs = [*filters, ("PageSize", str(size)), ("Page", str(to))]
        return f"{_path(request)}?{urlencode(pairs + ([('PageToken', token)] if token else []))}"

    has_more = begin + size < len(items)
    return {
        key: [show(item) for item in shown],
        "page": number,
        "page_size": size,
        "start": begin,
        "end": max(begin + len(shown) - 1, 0),
        "uri": uri(number),
        "first_page_uri": uri(0),
        "next_page_uri": uri(number + 1, f"PA{shown[-1].sid}") if has_more else None,
        "previous_page_uri": uri(number - 1, f"PB{shown[0].sid}") if number > 0 and shown else None,
    }


def _begin(token: str, items: Sequence[HasSid], default: int) -> int:
    """PA…: behind that item. Anything else: by counting."""
    if token.startswith("PA"):
        for at, item in enumerate(items):
            if item.sid == token[2:]:
                return at + 1
    return default


def _path(request: Request) -> str:
    """The path as the vendor knows it: without the product in front."""
    return "/" + request.url.path.lstrip("/").partition("/")[2]


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    value = query.get(name, "")
    return int(value) if value.isascii() and value.isdigit() else default
