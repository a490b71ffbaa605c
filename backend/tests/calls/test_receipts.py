"""Webhooks told again get the answer they got before."""

import asyncio
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.calls.receipts import WebhookReceipts
from app.store.database import Database
from tests.factories.lines import NOW


class TestReceipts:
    async def test_give_the_same_answer_again(self, session: AsyncSession) -> None:
        receipts = WebhookReceipts(session)
        await receipts.keep("token", "/calls/inbound", "<Response/>", NOW)
        await receipts.keep("token", "/calls/inbound", "<Other/>", NOW)

        assert await receipts.replay("token", "/calls/inbound") == "<Response/>"

    async def test_know_nothing_of_other_requests(self, session: AsyncSession) -> None:
        receipts = WebhookReceipts(session)
        await receipts.keep("token", "/calls/inbound", "<Response/>", NOW)

        assert await receipts.replay("token", "/calls/fallback") is None
        assert await receipts.replay("other", "/calls/inbound") is None

    async def test_are_forgotten_in_time(self, session: AsyncSession) -> None:
        receipts = WebhookReceipts(session)
        await receipts.keep("old", "/calls/inbound", "<Old/>", NOW - timedelta(days=1))
        await receipts.keep("new", "/calls/inbound", "<New/>", NOW)

        await receipts.forget_before(NOW)

        assert await receipts.replay("old", "/calls/inbound") is None
        assert await receipts.replay("new", "/calls/inbound") == "<New/>"

    async def test_of_requests_that_race_are_one(self, database: Database) -> None:
        async def keep(body: str) -> None:
            async with database.sessions.begin() as session:
                await WebhookReceipts(session).keep("token", "/calls/inbound", body, NOW)

        await asyncio.gather(*(keep(f"<{n}/>") for n in range(4)))

        async with database.sessions() as session:
            assert await WebhookReceipts(session).replay("token", "/calls/inbound") in {f"<{n}/>" for n in range(4)}
