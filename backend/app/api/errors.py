"""Refusals and failures as RFC 9457 problems: the one place that maps kinds of refusal to HTTP statuses."""

from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionInTime
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.adapters.twilio.webhooks import BadWebhook
from app.core.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, Unavailable

log = structlog.get_logger(__name__)

_STATUS = {
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    Forbidden: HTTPStatus.FORBIDDEN,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}


class NotSignedIn(Forbidden):
    """Nobody, or nobody we know, is asking."""

    code = "not_signed_in"


def problem(status: int, code: str, detail: str = "", **more: object) -> JSONResponse:
    """A problem document; `code` is stable and names the kind of problem."""
    body = {"type": f"/problems/{code}", "title": code.replace("_", " "), "status": status, "code": code}
    if detail:
        body["detail"] = detail
    return JSONResponse(body | more, status_code=status, media_type="application/problem+json")


def install_error_handlers(app: FastAPI) -> None:
    app.add_exception_handler(DomainError, _domain_error)
    app.add_exception_handler(BadWebhook, _bad_webhook)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(SQLAlchemyError, _outside_error)
    app.add_exception_handler(OSError, _outside_error)
    app.add_middleware(BugBoundary)


class BugBoundary:
    """Answers 500 for whatever nobody anticipated, and logs it once.

    A handler for Exception would not do: the framework raises the exception again behind it, and the server logs it a
    second time, with its text.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_begun = False

        async def watch(message: Message) -> None:
            nonlocal has_begun
            has_begun = has_begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception:
            if has_begun:
                raise
            log.exception("unexpected error", path=scope["path"])
            await problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal")(scope, receive, send)


async def _domain_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, DomainError):
        raise TypeError
    if isinstance(error, NotSignedIn):
        answer = problem(HTTPStatus.UNAUTHORIZED, error.code, str(error))
        answer.headers["www-authenticate"] = "Bearer"
        return answer
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), HTTPStatus.BAD_REQUEST)
    return problem(status, error.code, str(error))


async def _bad_webhook(request: Request, error: Exception) -> Response:
    log.warning("webhook not understood", path=request.url.path)
    return problem(HTTPStatus.BAD_REQUEST, "bad_webhook", str(error))


async def _validation_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise TypeError
    # Where and what, never the value: it may be a caller's.
    errors = [{"at": "/".join(map(str, e["loc"])), "message": e["msg"]} for e in error.errors()]
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", errors=errors)


async def _http_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise TypeError
    answer = problem(error.status_code, HTTPStatus(error.status_code).name.lower())
    answer.headers.update(error.headers or {})
    return answer


async def _outside_error(request: Request, error: Exception) -> Response:
    """The database, or something else outside, does not answer; a refused statement is a bug of ours instead."""
    if not _is_away(error):
        raise error
    log.warning("database not available", path=request.url.path, error=type(error).__name__)
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable")


def _is_away(error: Exception) -> bool:
    match error:
        case DataError() | IntegrityError() | ProgrammingError():
            return False
        case OSError() | NoConnectionInTime() | DBAPIError():
            return True
    return False
