"""The history API: what the web app, the softphone and the journeys read."""

import uuid
from datetime import timedelta

import httpx
import pytest

from app.callflow.commands import AddCost
from app.callflow.transitions import Phase
from app.callflow.words import Disposition, HangUpReason, Speaker, Turn
from app.calls.models import Call, CarrierStatus, ToolStatus
from app.calls.service import CallService, CarrierCalls
from app.core.phone import CallerIdentity, CallerNumber
from app.messaging.models import MessageKind, Urgency
from app.messaging.service import MessageService
from app.numbers.service import Line
from app.store.database import Database
from tests.factories.calls import CALLER, a_call, a_ring
from tests.factories.lines import NOW

AT = NOW.isoformat().replace("+00:00", "Z")


async def a_whole_call(database: Database, line: Line) -> Call:
    """A call in which something of everything has happened."""
    async with database.sessions.begin() as session:
        call = await a_call(session, line)
        calls = CallService(session, line.account_id)
        await calls.start(call.id, engine="realtime", now=NOW)
        await calls.save_turn(call.id, Turn(0, Speaker.CALLER, "Chris here.", 80, response_ms=400))
        await calls.open_tool_call(call.id, "t1", "take_message", '{"text":"hi"}', NOW)
        await calls.finish_tool_call(call.id, "t1", '{"ok":true}', ToolStatus.DONE, NOW)
        await MessageService(session, line.account_id).take(
            call.id,
            kind=MessageKind.TAKEN,
            text="hi",
            caller_name="Chris",
            callback_number=CALLER,
            urgency=Urgency.NORMAL,
            tool_call_id="t1",
            now=NOW,
        )
        await calls.report_trouble(call.id, "engine_slow", "late", NOW)
        await calls.set_first_audio(call.id, 40)
        await calls.set_caller_name(call.id, "Chris")
        await calls.add_cost(call.id, AddCost(1234, 10, 5, 3))
        await calls.save_outcome(call.id, Disposition.MESSAGE_TAKEN, HangUpReason.CALLER, NOW)
        await calls.end(call.id, CarrierStatus.COMPLETED, NOW, 61)
    return call


class TestListCalls:
    async def test_shows_calls_as_clients_expect_them(
        self, client: httpx.AsyncClient, database: Database, line: Line
    ) -> None:
        call = await a_whole_call(database, line)

        answer = await client.get("/api/calls")

        assert answer.status_code == 200
        assert answer.json() == {
            "calls": [
                {
                    "id": str(call.id),
                    "carrier_call_id": "CA1",
                    "caller": {"identity": "number", "number": CALLER, "name": "Chris"},
                    "called_number": "+15550001111",
                    "direction": "inbound",
                    "phase": "ended",
                    "carrier_status": "completed",
                    "disposition": "message_taken",
                    "hang_up_reason": "caller",
                    "started_at": AT,
                    "answered_at": AT,
                    "ended_at": AT,
                    "duration_s": 61,
                    "first_audio_ms": 40,
                    "cost_micro_usd": 1234,
                    "troubles": [{"what": "engine_slow", "code": "late", "at": AT}],
                }
            ],
            "next_cursor": None,
        }

    async def test_shows_a_ringing_call_of_somebody_without_a_number(
        self, client: httpx.AsyncClient, database: Database, line: Line
    ) -> None:
        async with database.sessions.begin() as session:
            ring = a_ring(caller=CallerNumber(CallerIdentity.RESTRICTED))
            await CarrierCalls(session).receive(line, now=NOW, **ring)

        (call,) = (await client.get("/api/calls")).json()["calls"]

        assert call["caller"] == {"identity": "restricted", "number": None, "name": ""}
        assert (call["phase"], call["disposition"], call["ended_at"]) == (Phase.RINGING, None, None)

    async def test_pages_by_cursor(self, client: httpx.AsyncClient, database: Database, line: Line) -> None:
        async with database.sessions.begin() as session:
            for n in range(3):
                await a_call(session, line, f"CA{n}", at=NOW + n * timedelta(minutes=1))

        first = (await client.get("/api/calls", params={"limit": 2})).json()
        second = (await client.get("/api/calls", params={"limit": 2, "cursor": first["next_cursor"]})).json()

        assert [call["carrier_call_id"] for call in first["calls"]] == ["CA2", "CA1"]
        assert [call["carrier_call_id"] for call in second["calls"]] == ["CA0"]
        assert second["next_cursor"] is None

    async def test_finds_a_call_by_the_carriers_id(
        self, client: httpx.AsyncClient, database: Database, line: Line
    ) -> None:
        async with database.sessions.begin() as session:
            await a_call(session, line, "CA1")
            await a_call(session, line, "CA2")

        found = (await client.get("/api/calls", params={"carrier_call_id": "CA2"})).json()["calls"]

        assert [call["carrier_call_id"] for call in found] == ["CA2"]

    @pytest.mark.parametrize(
        ("asked", "code"),
        [
            ({"limit": "0"}, "invalid_request"),
            ({"limit": "101"}, "invalid_request"),
            ({"limit": "many"}, "invalid_request"),
            ({"cursor": "nonsense"}, "bad_cursor"),
            ({"cursor": "x" * 65}, "invalid_request"),
        ],
    )
    async def test_refuses_what_makes_no_sense(
        self, client: httpx.AsyncClient, asked: dict[str, str], code: str
    ) -> None:
        answer = await client.get("/api/calls", params=asked)

        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert answer.headers["content-type"] == "application/problem+json"


