"""Assistants, and the set sentences they speak without the engine."""

import hashlib
import json
import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistants.models import Assistant
from app.assistants.phrases import Speaking, phrases
from app.assistants.repository import AssistantRepository, RenderingRepository
from app.assistants.shelf import PhraseShelf, RenderedPhrase
from app.callflow.words import PhraseKey
from app.core.errors import NotFound
from app.core.ids import new_id

_BYTES_PER_MS = 8  # G.711: one byte a sample, 8000 samples a second


class AssistantNotFound(NotFound):
    code = "assistant_not_found"


async def all_assistants(session: AsyncSession) -> list[Assistant]:
    """The assistants of every account, oldest first; for work that is nobody's request, like rendering phrases."""
    return list(await session.scalars(select(Assistant).order_by(Assistant.id)))


class AssistantService:
    def __init__(self, session: AsyncSession, account_id: uuid.UUID) -> None:
        self._session = session
        self._account_id = account_id
        self._assistants = AssistantRepository(session, account_id)

    async def get(self, assistant_id: uuid.UUID) -> Assistant:
        """Raises AssistantNotFound."""
        assistant = await self._assistants.get(assistant_id)
        if assistant is None:
            raise AssistantNotFound
        return assistant

    async def named(self, name: str, *, now: datetime) -> Assistant:
        """The assistant of this name, or a new one whose columns are still to be filled before the next flush."""
        assistant = await self._assistants.named(name)
        if assistant is None:
            assistant = Assistant(id=new_id(now), account_id=self._account_id, name=name, created_at=now)
            self._session.add(assistant)
        assistant.updated_at = now
        return assistant


class PhraseBook:
    """The set sentences of an account's assistants and their renderings, kept per (text, voice, language)."""

    def __init__(self, session: AsyncSession, account_id: uuid.UUID, shelf: PhraseShelf | None = None) -> None:
        self._account_id = account_id
        self._renderings = RenderingRepository(session, account_id)
        self._shelf = shelf or PhraseShelf()

    def texts(self, assistant: Assistant) -> dict[PhraseKey, str]:
        """What this assistant says at each set moment, in its language."""
        speaking = Speaking(
            name=assistant.name,
            owner=assistant.owner_name,
            business=assistant.business,
            greeting=assistant.greeting,
            is_recorded=assistant.is_recorded,
        )
        return phrases(assistant.language, speaking)

    async def rendered(self, assistant: Assistant) -> dict[PhraseKey, RenderedPhrase]:
        """Those sentences that exist as audio in the assistant's voice."""
        hashes = self._hashes(assistant)
        unread = [key_hash for key_hash in hashes.values() if self._shelf.get(self._account_id, key_hash) is None]
        if unread:
            for row in await self._renderings.with_hashes(unread):
                self._shelf.put(self._account_id, row.key_hash, RenderedPhrase(row.text, row.audio, row.ms))
        found = ((key, self._shelf.get(self._account_id, key_hash)) for key, key_hash in hashes.items())
        return {key: phrase for key, phrase in found if phrase is not None}

    async def missing(self, assistant: Assistant) -> dict[PhraseKey, str]:
        """Those sentences that still have to be rendered."""
        hashes = self._hashes(assistant)
        known = await self._renderings.known_hashes(hashes.values())
        return {key: text for key, text in self.texts(assistant).items() if hashes[key] not in known}

    async def save(self, text: str, voice: str, language: str, audio: bytes, now: datetime) -> None:
        """Keep a rendering (G.711 mu-law at 8 kHz). The first one of a sentence stays."""
        await self._renderings.add_unless_known(
            id=new_id(now),
            key_hash=_key_hash(text, voice, language),
            text=text,
            voice=voice,
            language=language,
            audio=audio,
            ms=len(audio) / _BYTES_PER_MS,
            created_at=now,
        )

    def _hashes(self, assistant: Assistant) -> dict[PhraseKey, bytes]:
        return {
            key: _key_hash(text, assistant.voice, assistant.language) for key, text in self.texts(assistant).items()
        }


def _key_hash(text: str, voice: str, language: str) -> bytes:
    return hashlib.sha256(json.dumps([text, voice, language]).encode()).digest()
