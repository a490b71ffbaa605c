"""The HTTP edge over a real database, asked by a client that holds a key."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from app.accounts.models import Role
from app.accounts.service import KeyService
from app.api.errors import install_error_handlers
from app.api.history_routes import router as history_router
from app.numbers.service import Line
from app.store.database import Database
from tests.factories.lines import NOW, a_line, another_line


@pytest.fixture
def app(database: Database) -> FastAPI:
    """The routes that need nothing but the database."""
    app = FastAPI()
    app.state.database = database
    install_error_handlers(app)
    app.include_router(history_router)
    return app


@pytest.fixture
async def line(database: Database) -> Line:
    """A number of the account whose key is `our-key`."""
    async with database.sessions.begin() as session:
        line = await a_line(session)
        await KeyService(session, line.account_id).put("our-key", name="test", role=Role.OWNER, now=NOW)
    return line


@pytest.fixture
async def their_line(database: Database) -> Line:
    """A number of another account, whose key is `their-key`."""
    async with database.sessions.begin() as session:
        line = await another_line(session)
        await KeyService(session, line.account_id).put("their-key", name="test", role=Role.OWNER, now=NOW)
    return line


@pytest.fixture
async def client(app: FastAPI, line: Line) -> AsyncIterator[httpx.AsyncClient]:
    """Asks on behalf of the account of `line`."""
    headers = {"authorization": "Bearer our-key"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://app", headers=headers) as client:
        yield client
