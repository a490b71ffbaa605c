"""Assistants and their renderings."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistants.service import AssistantNotFound, AssistantService, PhraseBook, all_assistants
from app.callflow.words import PhraseKey
from tests.factories.lines import NOW, an_assistant

SECOND = b"\xff" * 8000


class TestAssistantService:
    async def test_gives_the_assistants_of_the_account(self, session: AsyncSession) -> None:
        ava = await an_assistant(session)

        assert await AssistantService(session, ava.account_id).get(ava.id) is ava

    async def test_knows_none_of_another_account(self, session: AsyncSession) -> None:
        ava = await an_assistant(session)
        theirs = await an_assistant(session, email="somebody@example.com")

        with pytest.raises(AssistantNotFound):
            await AssistantService(session, ava.account_id).get(theirs.id)
        assert {a.id for a in await all_assistants(session)} == {ava.id, theirs.id}

    async def test_makes_a_named_one_once(self, session: AsyncSession) -> None:
        ava = await an_assistant(session)

        assert (await AssistantService(session, ava.account_id).named("Ava", now=NOW)).id == ava.id


class TestPhraseBook:
    async def test_misses_everything_at_first(self, session: AsyncSession) -> None:
        ava = await an_assistant(session)
        book = PhraseBook(session, ava.account_id)

        assert await book.missing(ava) == book.texts(ava)
        assert await book.rendered(ava) == {}

    async def test_has_what_was_saved(self, session: AsyncSession) -> None:
        ava = await an_assistant(session)
        book = PhraseBook(session, ava.account_id)
        notice = book.texts(ava)[PhraseKey.NOTICE]

        await book.save(notice, ava.voice, ava.language, SECOND, NOW)

        (phrase,) = (await book.rendered(ava)).values()
        assert (phrase.text, phrase.audio, phrase.ms) == (notice, SECOND, 1000.0)
        assert PhraseKey.NOTICE not in await book.missing(ava)
        assert len(await book.missing(ava)) == len(PhraseKey) - 1

    async def test_keeps_the_first_rendering(self, session: AsyncSession) -> None:
        ava = await an_assistant(session)
        book = PhraseBook(session, ava.account_id)
        notice = book.texts(ava)[PhraseKey.NOTICE]
        for audio in (SECOND, b"\x00"):
            await book.save(notice, ava.voice, ava.language, audio, NOW)

        assert (await book.rendered(ava))[PhraseKey.NOTICE].audio == SECOND

    @pytest.mark.parametrize("change", [{"voice": "cedar"}, {"language": "de"}, {"is_recorded": True}, {"name": "Max"}])
    async def test_misses_a_sentence_that_would_sound_different(
        self, session: AsyncSession, change: dict[str, object]
    ) -> None:
        ava = await an_assistant(session)
        book = PhraseBook(session, ava.account_id)
        for text in book.texts(ava).values():
            await book.save(text, ava.voice, ava.language, SECOND, NOW)
        assert await book.missing(ava) == {}

        for name, value in change.items():
            setattr(ava, name, value)

        assert PhraseKey.NOTICE in await book.missing(ava)

    async def test_shares_nothing_between_accounts(self, session: AsyncSession) -> None:
        ava = await an_assistant(session)
        theirs = await an_assistant(session, email="somebody@example.com")
        book = PhraseBook(session, ava.account_id)
        await book.save(book.texts(ava)[PhraseKey.NOTICE], ava.voice, ava.language, SECOND, NOW)

        assert await PhraseBook(session, theirs.account_id).rendered(theirs) == {}
