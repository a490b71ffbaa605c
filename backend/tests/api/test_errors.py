"""Refusals and failures reach the client as problems, and the log without content."""

import socket
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from sqlalchemy import text
from structlog.testing import capture_logs

from app.api.deps import SessionDep
from app.api.errors import install_error_handlers
from app.core.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, Unavailable
from app.store.database import Database

router = APIRouter()
KINDS = {"not_found": 404, "conflict": 409, "forbidden": 403, "invalid": 422, "unavailable": 503, "error": 400}


@router.get("/refuse/{code}")
async def refuse(code: str) -> None:
    kinds = (NotFound, Conflict, Forbidden, Invalid, Unavailable, DomainError)
    raise next(kind for kind in kinds if kind.code == code)("why not")


@router.get("/bug")
async def bug() -> None:
    raise RuntimeError("the caller said: my diary")


@router.get("/statement")
async def statement(session: SessionDep, sql: str) -> str:
    return str(await session.scalar(text(sql)))


@router.post("/late")
async def late(session: SessionDep) -> str:
    """Answers, but cannot be committed: the account is missed when the transaction ends."""
    await session.execute(text("CREATE TEMP TABLE promise (n int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)"))
    await session.execute(text("INSERT INTO promise VALUES (1), (1)"))
    return "done"


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(database) as client:
        yield client


def client_of(database: Database) -> httpx.AsyncClient:
    app = FastAPI()
    app.state.database = database
    install_error_handlers(app)
    app.include_router(router)
    # Exceptions that leave the application fail the test.
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app")


class TestProblems:
    @pytest.mark.parametrize(("code", "status"), KINDS.items())
    async def test_have_the_status_of_their_kind(self, client: httpx.AsyncClient, code: str, status: int) -> None:
        answer = await client.get(f"/refuse/{code}")

        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json() == {
            "type": f"/problems/{code}",
            "title": code.replace("_", " "),
            "status": status,
            "code": code,
            "detail": "why not",
        }

    async def test_are_given_for_what_does_not_exist(self, client: httpx.AsyncClient) -> None:
        missing, wrong = await client.get("/nowhere"), await client.delete("/bug")

        assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
        assert (wrong.status_code, wrong.json()["code"], wrong.headers["allow"]) == (405, "method_not_allowed", "GET")

    async def test_say_what_is_wrong_with_a_request_without_quoting_it(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/statement")

        assert answer.status_code == 422
        assert answer.json()["errors"] == [{"at": "query/sql", "message": "Field required"}]


class TestBugs:
    async def test_are_answered_and_logged_once_without_content(self, client: httpx.AsyncClient) -> None:
        with capture_logs() as logs:
            answer = await client.get("/bug")

        assert (answer.status_code, answer.json()["code"]) == (500, "internal")
        assert "diary" not in answer.text
        assert [(line["event"], line["path"]) for line in logs] == [("unexpected error", "/bug")]

    async def test_include_statements_the_database_refuses(self, client: httpx.AsyncClient) -> None:
        with capture_logs() as logs:
            answer = await client.get("/statement", params={"sql": "SELEC 1"})

        assert (answer.status_code, len(logs)) == (500, 1)

    async def test_at_the_end_of_the_transaction_are_no_success(self, client: httpx.AsyncClient) -> None:
        with capture_logs():
            answer = await client.post("/late")

        assert answer.status_code == 500


class TestWithoutADatabase:
    async def test_the_service_is_unavailable(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        database = Database(f"postgresql+asyncpg://u:p@127.0.0.1:{port}/db")

        with capture_logs() as logs:
            async with client_of(database) as client:
                answer = await client.get("/statement", params={"sql": "SELECT 1"})
        await database.close()

        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert [line["event"] for line in logs] == ["database not available"]

    async def test_a_connection_cut_meanwhile_is_no_bug(self, client: httpx.AsyncClient) -> None:
        with capture_logs() as logs:
            answer = await client.get("/statement", params={"sql": "SELECT pg_terminate_backend(pg_backend_pid())"})

        assert (answer.status_code, [line["event"] for line in logs]) == (503, ["database not available"])
