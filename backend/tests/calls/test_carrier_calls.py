"""Calls as the carrier's webhooks and streams reach them."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.callflow.transitions import Phase
from app.callflow.words import Disposition, HangUpReason
from app.calls.models import CarrierStatus, LegRole, StreamToken
from app.calls.refusals import (
    StreamTokenExpired,
    StreamTokenOfOtherCall,
    StreamTokenUnknown,
    StreamTokenUsed,
)
from app.calls.service import CallService, CarrierCalls, renew_leases
from app.core.errors import Forbidden
from app.core.phone import CallerIdentity, CallerNumber
from app.store.database import Database
from tests.factories.calls import CALLER, a_call, a_ring
from tests.factories.lines import NOW, a_line, another_line

MINUTE = timedelta(minutes=1)


class TestReceive:
    async def test_records_what_the_carrier_tells(self, session: AsyncSession) -> None:
        line = await a_line(session)

        call, is_new = await CarrierCalls(session).receive(line, now=NOW, **a_ring())

        assert is_new
        assert (call.account_id, call.assistant_id) == (line.account_id, line.assistant_id)
        assert (call.caller_number, call.attestation) == (CALLER, "TN-Validation-Passed-A")
        assert (call.phase, call.carrier_status) == (Phase.RINGING, CarrierStatus.RINGING)

    async def test_knows_callers_who_show_no_number(self, session: AsyncSession) -> None:
        line = await a_line(session)
        ring = a_ring(caller=CallerNumber(CallerIdentity.ANONYMOUS))

        call, _ = await CarrierCalls(session).receive(line, now=NOW, **ring)

        assert (call.caller_identity, call.caller_number) == (CallerIdentity.ANONYMOUS, None)

    async def test_gives_the_call_its_first_leg(self, session: AsyncSession) -> None:
        call = await a_call(session, await a_line(session))

        (leg,) = (await CallService(session, call.account_id).detail(call.id)).call.legs

        assert (leg.role, leg.carrier_leg_id, leg.number) == (LegRole.CALLER, "CA1", CALLER)

    async def test_told_again_is_the_same_call(self, session: AsyncSession) -> None:
        line = await a_line(session)
        first = await a_call(session, line)

        again, is_new = await CarrierCalls(session).receive(line, now=NOW + MINUTE, **a_ring())

        assert (again.id, again.started_at, is_new) == (first.id, NOW, False)

    async def test_told_twice_at_once_is_one_call(self, database: Database) -> None:
        async with database.sessions.begin() as session:
            line = await a_line(session)

        async def receive() -> bool:
            async with database.sessions.begin() as session:
                return (await CarrierCalls(session).receive(line, now=NOW, **a_ring()))[1]

        assert sorted(await asyncio.gather(*(receive() for _ in range(4)))) == [False, False, False, True]


class TestClaimStream:
    async def test_gives_the_call_of_the_token(self, session: AsyncSession) -> None:
        carrier = CarrierCalls(session)
        call = await a_call(session, await a_line(session))
        await carrier.issue_stream_token(call, "secret", expires_at=NOW + MINUTE)

        assert (await carrier.claim_stream("secret", "CA1", now=NOW)).id == call.id

    async def test_refuses_a_token_nobody_issued(self, session: AsyncSession) -> None:
        await a_call(session, await a_line(session))

        for token in ("invented", "", "\ud800", "\0"):
            with pytest.raises(StreamTokenUnknown):
                await CarrierCalls(session).claim_stream(token, "CA1", now=NOW)

    async def test_refuses_a_token_the_second_time(self, session: AsyncSession) -> None:
        carrier = CarrierCalls(session)
        call = await a_call(session, await a_line(session))
        await carrier.issue_stream_token(call, "secret", expires_at=NOW + MINUTE)
        await carrier.claim_stream("secret", "CA1", now=NOW)

        with pytest.raises(StreamTokenUsed):
            await carrier.claim_stream("secret", "CA1", now=NOW)

    async def test_refuses_a_token_that_is_over(self, session: AsyncSession) -> None:
        carrier = CarrierCalls(session)
        call = await a_call(session, await a_line(session))
        await carrier.issue_stream_token(call, "secret", expires_at=NOW + MINUTE)

        with pytest.raises(StreamTokenExpired):
            await carrier.claim_stream("secret", "CA1", now=NOW + MINUTE)

    @pytest.mark.parametrize("thief", ["CA2", "CA-unheard-of"])
    async def test_refuses_a_stolen_token_and_keeps_it_for_its_call(self, session: AsyncSession, thief: str) -> None:
        carrier = CarrierCalls(session)
        line = await a_line(session)
        call = await a_call(session, line)
        await a_call(session, line, "CA2")
        await carrier.issue_stream_token(call, "secret", expires_at=NOW + MINUTE)

        with pytest.raises(StreamTokenOfOtherCall):
            await carrier.claim_stream("secret", thief, now=NOW)

        assert (await carrier.claim_stream("secret", "CA1", now=NOW)).id == call.id

    async def test_lets_one_of_many_in(self, database: Database) -> None:
        async with database.sessions.begin() as session:
            call = await a_call(session, await a_line(session))
            await CarrierCalls(session).issue_stream_token(call, "secret", expires_at=NOW + MINUTE)

        async def claim() -> str:
            try:
                async with database.sessions.begin() as session:
                    await CarrierCalls(session).claim_stream("secret", "CA1", now=NOW)
            except Forbidden as refusal:
                return refusal.code
            return "in"

        outcomes = sorted(await asyncio.gather(*(claim() for _ in range(8))))

        assert outcomes == ["in", *["stream_token_used"] * 7]

    async def test_stores_no_token(self, session: AsyncSession) -> None:
        carrier = CarrierCalls(session)
        call = await a_call(session, await a_line(session))

        await carrier.issue_stream_token(call, "secret", expires_at=NOW + MINUTE)
        await carrier.issue_stream_token(call, "another", expires_at=NOW + MINUTE)

        assert await carrier.streams_of(call) == 2
        hashes = (await session.scalars(select(StreamToken.token_hash))).all()
        assert len(hashes) == 2
        assert not any(b"secret" in token_hash for token_hash in hashes)


class TestLeases:
    async def test_run_out_when_nobody_renews_them(self, session: AsyncSession) -> None:
        carrier = CarrierCalls(session)
        call = await a_call(session, await a_line(session))

        assert await carrier.expired_leases(NOW) == []
        assert [c.id for c in await carrier.expired_leases(NOW + MINUTE)] == [call.id]

    async def test_are_renewed_for_many_calls_and_never_shortened(self, session: AsyncSession) -> None:
        carrier = CarrierCalls(session)
        line = await a_line(session)
        calls = [await a_call(session, line, f"CA{n}") for n in range(3)]
        await renew_leases(session, [call.id for call in calls[:2]], NOW + 5 * MINUTE)
        await renew_leases(session, [call.id for call in calls[:2]], NOW)
        await renew_leases(session, [], NOW)

        assert [c.id for c in await carrier.expired_leases(NOW + 2 * MINUTE)] == [calls[2].id]

    async def test_do_not_matter_to_ended_calls_with_an_outcome(self, session: AsyncSession) -> None:
        call = await a_call(session, await a_line(session))
        calls = CallService(session, call.account_id)
        await calls.end(call.id, CarrierStatus.COMPLETED, NOW, 3)
        carrier = CarrierCalls(session)
        assert [c.id for c in await carrier.expired_leases(NOW + 10 * MINUTE)] == [call.id]

        await calls.save_outcome(call.id, Disposition.ANSWERED, HangUpReason.CALLER, NOW)

        assert await carrier.expired_leases(NOW + 10 * MINUTE) == []


class TestLookups:
    async def test_know_the_carriers_calls_of_every_account(self, session: AsyncSession) -> None:
        carrier = CarrierCalls(session)
        await a_call(session, await a_line(session), "CA1")
        await a_call(session, await another_line(session), "CA2")

        assert await carrier.known_carrier_ids(["CA1", "CA2", "CA3"]) == {"CA1", "CA2"}
        assert await carrier.known_carrier_ids([]) == set()

    async def test_find_nothing_for_a_call_not_on_record(self, session: AsyncSession) -> None:
        assert await CarrierCalls(session).by_carrier_id("CA404") is None