class TestGetCall:
    async def test_shows_everything_that_belongs_to_a_call(
        self, client: httpx.AsyncClient, database: Database, line: Line
    ) -> None:
        call = await a_whole_call(database, line)

        shown = (await client.get(f"/api/calls/{call.id}")).json()

        (listed,) = (await client.get("/api/calls")).json()["calls"]
        assert shown == listed | {
            "legs": [
                {
                    "carrier_leg_id": "CA1",
                    "role": "caller",
                    "number": CALLER,
                    "status": "completed",
                    "is_bridged": False,
                    "started_at": AT,
                    "ended_at": AT,
                }
            ],
            "turns": [
                {
                    "ordinal": 0,
                    "speaker": "caller",
                    "text": "Chris here.",
                    "unheard": "",
                    "heard_ms": 0,
                    "total_ms": 0,
                    "started_ms": 80,
                    "response_ms": 400,
                    "was_interrupted": False,
                }
            ],
            "tool_calls": [
                {
                    "tool_call_id": "t1",
                    "name": "take_message",
                    "arguments": '{"text":"hi"}',
                    "output": '{"ok":true}',
                    "status": "done",
                    "requested_at": AT,
                    "finished_at": AT,
                }
            ],
            "messages": [
                {
                    "id": shown["messages"][0]["id"],
                    "kind": "taken",
                    "text": "hi",
                    "caller_name": "Chris",
                    "callback_number": CALLER,
                    "urgency": "normal",
                    "created_at": AT,
                }
            ],
        }

    async def test_has_none_that_does_not_exist(self, client: httpx.AsyncClient) -> None:
        answer = await client.get(f"/api/calls/{uuid.uuid4()}")

        assert (answer.status_code, answer.json()["code"]) == (404, "call_not_found")

    async def test_refuses_what_is_no_id(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/api/calls/CA1")

        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


class TestAnotherAccount:
    async def test_sees_nothing_of_ours(
        self, client: httpx.AsyncClient, database: Database, line: Line, their_line: Line
    ) -> None:
        ours = await a_whole_call(database, line)
        async with database.sessions.begin() as session:
            await a_call(session, their_line, "CA-theirs")
        theirs = {"authorization": "Bearer their-key"}

        listed = (await client.get("/api/calls", headers=theirs)).json()["calls"]
        one = await client.get(f"/api/calls/{ours.id}", headers=theirs)

        assert [call["carrier_call_id"] for call in listed] == ["CA-theirs"]
        assert (one.status_code, one.json()["code"]) == (404, "call_not_found")

    async def test_cannot_page_into_our_calls(
        self, client: httpx.AsyncClient, database: Database, line: Line, their_line: Line
    ) -> None:
        async with database.sessions.begin() as session:
            ours = [await a_call(session, line, f"CA{n}", at=NOW + n * timedelta(minutes=1)) for n in range(2)]

        page = await client.get(
            "/api/calls", params={"cursor": str(ours[1].id)}, headers={"authorization": "Bearer their-key"}
        )

        assert page.json() == {"calls": [], "next_cursor": None}


class TestNobody:
    @pytest.mark.parametrize(
        "authorization", ["", "Bearer", "Bearer  ", "Bearer wrong-key", "Basic b3VyLWtleQ==", "our-key"]
    )
    async def test_is_let_in(self, client: httpx.AsyncClient, authorization: str) -> None:
        answer = await client.get("/api/calls", headers={"authorization": authorization})

        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
        assert answer.headers["www-authenticate"] == "Bearer"
