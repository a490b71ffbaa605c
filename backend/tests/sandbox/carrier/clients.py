"""The vendor's official clients, sent to the sandbox."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

from aiohttp import encode_basic_auth
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from tests.sandbox.carrier.conftest import ACCOUNT, TOKEN


def _here(base: str, url: str) -> str:
    """https://verify.twilio.com/v2/x -> {base}/verify/v2/x"""
    sandbox, parts = urlsplit(base), urlsplit(url)
    product = (parts.hostname or "").split(".")[0]
    return urlunsplit((sandbox.scheme, sandbox.netloc, f"/{product}{parts.path}", parts.query, ""))


class _Blocking(TwilioHttpClient):  # type: ignore[misc]  # the library has no types
    def __init__(self, base: str) -> None:
        super().__init__(timeout=10)
        self._base = base

    def request(self, method: str, url: str, *args: object, **kwargs: object) -> Response:
        return super().request(method, _here(self._base, url), *args, **kwargs)


class _Async(AsyncTwilioHttpClient):  # type: ignore[misc]  # the library has no types
    """Writes the Authorization header itself: what the library does instead is deprecated in aiohttp."""

    def __init__(self, base: str, token: str) -> None:
        super().__init__(timeout=10)
        self._base = base
        self._authorization = encode_basic_auth(ACCOUNT, token)

    async def request(self, method: str, url: str, *args: object, **kwargs: object) -> Response:
        headers = kwargs.pop("headers", None)
        if isinstance(headers, dict):
            kwargs["headers"] = {**headers, "Authorization": self._authorization}
        return await super().request(method, _here(self._base, url), *args, **{**kwargs, "auth": None})


@contextmanager
def blocking_client(base: str) -> Iterator[Client]:
    http = _Blocking(base)
    yield Client(ACCOUNT, TOKEN, http_client=http)
    http.session.close()


class AsyncClient:
    """Use as a context manager, in the loop it belongs to."""

    def __init__(self, base: str, token: str = TOKEN) -> None:
        self._http = _Async(base, token)
        self.client = Client(ACCOUNT, token, http_client=self._http)

    async def __aenter__(self) -> Client:
        return self.client

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()
