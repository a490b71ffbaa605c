"""The carrier as a web server."""

import contextlib
import logging
from collections.abc import AsyncIterator

import structlog
import uvicorn
from fastapi import FastAPI, HTTPException, Request
from starlette.responses import JSONResponse

from sandbox.carrier import control, pages
from sandbox.carrier.rest import calls, elsewhere, lookups, messages, numbers, recordings, verify
from sandbox.carrier.rest.problems import RestError, problem
from sandbox.carrier.services import make_services
from sandbox.carrier.settings import CarrierSettings


def create_carrier(settings: CarrierSettings) -> FastAPI:
    """The whole carrier as one application; its calls live as long as the application runs."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        services = make_services(settings)
        app.state.services = services
        services.tasks.spawn(services.metronome.run())
        yield
        await services.close()

    app = FastAPI(title="Sandbox carrier", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.add_exception_handler(HTTPException, _problem)
    app.add_exception_handler(RestError, problem)
    for part in (control, pages, calls, recordings, messages, numbers, verify, lookups, elsewhere):
        app.include_router(part.router)
    if pages.SOFTPHONE.is_dir():
        app.mount("/", pages.Page(directory=pages.SOFTPHONE, html=True))
    return app


async def serve(settings: CarrierSettings) -> None:
    """Serve until the process is told to end."""
    configure_logging(settings.log_level)
    config = uvicorn.Config(
        create_carrier(settings),
        host=settings.host,
        port=settings.port,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_level=settings.log_level.lower(),
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    await uvicorn.Server(config).serve()


def configure_logging(level: str) -> None:
    """Tracebacks are without the values of variables: those hold what callers say, and secrets."""
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(),
        context_class=dict,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ],
    )


async def _problem(request: Request, error: Exception) -> JSONResponse:
    """RFC 9457, for everything that is not the vendor's own API."""
    if not isinstance(error, HTTPException):
        raise error
    body = {"type": "about:blank", "title": error.detail, "detail": error.detail, "status": error.status_code}
    return JSONResponse(body, error.status_code, media_type="application/problem+json")
