from array import array
from math import pi, sin

import pytest

from audiokit import level
from audiokit.mulaw import encode, silence


def tone(amplitude: float) -> bytes:
    return encode(array("h", (round(amplitude * sin(2 * pi * 400 * i / 8000)) for i in range(800))))


def test_silence_lies_at_the_floor() -> None:
    assert level.level_dbfs(silence(20)) == level.level_dbfs(b"") == level.FLOOR_DBFS


@pytest.mark.parametrize(("amplitude", "dbfs"), [(32000, -3.2), (16000, -9.2), (1600, -29.2), (160, -49.2)])
def test_a_tone_has_the_level_of_its_amplitude(amplitude: float, dbfs: float) -> None:
    assert level.level_dbfs(tone(amplitude)) == pytest.approx(dbfs, abs=0.3)


def test_rms_and_peak_of_a_tone() -> None:
    assert level.rms(tone(10_000)) == pytest.approx(7071, rel=0.02)
    assert level.peak(tone(10_000)) == pytest.approx(10_000, rel=0.04)


def test_no_audio_has_neither_rms_nor_peak() -> None:
    assert (level.rms(b""), level.peak(b"")) == (0.0, 0)
