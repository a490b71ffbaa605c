"""What was answered to the carrier's webhooks: a repetition gets the same answer and does nothing twice."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.calls.models import WebhookReceipt


class WebhookReceipts:
    """Receipts by the carrier's idempotency token and the path it was sent to."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def replay(self, token: str, path: str) -> str | None:
        """The body that was answered before; None for a request not seen yet."""
        return await self._session.scalar(
            select(WebhookReceipt.body).where(WebhookReceipt.token == token, WebhookReceipt.path == path)
        )

    async def keep(self, token: str, path: str, body: str, now: datetime) -> None:
        """Remember an answer; the first one stays."""
        receipt = insert(WebhookReceipt).values(token=token, path=path, body=body, created_at=now)
        await self._session.execute(receipt.on_conflict_do_nothing())

    async def forget_before(self, instant: datetime) -> None:
        """Drop receipts older than any repetition."""
        await self._session.execute(delete(WebhookReceipt).where(WebhookReceipt.created_at < instant))
