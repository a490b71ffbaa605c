"""Twilio's REST API through its official client, at TWILIO_BASE_URL when that is set."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import structlog
from aiohttp import ClientError, encode_basic_auth
from twilio.base.exceptions import TwilioException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from twilio.rest.api.v2010.account.call import CallInstance

from app.core.config import Settings
from app.core.errors import Unavailable

log = structlog.get_logger(__name__)

_client_log = logging.getLogger(f"{__name__}.client")
# The client logs query strings at INFO, and those hold phone numbers.
_client_log.setLevel(logging.WARNING)

_API = "https://api.twilio.com"
_TIMEOUT_S = 10.0
_AUDIO_TIMEOUT_S = 120.0
_PAGE = 200
_MOST_CALLS = 1000
_MOST_RECORDINGS = 50
_MOST_AUDIO_BYTES = 256 << 20
"""Two hours of two channels at 8 kHz, 16 bits."""
_OVER = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
_NOT_IN_PROGRESS = 21220
_VOICEMAIL = "RecordVerb"

# Beside refusals and broken connections: answers that are no JSON, or JSON of another shape than the client expects.
_FAILURES = (
    TwilioException,
    ClientError,
    httpx.HTTPError,
    OSError,
    TimeoutError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
)


class CarrierUnavailable(Unavailable):
    """The carrier's API does not answer or refuses."""

    code = "carrier_unavailable"


class _Gone(Exception):
    """The carrier knows no such thing, or it is over."""


@dataclass(frozen=True, slots=True)
class CarrierCall:
    """A leg as the carrier remembers it."""

    carrier_call_id: str
    caller: str
    status: str
    started_at: datetime | None
    duration_s: int | None

    @property
    def is_over(self) -> bool:
        return self.status in _OVER


@dataclass(frozen=True, slots=True)
class CarrierRecording:
    """A recording as the carrier holds it; the URL has no file ending."""

    carrier_recording_id: str
    status: str
    duration_s: int | None
    channels: int | None
    url: str
    is_voicemail: bool = False
    """Made by <Record>, which asked the caller to speak; others hold the conversation."""


class _RedirectedHttp(AsyncTwilioHttpClient):
    """Sends the official client's requests to another base, and ends those that are not answered in time.

    Neither can be had from the client's own settings: its base URL is ignored once TWILIO_EDGE or TWILIO_REGION is set,
    and its asynchronous half does not apply its timeout. It also hands credentials to aiohttp in a deprecated way.
    """

    def __init__(self, base: str, account: str, secret: str) -> None:
        super().__init__(timeout=_TIMEOUT_S, logger=_client_log)
        self._base = base
        self._authorization = encode_basic_auth(account, secret)

    async def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as in the base
        headers = {**(kwargs.pop("headers", None) or {}), "Authorization": self._authorization}
        kwargs["auth"] = None
        async with asyncio.timeout(_TIMEOUT_S):
            return await super().request(method, redirected(self._base, url), *args, headers=headers, **kwargs)


def redirected(base: str, url: str) -> str:
    """`url` under `base`: https://verify.twilio.com/v2/x becomes {base}/verify/v2/x. Unchanged when `base` is empty."""
    if not base:
        return url
    target, source = urlsplit(base), urlsplit(url)
    product = (source.hostname or "").split(".")[0]
    path = f"{target.path.rstrip('/')}/{product}{source.path}"
    return urlunsplit((target.scheme, target.netloc, path, source.query, ""))


