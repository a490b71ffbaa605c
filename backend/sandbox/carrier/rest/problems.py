"""The vendor's error body, and the errors met most often (twilio-google.md §4.2)."""

from starlette.requests import Request
from starlette.responses import JSONResponse


class RestError(Exception):
    """A refusal: HTTP status, the vendor's code, and a sentence."""

    def __init__(self, status: int, code: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers


def not_found(request: Request) -> RestError:
    path = request.url.path.partition("/api")[2] or request.url.path
    return RestError(404, 20404, f"The requested resource {path} was not found")


def missing(code: int, name: str) -> RestError:
    return RestError(400, code, f"Required parameter {name} is missing or empty")


def problem(request: Request, error: Exception) -> JSONResponse:
    """The answer to a request that was refused."""
    if not isinstance(error, RestError):
        raise error
    body = {
        "code": error.code,
        "message": str(error),
        "more_info": f"https://www.twilio.com/docs/errors/{error.code}",
        "status": error.status,
    }
    return JSONResponse(body, error.status, headers=error.headers)
