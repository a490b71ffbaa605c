"""Domain errors as RFC 9457 problems: the one place that maps kinds of refusal to HTTP statuses."""

from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

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
    app.add_exception_handler(SQLAlchemyError, _database_error)
    app.add_exception_handler(OSError, _database_error)
    app.add_exception_handler(Exception, _bug)


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
    return problem(error.status_code, HTTPStatus(error.status_code).name.lower())


async def _database_error(request: Request, error: Exception) -> Response:
    log.warning("database not available", path=request.url.path, error=type(error).__name__)
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable")


async def _bug(request: Request, error: Exception) -> Response:
    log.error("unexpected error", path=request.url.path, error=type(error).__name__)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal")
