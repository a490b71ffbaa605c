"""Accounts with an assistant at a number."""

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.service import account_of_owner
from app.assistants.models import Assistant
from app.assistants.service import AssistantService
from app.core.phone import E164
from app.numbers.service import Line, NumberService

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NUMBER = E164("+15550001111")
OTHER_NUMBER = E164("+15550003333")


async def an_assistant(session: AsyncSession, *, email: str = "owner@example.com") -> Assistant:
    """Ava, who answers for Robin; the account is that of `email`."""
    account = await account_of_owner(session, email=email, name="Robin Miller", phone=None, now=NOW)
    assistant = await AssistantService(session, account.id).named("Ava", now=NOW)
    assistant.owner_name, assistant.voice = "Robin Miller", "marin"
    await session.flush()
    return assistant


async def a_line(session: AsyncSession, *, number: E164 = NUMBER, email: str = "owner@example.com") -> Line:
    """A number in service, in the account of `email`."""
    assistant = await an_assistant(session, email=email)
    numbers = NumberService(session)
    return await numbers.assign(number, account_id=assistant.account_id, assistant_id=assistant.id, now=NOW)


async def another_line(session: AsyncSession) -> Line:
    """A number of somebody else."""
    return await a_line(session, number=OTHER_NUMBER, email="somebody@example.com")