class TwilioRest:
    """What the product asks of the carrier. Every failure is CarrierUnavailable, without secrets and without numbers.

    Make it inside the running loop and close it there.
    """

    def __init__(self, settings: Settings) -> None:
        self._account = settings.twilio_account_sid
        self._secret = settings.signing_secrets[0]
        self._base = settings.twilio_base_url
        self._http = _RedirectedHttp(self._base, self._account, self._secret)
        # An environment of its own: nothing outside our settings decides where requests go.
        self._client = Client(
            self._account, self._secret, http_client=self._http, environment={"TWILIO_EDGE": "", "TWILIO_REGION": ""}
        )

    async def close(self) -> None:
        await self._http.close()

    async def call(self, carrier_call_id: str) -> CarrierCall | None:
        """How a call stands at the carrier; None when it knows no such call."""
        try:
            with _carrier_errors("call"):
                return _carrier_call(await self._client.calls(carrier_call_id).fetch_async())
        except _Gone:
            return None

    async def hang_up(self, carrier_call_id: str) -> None:
        """End a call; one that is over already is fine."""
        try:
            with _carrier_errors("hang_up"):
                await self._client.calls(carrier_call_id).update_async(status="completed")
        except _Gone:
            return

    async def calls_to(self, number: str, since: datetime) -> list[CarrierCall]:
        """Inbound calls to one of our numbers that began at or after `since`, newest first, at most 1,000."""
        try:
            with _carrier_errors("calls_to"):
                found = await self._client.calls.list_async(
                    to=number, start_time_after=since, limit=_MOST_CALLS, page_size=_PAGE
                )
        except _Gone:
            raise CarrierUnavailable("the carrier has no such account") from None
        calls = [_carrier_call(call) for call in found if call.direction == "inbound"]
        # The carrier may read the filter as a day.
        return [call for call in calls if call.started_at is None or call.started_at >= since]

    async def recordings_of(self, carrier_call_id: str) -> list[CarrierRecording]:
        """The recordings of a call; none when the carrier no longer knows the call."""
        try:
            with _carrier_errors("recordings_of"):
                found = await self._client.calls(carrier_call_id).recordings.list_async(limit=_MOST_RECORDINGS)
        except _Gone:
            return []
        prefix = f"{redirected(self._base, _API)}/2010-04-01/Accounts/{self._account}/Recordings"
        return [
            CarrierRecording(
                str(recording.sid),
                str(recording.status),
                _whole(recording.duration),
                recording.channels,
                f"{prefix}/{recording.sid}",
                recording.source == _VOICEMAIL,
            )
            for recording in found
        ]

    async def fetch_recording(self, url: str) -> bytes:
        """The audio of a recording as WAV, each side on a channel of its own where the recording has two.

        `url` is what the carrier reported, without a file ending. Our credentials go to the carrier only: another host
        is refused.
        """
        if not self._is_carriers(url):
            raise CarrierUnavailable("the recording is not at the carrier")
        target = redirected(self._base, url) if url.startswith(_API) else url
        try:
            with _carrier_errors("fetch_recording"):
                async with asyncio.timeout(_AUDIO_TIMEOUT_S):
                    return await self._download(f"{target}.wav")
        except _Gone:
            raise CarrierUnavailable("the carrier has no such recording") from None

    async def _download(self, url: str) -> bytes:
        audio = bytearray()
        async with (
            httpx.AsyncClient(auth=(self._account, self._secret), timeout=_TIMEOUT_S, follow_redirects=True) as client,
            client.stream("GET", url, params={"RequestedChannels": "2"}) as response,
        ):
            response.raise_for_status()
            async for chunk in response.aiter_bytes():
                audio += chunk
                if len(audio) > _MOST_AUDIO_BYTES:
                    raise CarrierUnavailable("the recording is too long")
        return bytes(audio)

    def _is_carriers(self, url: str) -> bool:
        found, base = urlsplit(url), urlsplit(self._base)
        if base.netloc and (found.scheme, found.netloc) == (base.scheme, base.netloc):
            return True
        return found.scheme == "https" and (found.hostname or "").endswith(".twilio.com")


@contextmanager
def _carrier_errors(request: str) -> Iterator[None]:
    """Translate whatever the official client raises.

    Raises _Gone for what the carrier knows no more, CarrierUnavailable for everything else. The official exceptions
    hold addresses with numbers and ids in them: only the kind is passed on.
    """
    try:
        yield
    except CarrierUnavailable:
        raise
    except _FAILURES as error:
        status, code = _refusal(error)
        if status == HTTPStatus.NOT_FOUND or code == _NOT_IN_PROGRESS:
            raise _Gone from None
        log.warning("carrier request failed", request=request, error=type(error).__name__, status=status, code=code)
        raise CarrierUnavailable(f"{request}: {type(error).__name__}") from None


def _refusal(error: Exception) -> tuple[int | None, int | None]:
    """The HTTP status and the carrier's error code, where the failure was an answer."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code, None
    if len(error.args) > 1 and isinstance(error.args[1], Response):
        # A page that was refused: the client keeps the answer, but reads nothing in it.
        return error.args[1].status_code, None
    status, code = getattr(error, "status", None), getattr(error, "code", None)
    return (status if isinstance(status, int) else None), (code if isinstance(code, int) else None)


def _carrier_call(call: CallInstance) -> CarrierCall:
    # The client names the caller `_from`: `from` is a word of Python.
    return CarrierCall(
        str(call.sid), call._from or "", str(call.status), _instant(call.start_time), _whole(call.duration)
    )


def _instant(moment: object) -> datetime | None:
    """A time as the client hands it on: without a zone it is UTC; what the client could not read stays a text."""
    if not isinstance(moment, datetime):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _whole(text: str | None) -> int | None:
    """The carrier's counters are texts; a recording in progress has -1 seconds."""
    return int(text) if text and text.isascii() and text.isdecimal() else None
