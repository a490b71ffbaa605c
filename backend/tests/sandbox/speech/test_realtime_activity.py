"""Where speech begins and ends, and the small pure parts beside it."""

import math
from array import array
from random import Random
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiokit import mulaw
from audiokit.mulaw import silence
from sandbox.speech.realtime import alaw
from sandbox.speech.realtime.activity import Activity, SpeechBegan, SpeechDetector, SpeechEnded, milliseconds
from sandbox.speech.realtime.input_buffer import InputBuffer
from sandbox.speech.realtime.pacing import delta_bounds
from sandbox.speech.voice import EspeakVoice
from tests.sandbox.speech.realtime_wire import tone


def detector(hang_over_ms: int = 500, threshold: float = 0.5) -> SpeechDetector:
    made = SpeechDetector(quietest_dbfs=-42.0, onset_ms=60)
    made.tune(threshold=threshold, hang_over_ms=hang_over_ms)
    return made


def noise(ms: int, dbfs: float, seed: int = 1) -> bytes:
    """Gaussian comfort noise of an RMS level."""
    source = Random(seed)  # noqa: S311 - noise, the same in every run
    sigma = 32768 * 10 ** (dbfs / 20)
    return mulaw.encode(array("h", (round(source.gauss(0, sigma)) for _ in range(ms * 8))))


def mixed(speech: bytes, background: bytes) -> bytes:
    pairs = zip(mulaw.decode(speech), mulaw.decode(background), strict=True)
    return mulaw.encode(array("h", (max(-32768, min(32767, a + b)) for a, b in pairs)))


def times(activities: list[Activity]) -> list[tuple[str, int]]:
    return [(type(activity).__name__, milliseconds(activity.at)) for activity in activities]


