"""A number whose assistant has all its set sentences as audio, so that nothing has to be rendered first."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistants.models import Assistant
from app.assistants.service import PhraseBook
from app.numbers.service import Line
from tests.factories.lines import NOW, a_line
from tests.sandbox.speech.realtime_wire import tone

PHRASE_MS = 300


async def a_speaking_line(session: AsyncSession, phrase_ms: int = PHRASE_MS) -> Line:
    """A line whose sentences are tones of this length."""
    line = await a_line(session)
    assistant = (await session.scalars(select(Assistant).where(Assistant.id == line.assistant_id))).one()
    book = PhraseBook(session, line.account_id)
    for text in book.texts(assistant).values():
        await book.save(text, assistant.voice, assistant.language, tone(phrase_ms), NOW)
    return line
