"""Structured logs: constant messages with keys, no secrets, no caller content."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from app.core.config import Settings

_SECRET_WORDS = ("token", "secret", "password", "authorization", "api_key", "signature", "cookie")
_HIDDEN = "[hidden]"


def _hide_secrets(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The last line of defence: a key that names a secret never shows its value."""
    for key in event:
        if any(word in key.lower() for word in _SECRET_WORDS):
            event[key] = _HIDDEN
    return event


def configure_logging(settings: Settings) -> None:
    """JSON lines in production, readable ones elsewhere; the standard library's loggers go the same way."""
    is_production = settings.app_env == "production"
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _hide_secrets,
    ]
    # Tracebacks without the values of variables: those may be what a caller said.
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if is_production
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    formats: list[structlog.typing.Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if is_production:
        formats.append(structlog.processors.format_exc_info)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[*formats, renderer]))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level)
    for noisy in ("httpx", "httpcore", "picows", "alembic.runtime", "uvicorn.error", "twilio"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