class TestSpeechDetector:
    def test_finds_a_turn_to_the_frame(self) -> None:
        found = detector().feed(silence(1000) + tone(800) + silence(1000))

        assert found == [SpeechBegan(1000 * 8), SpeechEnded(2300 * 8)]

    @settings(deadline=None)
    @given(cuts=st.lists(st.integers(1, 4000), max_size=30), seed=st.integers(0, 5))
    def test_hears_the_same_in_whatever_pieces_audio_comes(self, cuts: list[int], seed: int) -> None:
        audio = noise(400, -50, seed) + tone(300) + noise(700, -50, seed)
        pieces, at = [], 0
        for cut in cuts:
            pieces.append(audio[at : at + cut])
            at += cut
        pieces.append(audio[at:])
        listening = detector()

        found = [activity for piece in pieces for activity in listening.feed(piece)]

        assert found == detector().feed(audio)

    @pytest.mark.parametrize("dbfs", [-70.0, -50.0, -45.0])
    def test_takes_no_comfort_noise_for_speech(self, dbfs: float) -> None:
        assert detector().feed(noise(20_000, dbfs)) == []

    @pytest.mark.parametrize("dbfs", [-60.0, -50.0])
    def test_finds_speech_in_comfort_noise(self, dbfs: float) -> None:
        speech = silence(1500) + tone(900, amplitude=4000) + silence(1600)

        found = detector().feed(mixed(speech, noise(4000, dbfs)))

        assert times(found) == [("SpeechBegan", 1500), ("SpeechEnded", 2900)]

    def test_gets_used_to_a_noisy_line(self) -> None:
        found = detector().feed(noise(10_000, -38))

        assert all(at < 3000 for _, at in times(found))

    def test_a_click_is_no_speech(self) -> None:
        audio = (silence(400) + tone(20) + silence(400)) * 5

        assert detector().feed(audio) == []

    def test_a_click_does_not_prolong_a_turn(self) -> None:
        found = detector().feed(silence(500) + tone(300) + silence(300) + tone(20) + silence(600))

        assert times(found) == [("SpeechBegan", 500), ("SpeechEnded", 1300)]

    def test_the_hang_over_bridges_pauses(self) -> None:
        audio = tone(300) + silence(400) + tone(300) + silence(600)

        assert times(detector(hang_over_ms=200).feed(audio)) == [
            ("SpeechBegan", 0),
            ("SpeechEnded", 500),
            ("SpeechBegan", 700),
            ("SpeechEnded", 1200),
        ]
        assert times(detector(hang_over_ms=500).feed(audio)) == [("SpeechBegan", 0), ("SpeechEnded", 1500)]

    def test_speech_that_was_committed_begins_anew(self) -> None:
        listening = detector()
        listening.feed(silence(500) + tone(300))
        listening.forget_speech()

        assert times(listening.feed(tone(300))) == [("SpeechBegan", 800)]

    async def test_finds_whole_sentences_of_the_sandbox_voice(self) -> None:
        voice = EspeakVoice()
        try:
            lines = [
                "Hello, my name is Bob and I would like to leave a message.",
                "Yes.",
                "It is urgent, please hurry!",
            ]
            renderings = [await voice.render(line, voice="caller") for line in lines]
        finally:
            await voice.close()
        audio = silence(1000) + b"".join(rendering.audio + silence(1500) for rendering in renderings)

        found = detector().feed(mixed(audio, noise(len(audio) // 8 + 1, -55)[: len(audio)]))

        begin = 1000.0
        assert len(found) == 2 * len(lines)
        for rendering, began, ended in zip(renderings, found[::2], found[1::2], strict=True):
            end = begin + len(rendering.audio) / 8
            assert milliseconds(began.at) == pytest.approx(begin, abs=120)
            assert milliseconds(ended.at) == pytest.approx(end + 500, abs=160)
            begin = end + 1500

    def test_is_cheap(self) -> None:
        """Twenty lines are twenty times fifty frames a second; they must leave most of a core."""
        listening, frame = detector(), noise(20, -50)
        began = process_time()
        for _ in range(20 * 50):
            listening.feed(frame)

        assert process_time() - began < 0.25


class TestALaw:
    def test_is_the_published_table(self) -> None:
        """Values of ITU-T G.711, table 1a: silence, the smallest and the greatest samples."""
        known = {0xD5: 8, 0x55: -8, 0xD4: 24, 0xAA: 32256, 0x2A: -32256, 0x80: 5504}

        assert {byte: alaw.LINEAR[byte] for byte in known} == known

    def test_survives_the_way_there_and_back(self) -> None:
        everything = bytes(range(256))

        there_and_back = alaw.from_mulaw(alaw.to_mulaw(everything))

        for before, after in zip(everything, there_and_back, strict=True):
            assert abs(alaw.LINEAR[before] - alaw.LINEAR[after]) <= max(abs(alaw.LINEAR[before]) // 16, 16)


class TestInputBuffer:
    def test_positions_never_move(self) -> None:
        buffer = InputBuffer()
        buffer.append(bytes(range(100)))
        assert buffer.take(10, 20) == bytes(range(10, 20))
        buffer.append(b"x" * 100)

        assert (buffer.begin, buffer.end) == (20, 200)
        assert buffer.take(0, 30) == bytes(range(20, 30))

    def test_long_silence_is_forgotten(self) -> None:
        buffer = InputBuffer()
        buffer.append(silence(200_000))
        buffer.keep_recent()

        assert (buffer.held_ms, buffer.end_ms) == (120_000, 200_000)


class TestDeltaBounds:
    @settings(deadline=None)
    @given(length=st.integers(0, 100_000), seed=st.integers())
    def test_cover_everything_in_pieces_of_50_to_400_ms(self, length: int, seed: int) -> None:
        bounds = list(delta_bounds(length, Random(seed)))  # noqa: S311 - sizes, the same in every run

        assert [begin for begin, _ in bounds] == [0, *(end for _, end in bounds)][: len(bounds)]
        assert (bounds[-1][1] if bounds else 0) == length
        assert all(400 <= end - begin <= 3200 for begin, end in bounds[:-1])
        assert len(bounds) <= math.ceil(length / 400)
