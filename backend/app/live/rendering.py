"""Rendering the set sentences ahead of the first call, so that the greeting plays without the engine."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.assistants.service import PhraseBook, all_assistants
from app.callflow.engine import VoiceEngine
from app.core.errors import Unavailable
from app.live.persona import persona_of

log = structlog.get_logger(__name__)

_LOOK_AGAIN_S = 5.0
"""New assistants and changed sentences are noticed this soon."""
_AFTER_FAILURE_S = 30.0


class PhraseRenderer:
    """A background task of a process: whatever phrase is missing is rendered and stored, once for all processes."""

    def __init__(
        self, sessions: async_sessionmaker[AsyncSession], engine: VoiceEngine, utc_now: Callable[[], datetime]
    ) -> None:
        self._sessions = sessions
        self._engine = engine
        self._utc_now = utc_now

    async def run(self) -> None:
        while True:
            try:
                await self.render_missing()
                pause = _LOOK_AGAIN_S
            except (Unavailable, SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("phrases not rendered, trying again", error=type(error).__name__)
                pause = _AFTER_FAILURE_S
            await asyncio.sleep(pause)

    async def render_missing(self) -> int:
        """Render what is missing for every assistant; returns how many phrases were made. Raises Unavailable."""
        made = 0
        async with self._sessions.begin() as session:
            assistants = await all_assistants(session)
            work = [(a, await PhraseBook(session, a.account_id).missing(a)) for a in assistants]
        for assistant, missing in work:
            persona = persona_of(assistant)
            for text in missing.values():
                audio = await self._engine.render(persona, text)
                async with self._sessions.begin() as session:
                    book = PhraseBook(session, assistant.account_id)
                    await book.save(text, assistant.voice, assistant.language, audio, self._utc_now())
                made += 1
            if missing:
                log.info("phrases rendered", assistant_id=str(assistant.id), count=len(missing))
        return made
