"""Structured logs: constant messages with keys, no secrets, no caller content."""

import logging
import re
import sys
import traceback
from collections.abc import Callable
from typing import TextIO

import structlog
from pydantic import SecretStr
from structlog.typing import EventDict, Processor

from app.core.config import Settings, is_set

_SECRET_SEGMENTS = {"token", "secret", "password", "authorization", "signature", "cookie", "credentials"}
_HIDDEN = "[hidden]"
_NUMBER = re.compile(r"(?<![\w.])\+\d{3,11}(?=\d{4}\b)")
_SHORTEST_SECRET = 8
_QUIET = ("httpx", "httpcore", "picows", "alembic.runtime", "uvicorn.error", "uvicorn.access", "twilio")


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to whatever standard error is at the moment, which tests and daemons exchange."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # an attribute above, looked up each time here
        return sys.stderr


def configure_logging(settings: Settings) -> None:
    """JSON lines in production, readable ones elsewhere; the standard library's loggers go the same way."""
    is_production = settings.app_env == "production"
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    final: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if is_production:
        final += [drop_caller_content, describe_exception, redaction(settings), structlog.processors.JSONRenderer()]
    else:
        console = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
        final += [redaction(settings), console]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = _Stderr()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=final))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level)
    for noisy in _QUIET:
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))


def redaction(settings: Settings) -> Processor:
    """The last line of defence: hides secrets by the name of their key and by their value, and most of every number."""
    hide = _hider(settings)

    def redact(_: object, __: str, event: EventDict) -> EventDict:
        for key, value in event.items():
            if _SECRET_SEGMENTS & _segments(key) or "api_key" in key.lower():
                event[key] = _HIDDEN
            elif isinstance(value, str) and key not in ("timestamp", "logger", "level"):
                event[key] = hide(value)
        return event

    return redact


def drop_caller_content(_: object, __: str, event: EventDict) -> EventDict:
    """Leave out every key with the segment `pii`."""
    return {key: value for key, value in event.items() if "pii" not in _segments(key)}


def describe_exception(_: object, __: str, event: EventDict) -> EventDict:
    """Replace an exception by its kind and where it was raised.

    Its text is left out: those of drivers and parsers quote what they could not take, which may be a caller's words.
    """
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["exception"] = [_described(one) for one in _chain(error)]
    return event


def _described(error: BaseException) -> dict[str, object]:
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }


def _chain(error: BaseException) -> list[BaseException]:
    """The exception and those that led to it, the first cause last."""
    chain: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in chain:
        chain.append(following)
        hidden = None if following.__suppress_context__ else following.__context__
        following = following.__cause__ or hidden
    return chain


def _segments(key: str) -> set[str]:
    return set(re.split(r"[._\-]", key.lower()))


def _hider(settings: Settings) -> Callable[[str], str]:
    values = (getattr(settings, name) for name in type(settings).model_fields)
    told = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
    parts = {part.strip() for secret in told for part in (secret, *secret.split(","))}
    secrets = sorted((part for part in parts if len(part) >= _SHORTEST_SECRET and is_set(part)), key=len, reverse=True)

    def hide(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, _HIDDEN)
        return _NUMBER.sub("+…", text)

    return hide
