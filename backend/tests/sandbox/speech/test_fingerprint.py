"""Renderings are known again byte for byte: at any alignment, cut, joined, with gaps."""

from collections.abc import AsyncIterator
from random import Random

import pytest

from audiokit.mulaw import SILENCE
from sandbox.speech.fingerprint import Fingerprints
from sandbox.speech.parts import Heard, Rendering, Word
from sandbox.speech.voice import EspeakVoice

_OPENINGS = ("Hello, this is", "Good morning, my name is", "Hi, it's", "Yes, you are speaking with", "I am")
_NAMES = ("Anna Schmidt", "Bob Miller", "Dr. O'Neill", "Jean-Luc Moreau", "the school", "Priya", "Tom", "Ms. Ng")
_CONCERNS = (
    "I would like an appointment on Friday at 3:15.",
    "please call me back on 555-0142, thank you.",
    "it is about the invoice number 4711!",
    "is the owner there, please?",
    "what are your opening hours?",
)


def _sentences() -> list[str]:
    return [f"{opening} {name}, {concern}" for opening in _OPENINGS for name in _NAMES for concern in _CONCERNS]


@pytest.fixture
async def voice() -> AsyncIterator[EspeakVoice]:
    espeak = EspeakVoice(Fingerprints())
    yield espeak
    await espeak.close()


def _random(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - repeatable shifts and cuts, no secrets


def _silence(random: Random, most: int = 4000) -> bytes:
    return bytes(random.choices((0xFF, 0x7F), k=random.randrange(most)))


async def test_knows_two_hundred_sentences_at_any_shift(voice: EspeakVoice) -> None:
    sentences = _sentences()
    assert len(sentences) == 200
    renderings = [await voice.render(text, voice="caller") for text in sentences]
    random = _random(7)

    heard = [
        voice.fingerprints.recognise(_silence(random) + rendering.audio + _silence(random)) for rendering in renderings
    ]

    assert heard == [Heard(text) for text in sentences]


async def test_gives_only_the_words_that_arrived_before_a_cut(voice: EspeakVoice) -> None:
    random = _random(8)
    for text in _sentences()[::8]:
        rendering = await voice.render(text, voice="caller2")
        begin = random.randrange(len(rendering.audio) // 3)
        end = random.randrange(len(rendering.audio) // 2, len(rendering.audio))
        heard = voice.fingerprints.recognise(_silence(random) + rendering.audio[begin:end])

        inside = [w.text for w in rendering.words if begin / 8 <= w.start_ms and w.end_ms <= end / 8]
        touched = [w.text for w in rendering.words if begin / 8 < w.end_ms and w.start_ms < end / 8]
        assert heard is not None
        words = heard.text.split()
        assert " ".join(inside) in heard.text
        assert len(inside) <= len(words) <= len(touched)


async def test_hears_several_renderings_in_one_utterance(voice: EspeakVoice) -> None:
    hello = await voice.render("Hello?", voice="caller")
    name = await voice.render("My name is Anna.", voice="caller")
    german = await voice.render("Auf Wiederhören.", language="de", voice="caller")

    heard = voice.fingerprints.recognise(
        hello.audio + SILENCE * 333 + hello.audio + name.audio + SILENCE * 5 + german.audio
    )

    assert heard == Heard("Hello? Hello? My name is Anna. Auf Wiederhören.", "de")


async def test_bridges_lost_and_silenced_frames(voice: EspeakVoice) -> None:
    rendering = await voice.render("I would like to leave a message for the owner, please.", voice="caller")
    middle = next(word for word in rendering.words if word.text == "message").start_ms * 8
    with_silence = rendering.audio[:middle] + SILENCE * 160 + rendering.audio[middle + 160 :]
    with_gap = rendering.audio[:middle] + rendering.audio[middle + 160 :]

    assert voice.fingerprints.recognise(with_silence) == voice.fingerprints.recognise(rendering.audio)
    passages = voice.fingerprints.passages(with_gap)
    assert [" ".join(passage.heard_words()) for passage in passages] == [
        "I would like to leave a message for the owner, please."
    ]


async def test_knows_nothing_of_other_sound(voice: EspeakVoice) -> None:
    await voice.render("Hello there.")
    random = _random(9)

    assert voice.fingerprints.recognise(random.randbytes(40_000)) is None
    assert voice.fingerprints.recognise(SILENCE * 40_000) is None
    assert voice.fingerprints.recognise(b"") is None


async def test_hears_no_word_when_hardly_anything_arrived(voice: EspeakVoice) -> None:
    rendering = await voice.render("Extraordinarily good news.")

    assert voice.fingerprints.recognise(rendering.audio[800:1600]) == Heard("")


def test_forgets_the_longest_unused_when_it_holds_too_much() -> None:
    random = _random(10)
    renderings = [Rendering(random.randbytes(4000), (Word(str(n), 0, 500),)) for n in range(5)]
    fingerprints = Fingerprints(most_bytes=12_000)
    for rendering in renderings[:3]:
        fingerprints.register(rendering)
    fingerprints.register(renderings[0])
    for rendering in renderings[3:]:
        fingerprints.register(rendering)

    known = [fingerprints.recognise(rendering.audio) for rendering in renderings]

    assert known == [Heard("0"), None, None, Heard("3"), Heard("4")]
    assert len(fingerprints) == 3


def test_registers_silence_not_at_all() -> None:
    fingerprints = Fingerprints()

    fingerprints.register(Rendering(SILENCE * 800, (Word("hush", 0, 100),)))

    assert len(fingerprints) == 0
