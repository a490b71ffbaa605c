"""What is written down about a call while it lives."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.callflow.commands import AddCost
from app.callflow.transitions import Phase
from app.callflow.words import Disposition, HangUpReason, NextStep, Speaker, ToolRecord, Turn
from app.calls.models import Call, CarrierStatus, LegRole, RecordingStatus, ToolStatus
from app.calls.refusals import CallNotFound, ToolCallNotFound
from app.calls.reports import LegReport, RecordingReport
from app.calls.service import CallService
from app.core.phone import E164
from app.store.database import Database
from tests.factories.calls import a_call
from tests.factories.lines import NOW, a_line, another_line

LATER = NOW + timedelta(minutes=5)


@pytest.fixture
async def call(session: AsyncSession) -> Call:
    return await a_call(session, await a_line(session))


@pytest.fixture
def calls(session: AsyncSession, call: Call) -> CallService:
    return CallService(session, call.account_id)


class TestStart:
    async def test_answers_the_call(self, calls: CallService, call: Call) -> None:
        await calls.start(call.id, engine="gpt-realtime", now=NOW)

        stored = (await calls.detail(call.id)).call
        assert (stored.answered_at, stored.engine, stored.phase) == (NOW, "gpt-realtime", Phase.GREETING)
        assert (stored.carrier_status, stored.legs[0].status) == (CarrierStatus.IN_PROGRESS,) * 2

    async def test_of_a_resumed_call_keeps_the_first_answer(self, calls: CallService, call: Call) -> None:
        await calls.start(call.id, engine="first", now=NOW)
        await calls.start(call.id, engine="second", now=LATER)

        stored = await calls.get(call.id)
        assert (stored.answered_at, stored.engine) == (NOW, "second")

    async def test_does_not_reopen_an_ended_call(self, calls: CallService, call: Call) -> None:
        await calls.end(call.id, CarrierStatus.COMPLETED, NOW, 3)

        await calls.start(call.id, engine="late", now=LATER)
        await calls.set_phase(call.id, Phase.CONVERSING)

        stored = (await calls.detail(call.id)).call
        assert (stored.phase, stored.carrier_status) == (Phase.ENDED, CarrierStatus.COMPLETED)
        assert stored.legs[0].status is CarrierStatus.COMPLETED


class TestFacts:
    async def test_are_kept(self, calls: CallService, call: Call) -> None:
        await calls.set_phase(call.id, Phase.CONVERSING)
        await calls.set_caller_name(call.id, "Chris\0 Doe")
        await calls.set_next_step(call.id, NextStep.TRANSFER, E164("+15550002222"))

        stored = await calls.get(call.id)
        assert (stored.phase, stored.caller_name) == (Phase.CONVERSING, "Chris\N{REPLACEMENT CHARACTER} Doe")
        assert (stored.next_step, stored.transfer_to) == (NextStep.TRANSFER, "+15550002222")

    async def test_count_the_first_audio_only_once(self, calls: CallService, call: Call) -> None:
        await calls.set_first_audio(call.id, 41)
        await calls.set_first_audio(call.id, 900)

        assert (await calls.get(call.id)).first_audio_ms == 41

    async def test_add_up_cost_from_several_sides_at_once(self, database: Database) -> None:
        async with database.sessions.begin() as session:
            call = await a_call(session, await a_line(session))

        async def add() -> None:
            async with database.sessions.begin() as session:
                await CallService(session, call.account_id).add_cost(call.id, AddCost(100, 10, 5, 1))

        await asyncio.gather(*(add() for _ in range(10)))

        async with database.sessions() as session:
            stored = await CallService(session, call.account_id).get(call.id)
        assert (stored.cost_micro_usd, stored.input_tokens) == (1000, 100)
        assert (stored.cached_tokens, stored.output_tokens) == (50, 10)


class TestOutcome:
    async def test_is_set_once(self, calls: CallService, call: Call) -> None:
        assert await calls.save_outcome(call.id, Disposition.ANSWERED, HangUpReason.CALLER, NOW)
        assert not await calls.save_outcome(call.id, Disposition.BOOKED, HangUpReason.ASSISTANT, NOW)

        stored = await calls.get(call.id)
        assert (stored.disposition, stored.hang_up_reason) == (Disposition.ANSWERED, HangUpReason.CALLER)

    @pytest.mark.parametrize("first", [Disposition.FAILED, Disposition.ABANDONED])
    @pytest.mark.parametrize("better", [Disposition.MESSAGE_TAKEN, Disposition.TRANSFERRED])
    async def test_improves_when_voicemail_or_the_owner_saved_the_call(
        self, calls: CallService, call: Call, first: Disposition, better: Disposition
    ) -> None:
        await calls.save_outcome(call.id, first, HangUpReason.ERROR, NOW)

        assert await calls.save_outcome(call.id, better, HangUpReason.CALLER, NOW)

        stored = await calls.get(call.id)
        assert (stored.disposition, stored.hang_up_reason) == (better, HangUpReason.CALLER)

    @pytest.mark.parametrize("worse", [Disposition.FAILED, Disposition.ABANDONED, Disposition.ANSWERED])
    async def test_never_gets_worse(self, calls: CallService, call: Call, worse: Disposition) -> None:
        await calls.save_outcome(call.id, Disposition.TRANSFERRED, HangUpReason.OWNER, NOW)

        assert not await calls.save_outcome(call.id, worse, HangUpReason.ERROR, NOW)
        assert (await calls.get(call.id)).disposition is Disposition.TRANSFERRED

    async def test_is_one_when_several_are_saved_at_once(self, database: Database) -> None:
        async with database.sessions.begin() as session:
            call = await a_call(session, await a_line(session))
        told = [Disposition.ANSWERED, Disposition.BOOKED, Disposition.SCREENED_OUT, Disposition.BLOCKED]

        async def save(disposition: Disposition) -> bool:
            async with database.sessions.begin() as session:
                calls = CallService(session, call.account_id)
                return await calls.save_outcome(call.id, disposition, HangUpReason.CALLER, NOW)

        was_first = await asyncio.gather(*(save(disposition) for disposition in told))

        async with database.sessions() as session:
            stored = await CallService(session, call.account_id).get(call.id)
        assert was_first.count(True) == 1
        assert stored.disposition is told[was_first.index(True)]


class TestEnd:
    async def test_ends_call_and_leg(self, calls: CallService, call: Call) -> None:
        await calls.end(call.id, CarrierStatus.COMPLETED, LATER, 300)

        stored = (await calls.detail(call.id)).call
        assert (stored.phase, stored.ended_at, stored.duration_s) == (Phase.ENDED, LATER, 300)
        assert (stored.legs[0].status, stored.legs[0].ended_at) == (CarrierStatus.COMPLETED, LATER)

    async def test_told_again_only_adds_the_duration(self, calls: CallService, call: Call) -> None:
        await calls.end(call.id, CarrierStatus.COMPLETED, NOW, None)
        await calls.end(call.id, CarrierStatus.FAILED, LATER, 12)
        await calls.end(call.id, CarrierStatus.FAILED, LATER, 99)

        stored = await calls.get(call.id)
        assert (stored.carrier_status, stored.ended_at) == (CarrierStatus.COMPLETED, NOW)
        assert stored.duration_s == 12


class TestTurns:
    async def test_are_replaced_when_told_again(self, calls: CallService, call: Call) -> None:
        await calls.save_turn(call.id, Turn(1, Speaker.ASSISTANT, "How can I", 900, unheard=" help you?"))
        await calls.save_turn(call.id, Turn(0, Speaker.CALLER, "Hello?", 100))
        await calls.save_turn(call.id, Turn(1, Speaker.ASSISTANT, "How can I help you?", 900, heard_ms=1200))

        turns = (await calls.detail(call.id)).call.turns
        assert [(turn.ordinal, turn.text, turn.unheard) for turn in turns] == [
            (0, "Hello?", ""),
            (1, "How can I help you?", ""),
        ]
        assert await calls.next_ordinal(call.id) == 2

    async def test_keep_what_postgresql_cannot_store_as_a_mark(self, calls: CallService, call: Call) -> None:
        await calls.save_turn(call.id, Turn(0, Speaker.CALLER, "a\0b\ud83dc 😀", 0))

        (turn,) = (await calls.detail(call.id)).call.turns
        assert turn.text == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c 😀"

    async def test_may_be_very_long(self, calls: CallService, call: Call) -> None:
        await calls.save_turn(call.id, Turn(0, Speaker.CALLER, "la " * 100_000, 0))

        (turn,) = (await calls.detail(call.id)).call.turns
        assert len(turn.text) == 300_000


class TestToolCalls:
    async def test_are_entered_once(self, calls: CallService, call: Call) -> None:
        first = await calls.open_tool_call(call.id, "t1", "take_message", '{"a":1}', NOW)
        again = await calls.open_tool_call(call.id, "t1", "hang_up", "{}", LATER)

        assert again is first
        assert (again.name, again.arguments, again.requested_at) == ("take_message", '{"a":1}', NOW)
        assert (again.status, again.output) == (ToolStatus.REQUESTED, None)

    async def test_are_settled_once(self, calls: CallService, call: Call) -> None:
        await calls.open_tool_call(call.id, "t1", "take_message", "{}", NOW)
        await calls.finish_tool_call(call.id, "t1", '{"ok":true}', ToolStatus.DONE, NOW)
        await calls.finish_tool_call(call.id, "t1", '{"ok":false}', ToolStatus.FAILED, LATER)

        (tool,) = (await calls.detail(call.id)).call.tool_calls
        assert (tool.status, tool.output, tool.finished_at) == (ToolStatus.DONE, '{"ok":true}', NOW)

    async def test_must_be_entered_before_they_are_settled(self, calls: CallService, call: Call) -> None:
        with pytest.raises(ToolCallNotFound):
            await calls.finish_tool_call(call.id, "t404", "{}", ToolStatus.DONE, NOW)


class TestLegsAndRecordings:
    async def test_keep_the_last_status_of_a_leg(self, calls: CallService, call: Call) -> None:
        for status, is_bridged in (
            (CarrierStatus.RINGING, False),
            (CarrierStatus.COMPLETED, True),
            (CarrierStatus.IN_PROGRESS, False),
        ):
            await calls.save_leg(call.id, LegReport("CA9", LegRole.OWNER, None, status, is_bridged), NOW)

        legs = (await calls.detail(call.id)).call.legs
        (leg,) = [leg for leg in legs if leg.role is LegRole.OWNER]
        assert (leg.status, leg.is_bridged, leg.ended_at) == (CarrierStatus.COMPLETED, True, NOW)

    async def test_keep_a_finished_recording(self, session: AsyncSession, calls: CallService, call: Call) -> None:
        done = RecordingReport("RE1", RecordingStatus.COMPLETED, 12, 2, "https://example.com/RE1")
        for report in (RecordingReport("RE1", RecordingStatus.IN_PROGRESS), done):
            await calls.save_recording(call.id, report, NOW)
        await calls.save_recording(call.id, RecordingReport("RE1", RecordingStatus.IN_PROGRESS), LATER)

        (recording,) = await calls.recordings(call.id)
        assert (recording.status, recording.duration_s) == (RecordingStatus.COMPLETED, 12)
        assert (recording.channels, recording.url) == (2, "https://example.com/RE1")


class TestGoingOn:
    async def test_is_told_what_was_heard_and_done(self, calls: CallService, call: Call) -> None:
        await calls.save_turn(call.id, Turn(2, Speaker.ASSISTANT, "", 50, unheard="never heard"))
        await calls.save_turn(call.id, Turn(1, Speaker.CALLER, "It's Chris.", 30))
        await calls.save_turn(call.id, Turn(0, Speaker.ASSISTANT, "Who is calling?", 0))
        await calls.open_tool_call(call.id, "t2", "hang_up", "{}", LATER)
        await calls.open_tool_call(call.id, "t1", "take_message", "{}", NOW)
        await calls.finish_tool_call(call.id, "t1", '{"ok":true}', ToolStatus.DONE, NOW)

        turns, tools = await calls.seed(call.id)

        assert turns == ((Speaker.ASSISTANT, "Who is calling?"), (Speaker.CALLER, "It's Chris."))
        assert tools == (ToolRecord("t1", "take_message", "{}", '{"ok":true}'),)

    async def test_writes_the_journal_on(self, calls: CallService, call: Call) -> None:
        assert await calls.next_journal_seq(call.id) == 0
        await calls.append_journal(call.id, 1, "b\n")
        await calls.append_journal(call.id, 0, "a\n")
        await calls.append_journal(call.id, 0, "told again\n")

        assert await calls.journal(call.id) == "a\nb\n"
        assert await calls.next_journal_seq(call.id) == 2


class TestAnotherAccount:
    async def test_neither_sees_nor_changes_a_call(self, session: AsyncSession, calls: CallService, call: Call) -> None:
        strangers = CallService(session, (await another_line(session)).account_id)
        await calls.save_turn(call.id, Turn(0, Speaker.CALLER, "mine", 0))

        for attempt in (
            strangers.get(call.id),
            strangers.detail(call.id),
            strangers.start(call.id, engine="x", now=NOW),
            strangers.set_phase(call.id, Phase.CLOSING),
            strangers.set_caller_name(call.id, "x"),
            strangers.add_cost(call.id, AddCost(1, 1, 1, 1)),
            strangers.save_outcome(call.id, Disposition.FAILED, HangUpReason.ERROR, NOW),
            strangers.end(call.id, CarrierStatus.FAILED, NOW, 1),
        ):
            with pytest.raises(CallNotFound):
                await attempt
        await strangers.save_turn(call.id, Turn(0, Speaker.CALLER, "not mine", 0))

        stored = (await calls.detail(call.id)).call
        assert (stored.phase, stored.cost_micro_usd, stored.disposition) == (Phase.RINGING, 0, None)
        assert [turn.text for turn in stored.turns] == ["mine"]
        assert await strangers.seed(call.id) == ((), ())
        assert await strangers.journal(call.id) == ""

    async def test_cannot_add_to_a_call(self, session: AsyncSession, call: Call) -> None:
        strangers = CallService(session, (await another_line(session)).account_id)

        with pytest.raises(IntegrityError):
            await strangers.save_turn(call.id, Turn(7, Speaker.CALLER, "not mine", 0))

    async def test_has_no_call_that_does_not_exist(self, calls: CallService) -> None:
        with pytest.raises(CallNotFound):
            await calls.get(uuid.UUID(int=0))
