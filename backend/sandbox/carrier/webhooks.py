"""Asking the application: signed requests with the vendor's headers, limits, retries and redirects (§1.1)."""

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlencode, urljoin

import httpx

from sandbox.carrier.faults import Faults
from sandbox.carrier.overrides import Overrides, split
from sandbox.carrier.signing import sign

_MOST_REDIRECTS = 10
_LARGEST_BODY = 64 * 1024
_LARGEST_AUDIO = 32 * 1024 * 1024
_FORM = "application/x-www-form-urlencoded; charset=UTF-8"


class WebhookFailed(Exception):
    """No usable answer; `code` is the vendor's error code, `status` the server's, 0 when it said nothing."""

    def __init__(self, code: int, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    """What the application said; `url` is where it was said, after redirects."""

    status: int
    content_type: str
    body: bytes
    url: str


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    fields: tuple[tuple[str, str], ...]
    token: str

    @property
    def is_form(self) -> bool:
        return self.method == "POST"

    @property
    def full_url(self) -> str:
        """With the fields in the query when there is no form for them."""
        if self.is_form or not self.fields:
            return self.url
        return f"{self.url}{'&' if '?' in self.url else '?'}{urlencode(self.fields)}"


class _NoAnswer(Exception):
    """An attempt failed: `kind` as connection overrides name it."""

    def __init__(self, kind: str, code: int, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.kind = kind
        self.code = code
        self.status = status


class WebhookSender:
    """Sends all requests of one account."""

    def __init__(self, auth_token: str, faults: Faults) -> None:
        self._auth_token = auth_token
        self._faults = faults
        # Calls are strangers to each other: no cookies between them. Proxies of the environment are not the vendor's.
        self._client = httpx.AsyncClient(
            trust_env=False, cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])), follow_redirects=False
        )
        self._asking: set[asyncio.Task[Answer]] = set()

    async def close(self) -> None:
        asking = tuple(self._asking)
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        await self._client.aclose()

    async def ask(self, url: str, method: str, fields: Mapping[str, str]) -> Answer:
        """Send the fields and return what a server said with a status below 400. Raises WebhookFailed.

        Whoever waits for the answer may be cancelled: a request that is on its way is not taken back by a hang-up.
        """
        task = asyncio.get_running_loop().create_task(self._ask(url, method, fields))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)
        return await asyncio.shield(task)

    async def _ask(self, url: str, method: str, fields: Mapping[str, str]) -> Answer:
        plain, overrides = split(url)
        if not plain.startswith(("http://", "https://")):
            raise WebhookFailed(11100, "Invalid URL format")
        request = _Request(method.upper(), plain, tuple(sorted(fields.items())), str(uuid.uuid4()))
        try:
            async with asyncio.timeout(overrides.total_s):
                return await self._retry(request, overrides)
        except _NoAnswer as failure:
            raise WebhookFailed(failure.code, str(failure), failure.status) from None
        except TimeoutError:
            raise WebhookFailed(11200, "Total timeout") from None

    async def _retry(self, request: _Request, overrides: Overrides) -> Answer:
        attempt = 0
        while True:
            try:
                return await self._attempt(request, overrides)
            except _NoAnswer as failure:
                attempt += 1
                if attempt > overrides.retries or failure.kind not in overrides.retried:
                    raise

    async def _attempt(self, request: _Request, overrides: Overrides) -> Answer:
        fault = self._faults.take("retry_webhook")
        if fault is not None and fault.details.get("lost") != "answer":
            raise _NoAnswer("ct", 11205, "HTTP connection failure")
        answer = await self._follow(request, overrides)
        if fault is not None:
            raise _NoAnswer("ct", 11205, "HTTP connection failure")
        if answer.status >= 400:
            raise _NoAnswer(f"{answer.status // 100}xx", 11200, "Got an HTTP error", answer.status)
        return answer

    async def _follow(self, request: _Request, overrides: Overrides) -> Answer:
        for _ in range(_MOST_REDIRECTS + 1):
            response = await self._exchange(request, overrides)
            location = response.headers.get("location")
            if response.status_code not in (301, 302, 303, 307, 308) or location is None:
                return _answer(response, request)
            target = urljoin(request.url, location)
            if response.status_code in (307, 308):
                request = _Request(request.method, target, request.fields, request.token)
            else:
                request = _Request("GET", target, (), request.token)
        raise _NoAnswer("", 11215, "Too many HTTP redirects")

    async def _exchange(self, request: _Request, overrides: Overrides) -> httpx.Response:
        limits = httpx.Timeout(overrides.read_s, connect=overrides.connect_s)
        content = urlencode(request.fields) if request.is_form else None
        try:
            return await self._client.request(
                request.method, request.full_url, content=content, headers=self._headers(request), timeout=limits
            )
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise _NoAnswer("ct", 11205, "HTTP connection failure") from None
        except httpx.HTTPError as error:
            raise _NoAnswer("rt", 11200, f"HTTP retrieval failure: {type(error).__name__}") from None
        except httpx.InvalidURL:
            raise _NoAnswer("", 11100, "Invalid URL format") from None

    def _headers(self, request: _Request) -> dict[str, str]:
        signed = request.fields if request.is_form else ()
        headers = {
            "Connection": "close",
            "I-Twilio-Idempotency-Token": request.token,
            "X-Twilio-Signature": sign(self._auth_token, request.full_url, signed),
            "Accept": "*/*",
            "X-Home-Region": "us1",
            "User-Agent": "TwilioProxy/1.1",
            "Accept-Encoding": "gzip",
        }
        return headers | ({"Content-Type": _FORM} if request.is_form else {})


def _answer(response: httpx.Response, request: _Request) -> Answer:
    content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    limit = _LARGEST_AUDIO if content_type.startswith("audio/") else _LARGEST_BODY
    if len(response.content) > limit:
        raise _NoAnswer("", 11750, "TwiML response body too large")
    return Answer(response.status_code, content_type, response.content, request.url)
