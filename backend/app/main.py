"""The composition root: the only place that builds everything and knows all parts."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from app.adapters.openai_realtime.voice_engine import OpenAIRealtime
from app.adapters.twilio.rest import TwilioRest
from app.api.call_routes import router as call_router
from app.api.errors import install_error_handlers
from app.api.health_routes import router as health_router
from app.api.history_routes import router as history_router
from app.core.clock import utc_now
from app.core.config import Settings, is_set
from app.core.logging import configure_logging
from app.live.ledger import Ledger
from app.live.preparing import Preparer
from app.live.reception import Reception
from app.live.reconciling import Reconciler
from app.live.rendering import PhraseRenderer
from app.live.switchboard import Switchboard
from app.store.database import Database, open_database

log = structlog.get_logger(__name__)

_DATABASE_RETRY_S = 2.0


def create_app(settings: Settings) -> FastAPI:
    """The server as an ASGI application; everything it holds is opened and closed by its lifespan."""
    configure_logging(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with _running(app, settings):
            yield

    app = FastAPI(
        title="AI Call Assistant",
        version="0.1.0",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.settings = settings
    install_error_handlers(app)
    for router in (call_router, health_router, history_router):
        app.include_router(router)
    return app


@asynccontextmanager
async def _running(app: FastAPI, settings: Settings) -> AsyncIterator[None]:
    if settings.missing:
        log.warning("settings missing: calls get voicemail until they are set", missing=list(settings.missing))
    database = await open_database(settings)
    engine = OpenAIRealtime(settings) if settings.has_engine else None
    carrier = TwilioRest(settings) if is_set(settings.twilio_account_sid) and settings.signing_secrets else None
    ledger = Ledger(database.sessions, utc_now)
    preparer = Preparer(settings.engine_ready_s)
    switchboard = Switchboard(database.sessions, engine, ledger, utc_now, preparer)
    app.state.database = database
    app.state.switchboard = switchboard
    app.state.reception = Reception(database.sessions, switchboard, utc_now, preparer)
    work: list[Callable[[], Coroutine[None, None, None]]] = [switchboard.run]
    if engine is not None:
        work.append(PhraseRenderer(database.sessions, engine, utc_now).run)
    if carrier is not None:
        work.append(Reconciler(database.sessions, carrier, utc_now).run)
    try:
        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(ledger.run())
            background = tasks.create_task(_background(database, work))
            yield
            background.cancel()
            ledger.close()
            await asyncio.wait([writing], timeout=5.0)
            writing.cancel()
    finally:
        if carrier is not None:
            await carrier.close()
        await database.close()


async def _background(database: Database, work: list[Callable[[], Coroutine[None, None, None]]]) -> None:
    """Bring the schema up to date as soon as the database answers, then do what is nobody's request."""
    while True:
        try:
            await database.upgrade()
            break
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("database not ready, calls get voicemail", error=type(error).__name__)
            await asyncio.sleep(_DATABASE_RETRY_S)
    async with asyncio.TaskGroup() as tasks:
        for part in work:
            tasks.create_task(part())
