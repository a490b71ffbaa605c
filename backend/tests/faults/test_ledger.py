"""The write-behind of live calls: what the database refuses is dropped, what it cannot take now is kept."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from app.callflow.commands import AddCost, SaveOutcome
from app.callflow.transitions import Phase
from app.callflow.words import Disposition, HangUpReason, Speaker, Turn
from app.core.ids import new_id
from app.live.facts import CallRef
from app.live.ledger import Ledger
from app.numbers.service import Line
from app.store.database import Database
from tests.factories.calls import a_call
from tests.factories.lines import NOW
from tests.faults.records import stored

SID = "CA1"
TOO_BIG = 2**70
WRITTEN_S = 10.0


@pytest.fixture
async def ref(database: Database, line: Line) -> CallRef:
    async with database.sessions.begin() as session:
        call = await a_call(session, line, SID)
    return CallRef(call.account_id, call.id, SID)


@pytest.fixture
async def ledger(database: Database) -> AsyncIterator[Ledger]:
    ledger = Ledger(database.sessions, lambda: NOW)
    running = asyncio.create_task(ledger.run())
    yield ledger
    ledger.close()
    await running


async def test_row_that_is_refused_keeps_no_other(database: Database, ref: CallRef, ledger: Ledger) -> None:
    stranger = replace(ref, call_id=new_id(NOW))
    ledger.turn(stranger, Turn(0, Speaker.CALLER, "of no call", 0))
    ledger.outcome(stranger, SaveOutcome(Disposition.ANSWERED, HangUpReason.CALLER), is_resumed=False)
    ledger.turn(ref, Turn(0, Speaker.CALLER, "hello", 0))
    ledger.turn(ref, Turn(1, Speaker.CALLER, "started at no time", TOO_BIG))
    ledger.progress(stranger, Phase.CONVERSING, AddCost(TOO_BIG, TOO_BIG, TOO_BIG, TOO_BIG))
    ledger.progress(ref, Phase.CONVERSING, AddCost(7, 1, 1, 1))
    ledger.trouble(ref, "engine_broken", "close_1006")
    ledger.page(ref, 0, "{}\n")
    ledger.outcome(ref, SaveOutcome(Disposition.ANSWERED, HangUpReason.CALLER), is_resumed=False)

    assert await ledger.flush(WRITTEN_S)

    found = (await stored(database, SID)).call
    assert [turn.text for turn in found.turns] == ["hello"]
    assert [trouble.code for trouble in found.troubles] == ["close_1006"]
    assert (found.disposition, found.cost_micro_usd) == (Disposition.ANSWERED, 7)
