"""Whether a request really comes from the carrier: the check of `X-Twilio-Signature`.

Algorithm and its peculiarities: twilio-google.md §1.5. The URL must be the public one that the carrier was given, never
one rebuilt from Host or X-Forwarded headers. There is no timestamp in a signature: replays are caught elsewhere, by the
idempotency token, the call's id and the one-time token of a stream.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from urllib.parse import parse_qs, parse_qsl, urlsplit

from twilio.request_validator import RequestValidator

_SOCKET_SCHEMES = {"https": "wss", "http": "ws", "wss": "wss", "ws": "ws"}
_WSS_PORT = 443


@lru_cache(maxsize=8)
def _validators(secrets: tuple[str, ...]) -> tuple[RequestValidator, ...]:
    return tuple(RequestValidator(secret) for secret in secrets if secret)


def is_signed(secrets: Sequence[str], url: str, params: Mapping[str, object] | bytes, signature: str) -> bool:
    """Whether one of `secrets` signed this request to `url` (public, with its query, without fragment).

    `params` are the decoded fields of a form post, blanks included; empty for a GET, whose fields are in the URL; the
    raw body for a post of JSON, whose hash the carrier adds to the URL.
    """
    if isinstance(params, bytes):
        return _is_body_signed(secrets, url, params, signature)
    return _matches(secrets, (url,), params, signature)


def is_upgrade_signed(secrets: Sequence[str], url: str, signature: str) -> bool:
    """Whether one of `secrets` signed the upgrade to a WebSocket.

    The carrier signs the wss:// form of the address, whose query, if any survives, counts as fields of a form. `url`
    may be given in its https form.
    """
    parts = urlsplit(url)
    address = parts._replace(scheme=_SOCKET_SCHEMES.get(parts.scheme, parts.scheme), query="", fragment="")
    candidates = [address.geturl()]
    if address.scheme == "wss" and ":" not in address.netloc:
        # The validator tries the URL with its port too, but takes 80 for the port of wss.
        candidates.append(address._replace(netloc=f"{address.netloc}:{_WSS_PORT}").geturl())
    return _matches(secrets, candidates, dict(parse_qsl(parts.query, keep_blank_values=True)), signature)


def _is_body_signed(secrets: Sequence[str], url: str, body: bytes, signature: str) -> bool:
    if "bodySHA256" not in parse_qs(urlsplit(url).query):
        # The validator takes a body for a form then and fails on it.
        return False
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return False
    return _matches(secrets, (url,), text, signature)


def _matches(secrets: Sequence[str], urls: Iterable[str], params: Mapping[str, object] | str, signature: str) -> bool:
    try:
        return any(
            validator.validate(url, params, signature) for url in urls for validator in _validators(tuple(secrets))
        )
    except (TypeError, ValueError):
        # A file among the fields, half a surrogate pair, a port that is no number: nothing the carrier ever sends.
        return False
