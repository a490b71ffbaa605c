"""The voice: a real espeak-ng process, the same bytes for the same words, replaced when it dies."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from audiokit.duration import duration_ms
from audiokit.level import level_dbfs
from sandbox.speech import voice as voice_package
from sandbox.speech.parts import Rendering
from sandbox.speech.voice import EspeakVoice
from sandbox.speech.voice.speakers import SPEAKERS, espeak_language

GREETING = "Hello, how can I help you? It is 5:30 p.m. — call 555-0123."


@pytest.fixture
async def voice() -> AsyncIterator[EspeakVoice]:
    espeak = EspeakVoice()
    yield espeak
    await espeak.close()


async def test_speaks_at_telephone_level_without_silence_around(voice: EspeakVoice) -> None:
    rendering = await voice.render(GREETING)

    assert 4000 < duration_ms(rendering.audio) < 9000
    assert -26 < level_dbfs(rendering.audio) < -16
    assert level_dbfs(rendering.audio[:400]) > -60
    assert level_dbfs(rendering.audio[-800:]) > -60
    assert 0x7F not in rendering.audio


@pytest.mark.parametrize("name", sorted(SPEAKERS))
async def test_gives_the_same_bytes_for_the_same_words_in_any_process(voice: EspeakVoice, name: str) -> None:
    first = await voice.render(GREETING, voice=name)
    other = EspeakVoice()
    try:
        await other.render("Something else before it, in another voice.", language="de", voice="caller")
        again = await other.render(GREETING, voice=name)
    finally:
        await other.close()

    assert again == first


async def test_times_every_word_of_the_text_in_order(voice: EspeakVoice) -> None:
    rendering = await voice.render(GREETING)

    assert [word.text for word in rendering.words] == GREETING.split()
    times = [moment for word in rendering.words for moment in (word.start_ms, word.end_ms)]
    assert times == sorted(times)
    assert times[0] <= 50
    assert duration_ms(rendering.audio) - 200 <= times[-1] <= duration_ms(rendering.audio)
    by_text = {word.text: word for word in rendering.words}
    assert by_text["555-0123."].end_ms - by_text["555-0123."].start_ms > 1500
    assert by_text["—"].end_ms == by_text["—"].start_ms


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en-GB", "Good morning."),
        ("de-AT", "Grüß Gott, wann haben Sie geöffnet?"),
        ("es", "¿A qué hora abren?"),
        ("fr", "À quelle heure ouvrez-vous ?"),
        ("it", "Perché no?"),
        ("pt-BR", "Bom dia, tudo bem?"),
        ("nl", "Goedemorgen."),
        ("pl", "Dzień dobry."),
        ("xx", "An unknown language is read as English."),
    ],
)
async def test_speaks_many_languages(voice: EspeakVoice, language: str, text: str) -> None:
    rendering = await voice.render(text, language=language)

    assert duration_ms(rendering.audio) > 300
    assert " ".join(word.text for word in rendering.words) == text


def test_maps_regions_to_what_espeak_speaks() -> None:
    assert [espeak_language(tag) for tag in ("en", "en_GB", "DE-de", "tlh")] == ["en-us", "en", "de", "en-us"]


async def test_has_a_voice_of_its_own_for_every_name(voice: EspeakVoice) -> None:
    renderings = [await voice.render("Who is calling, please?", voice=name) for name in SPEAKERS]

    assert len({rendering.audio for rendering in renderings}) == len(SPEAKERS)


async def test_an_unknown_name_speaks_with_the_default_voice(voice: EspeakVoice) -> None:
    assert (await voice.render("Hello.", voice="nobody")).audio == (await voice.render("Hello.")).audio


@pytest.mark.parametrize("text", ["", "   ", "\x01\x00\n"])
async def test_says_nothing_for_an_empty_text(voice: EspeakVoice, text: str) -> None:
    assert await voice.render(text) == Rendering(b"", ())


async def test_takes_no_commands_from_the_text(voice: EspeakVoice) -> None:
    rendering = await voice.render("Good \x01+50p morning <break time='9s'/>")

    assert duration_ms(rendering.audio) < 9000
    assert rendering.words[0].text == "Good"


async def test_is_replaced_when_its_process_dies(voice: EspeakVoice) -> None:
    await voice.render("One.")
    first = voice.process_id
    assert first is not None
    os.kill(first, signal.SIGKILL)

    rendering = await voice.render("Two.")

    assert rendering.audio
    assert voice.process_id != first


async def test_answers_many_askers_and_survives_one_who_leaves(voice: EspeakVoice) -> None:
    await voice.render("Warm.")
    leaving = asyncio.ensure_future(voice.render("This one is not waited for. " * 20))
    await asyncio.sleep(0)
    leaving.cancel()

    texts = [f"Number {number}." for number in range(12)]
    renderings = await asyncio.gather(*(voice.render(text) for text in texts))

    assert [" ".join(word.text for word in rendering.words) for rendering in renderings] == texts
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_its_process_ends_with_it() -> None:
    voice = EspeakVoice()
    await voice.render("One.")
    process_id = voice.process_id
    assert process_id is not None

    await voice.close()

    assert not psutil.pid_exists(process_id)
    assert voice.process_id is None


_SPEAKER = """
import asyncio
from sandbox.speech.voice import EspeakVoice

async def main():
    voice = EspeakVoice()
    await voice.render("One.")
    print(voice.process_id, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_its_process_ends_when_its_parent_is_killed() -> None:
    root = Path(voice_package.__file__).parents[3]
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", _SPEAKER, cwd=root, stdout=PIPE)
    assert parent.stdout is not None
    async with asyncio.timeout(30):
        process = psutil.Process(int(await parent.stdout.readline()))

    parent.kill()
    await parent.wait()

    gone, alive = await asyncio.to_thread(psutil.wait_procs, [process], timeout=10)
    assert (len(gone), alive) == (1, [])
