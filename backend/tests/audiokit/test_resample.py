from array import array
from math import log10, pi, sin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiokit.resample import Resampler, resample
from audiokit.samples import Samples


def tone(frequency: float, rate: int, seconds: float = 0.2) -> Samples:
    return array("h", (round(12_000 * sin(2 * pi * frequency * i / rate)) for i in range(int(rate * seconds))))


def gain_db(samples: Samples) -> float:
    """The level against that of `tone`, without the edges where the filter hears silence."""
    inner = samples[200:-200]
    rms = (sum(value * value for value in inner) / len(inner)) ** 0.5
    return 20 * log10(max(rms, 0.1) / (12_000 / 2**0.5))


@pytest.mark.parametrize("from_hz", [22_050, 24_000, 44_100, 48_000])
@pytest.mark.parametrize("frequency", [100, 1000, 3000])
def test_speech_passes_unchanged(from_hz: int, frequency: float) -> None:
    assert gain_db(resample(tone(frequency, from_hz), from_hz, 8000)) == pytest.approx(0, abs=0.3)


@pytest.mark.parametrize("from_hz", [22_050, 24_000, 48_000])
@pytest.mark.parametrize("frequency", [4300, 5000, 6100, 7900])
def test_what_would_fold_into_speech_is_taken_out(from_hz: int, frequency: float) -> None:
    assert gain_db(resample(tone(frequency, from_hz), from_hz, 8000)) < -50


@pytest.mark.parametrize("to_hz", [16_000, 24_000])
def test_going_up_leaves_no_image(to_hz: int) -> None:
    wave = resample(tone(1000, 8000), 8000, to_hz)

    ideal = tone(1000, to_hz)
    assert len(wave) == len(ideal)
    assert max(abs(a - b) for a, b in zip(wave[300:-300], ideal[300:-300], strict=True)) < 60


def test_the_result_is_in_time_with_the_input() -> None:
    click = array("h", [0] * 2400)
    click[1200] = 30_000

    result = resample(click, 24_000, 8000)

    assert max(range(len(result)), key=result.__getitem__) == 400


@pytest.mark.parametrize(("from_hz", "count", "expected"), [(24_000, 480, 160), (24_000, 481, 161), (22_050, 441, 160)])
def test_the_duration_is_kept_and_rounded_up(from_hz: int, count: int, expected: int) -> None:
    assert len(resample(array("h", [0] * count), from_hz, 8000)) == expected


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 700), max_size=8), st.sampled_from([22_050, 24_000]))
def test_a_stream_in_pieces_is_the_recording_in_one(lengths: list[int], from_hz: int) -> None:
    whole = tone(700, from_hz, 0.15)
    resampler = Resampler(from_hz, 8000)

    pieces, at = array("h"), 0
    for length in [*lengths, len(whole)]:
        pieces.extend(resampler.feed(whole[at : at + length]))
        at += length
    pieces.extend(resampler.flush())

    assert pieces == resample(whole, from_hz, 8000)


def test_a_resampler_starts_over_after_a_flush() -> None:
    resampler = Resampler(24_000, 8000)
    first = resampler.feed(tone(500, 24_000)) + resampler.flush()

    assert resampler.feed(tone(500, 24_000)) + resampler.flush() == first


def test_full_scale_is_clipped_not_wrapped() -> None:
    square = array("h", ([32767] * 60 + [-32768] * 60) * 20)

    result = resample(square, 24_000, 8000)

    assert max(result) == 32767
    assert min(result) == -32768


def test_equal_rates_give_a_copy() -> None:
    wave = tone(500, 8000)
    same = resample(wave, 8000, 8000)

    assert same == wave
    assert same is not wave


@pytest.mark.parametrize("rates", [(0, 8000), (8000, -1)])
def test_impossible_rates_are_refused(rates: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="sampling rate"):
        Resampler(*rates)
