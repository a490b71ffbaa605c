"""Rows of many calls written at once."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.callflow.transitions import Phase
from app.callflow.words import Speaker, Turn
from app.calls.bulk import OfCall, Progress, append_journals, report_troubles, save_progress, save_turns
from app.calls.models import Call, CarrierStatus
from app.calls.service import CallService
from tests.factories.calls import a_call
from tests.factories.lines import NOW, a_line, another_line


@pytest.fixture
async def two(session: AsyncSession) -> tuple[Call, Call]:
    """Calls of two accounts."""
    return await a_call(session, await a_line(session)), await a_call(session, await another_line(session), "CA2")


def of(call: Call) -> OfCall:
    return OfCall(call.account_id, call.id)


async def stored(session: AsyncSession, call: Call) -> Call:
    return (await CallService(session, call.account_id).detail(call.id)).call


class TestTurns:
    async def test_of_several_calls_are_kept(self, session: AsyncSession, two: tuple[Call, Call]) -> None:
        one, other = two

        await save_turns(
            session,
            [
                (of(one), Turn(0, Speaker.CALLER, "first", 0)),
                (of(other), Turn(0, Speaker.CALLER, "else\0where", 0)),
                (of(one), Turn(0, Speaker.CALLER, "corrected", 0)),
            ],
        )
        await save_turns(session, [(of(one), Turn(0, Speaker.CALLER, "corrected again", 0))])
        await save_turns(session, [])

        assert [turn.text for turn in (await stored(session, one)).turns] == ["corrected again"]
        assert [turn.text for turn in (await stored(session, other)).turns] == ["else\N{REPLACEMENT CHARACTER}where"]

    async def test_never_replace_those_of_another_account(self, session: AsyncSession, two: tuple[Call, Call]) -> None:
        one, other = two
        await save_turns(session, [(of(one), Turn(0, Speaker.CALLER, "mine", 0))])

        await save_turns(session, [(OfCall(other.account_id, one.id), Turn(0, Speaker.CALLER, "not mine", 0))])

        assert [turn.text for turn in (await stored(session, one)).turns] == ["mine"]


class TestProgress:
    async def test_adds_up(self, session: AsyncSession, two: tuple[Call, Call]) -> None:
        one, other = two
        await save_progress(
            session, [Progress(of(one), Phase.GREETING, 40, 5, 4, 3, 2), Progress(of(other), Phase.CLOSING)]
        )
        await save_progress(session, [Progress(of(one), Phase.CONVERSING, 90, 5, 4, 3, 2)])

        call = await stored(session, one)
        assert (call.phase, call.first_audio_ms, call.cost_micro_usd) == (Phase.CONVERSING, 40, 10)
        assert (call.input_tokens, call.cached_tokens, call.output_tokens) == (8, 6, 4)
        assert ((await stored(session, other)).phase, other.cost_micro_usd) == (Phase.CLOSING, 0)

    async def test_counts_the_last_cost_of_an_ended_call(self, session: AsyncSession, two: tuple[Call, Call]) -> None:
        one, _ = two
        await CallService(session, one.account_id).end(one.id, CarrierStatus.COMPLETED, NOW, 3)

        await save_progress(session, [Progress(of(one), Phase.LEAVING, None, 7)])

        call = await stored(session, one)
        assert (call.phase, call.cost_micro_usd) == (Phase.ENDED, 7)

    async def test_of_a_call_that_is_gone_changes_nothing(self, session: AsyncSession, two: tuple[Call, Call]) -> None:
        one, _ = two

        await save_progress(session, [Progress(OfCall(one.account_id, uuid.UUID(int=0)), Phase.LEAVING, None, 7)])

        assert (await stored(session, one)).cost_micro_usd == 0


class TestPagesAndTroubles:
    async def test_are_kept(self, session: AsyncSession, two: tuple[Call, Call]) -> None:
        one, other = two
        await append_journals(session, [(of(one), 1, "b\n"), (of(one), 0, "a\n"), (of(other), 0, "x\n")])
        await append_journals(session, [(of(one), 0, "told again\n")])
        await report_troubles(
            session,
            [(of(one), "engine_lost", "1006", NOW + timedelta(seconds=1)), (of(one), "engine_slow", "", NOW)],
        )

        assert await CallService(session, one.account_id).journal(one.id) == "a\nb\n"
        troubles = (await stored(session, one)).troubles
        assert [(trouble.what, trouble.code) for trouble in troubles] == [("engine_slow", ""), ("engine_lost", "1006")]
