"""The set sentences of a call."""

import re

import pytest

from app.assistants.phrases import Speaking, phrases
from app.callflow.words import PhraseKey

AVA = Speaking(name="Ava", owner="Robin Miller", business="", greeting="", is_recorded=False)
RECORDED = Speaking(name="Ava", owner="Robin Miller", business="", greeting="", is_recorded=True)


class TestPhrases:
    @pytest.mark.parametrize("language", ["en", "de", "en-US", "de_AT", "DE"])
    def test_exist_for_every_moment_and_are_filled_in(self, language: str) -> None:
        texts = phrases(language, RECORDED)

        assert set(texts) == set(PhraseKey)
        assert not any(re.search(r"[{}]", text) for text in texts.values())

    def test_are_english_where_there_are_none_in_the_language(self) -> None:
        assert phrases("fi", AVA) == phrases("en", AVA)

    def test_differ_between_languages(self) -> None:
        assert phrases("de", AVA)[PhraseKey.GOODBYE] != phrases("en", AVA)[PhraseKey.GOODBYE]

    @pytest.mark.parametrize(("language", "ai", "recorded"), [("en", "AI", "recorded"), ("de", "KI", "aufgezeichnet")])
    def test_always_tell_that_an_ai_speaks_and_whether_it_is_recorded(
        self, language: str, ai: str, recorded: str
    ) -> None:
        assert ai in phrases(language, AVA)[PhraseKey.NOTICE]
        assert recorded not in phrases(language, AVA)[PhraseKey.NOTICE]
        assert recorded in phrases(language, RECORDED)[PhraseKey.NOTICE]

    def test_cannot_lose_the_notice_to_a_greeting_of_the_owner(self) -> None:
        own = Speaking(name="Ava", owner="Robin", business="", greeting=" Howdy {name}! ", is_recorded=True)

        texts = phrases("en", own)

        assert texts[PhraseKey.GREETING] == "Howdy {name}!"
        assert texts[PhraseKey.NOTICE].endswith("This call is recorded.")

    def test_name_the_business_when_there_is_one(self) -> None:
        dental = Speaking(name="Ava", owner="Robin", business="Miller {Dental}", greeting="", is_recorded=False)

        assert "Miller {Dental}" in phrases("en", dental)[PhraseKey.GREETING]
