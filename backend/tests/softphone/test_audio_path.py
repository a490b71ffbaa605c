"""Microphone to line and line to ear, measured in a real browser with a microphone that plays a known voice."""

import base64
from pathlib import Path
from statistics import median

import numpy as np
import pytest
from playwright.async_api import Page

from tests.softphone.application import Application
from tests.softphone.carriers import Carrier
from tests.softphone.conftest import Microphone, listen_for_complaints, ring
from tests.softphone.signals import Match, Signal, compare, compare_pieces, from_mulaw, speech_like, to_mulaw, write_wav

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

VOICE_S = 5.0


async def _recorded(page: Page) -> tuple[Signal, int]:
    """What the page has played since `probe.record()`, and at which rate."""
    taken = await page.evaluate("probe.take()")
    samples = np.frombuffer(base64.b64decode(taken["samples"]), dtype="<f4")
    return samples.astype(np.float64), int(taken["rate"])


def _write_spoken(path: Path, voice: Signal) -> None:
    """A recording that begins with a breath: the first milliseconds pass before anybody listens."""
    write_wav(path, np.concatenate([np.zeros(12000), voice]), 48000)


def _sounding_s(signal: Signal, rate: int) -> float:
    """How long something is heard, counted in blocks of 10 ms."""
    blocks = signal[: len(signal) // (rate // 100) * (rate // 100)].reshape(-1, rate // 100)
    return float(np.count_nonzero(np.abs(blocks).max(axis=1) > 0.01)) / 100


def _assert_arrived(matches: list[Match]) -> None:
    """Most pieces are what was sent, up to mu-law's own noise, and they came one after another.

    A machine that is busy with something else may stall for some tenths of a second, which shifts what follows.
    """
    assert median(match.snr_db for match in matches) > 25
    assert median(match.correlation for match in matches) > 0.99
    assert max(match.begins_s for match in matches) - min(match.begins_s for match in matches) < 0.5


async def test_a_voice_reaches_the_application_as_it_was_spoken(
    tmp_path: Path, application: Application, carrier: Carrier, browser_with: Microphone
) -> None:
    voice = speech_like(VOICE_S, 48000)
    _write_spoken(tmp_path / "voice.wav", voice)
    async with browser_with(tmp_path / "voice.wav") as browser:
        page = await browser.new_page(permissions=["microphone"])
        complaints = listen_for_complaints(page)
        await page.goto(f"{carrier.url}/?raw")
        stream = await ring(page, application)

        began = len(stream.heard) / 8000
        await page.get_by_role("button", name="Speak by microphone").click()
        heard = await stream.hears(began + VOICE_S + 2)

    _assert_arrived(compare_pieces(from_mulaw(heard), 8000, voice, 48000))
    assert complaints == []


async def test_a_busy_page_does_not_make_the_voice_stutter(
    tmp_path: Path, application: Application, carrier: Carrier, browser_with: Microphone
) -> None:
    voice = speech_like(VOICE_S, 48000, seed=5)
    _write_spoken(tmp_path / "voice.wav", voice)
    async with browser_with(tmp_path / "voice.wav") as browser:
        page = await browser.new_page(permissions=["microphone"])
        await page.goto(f"{carrier.url}/?raw")
        stream = await ring(page, application)
        began = len(stream.heard) / 8000
        await page.get_by_role("button", name="Speak by microphone").click()
        await page.get_by_role("button", name="Switch the microphone off").wait_for()

        await page.evaluate(
            "setInterval(() => { for (const t = performance.now(); performance.now() - t < 150;); }, 250)"
        )
        heard = await stream.hears(began + VOICE_S + 2)

    _assert_arrived(compare_pieces(from_mulaw(heard), 8000, voice, 48000))


async def test_what_the_application_says_reaches_the_ear_unchanged(page: Page, application: Application) -> None:
    audio = to_mulaw(speech_like(3.0, 8000, seed=11))
    stream = await ring(page, application)
    await page.evaluate("probe.record()")

    await stream.play(audio, mark="end")
    await stream.returned("end")
    await page.wait_for_timeout(500)
    played, rate = await _recorded(page)

    _assert_arrived(compare_pieces(played, rate, from_mulaw(audio), 8000))


async def test_sentences_are_heard_and_marked_in_order(page: Page, application: Application) -> None:
    first, second = (to_mulaw(speech_like(1.0, 8000, seed=seed)) for seed in (3, 4))
    stream = await ring(page, application)
    await page.evaluate("probe.record()")

    await stream.play(first, mark="first")
    await stream.returned("first")
    await page.wait_for_timeout(700)
    await stream.play(second, mark="second")
    await stream.returned("second")
    await page.wait_for_timeout(500)
    played, rate = await _recorded(page)

    matches = [compare_pieces(played, rate, from_mulaw(audio), 8000, piece_s=0.25) for audio in (first, second)]
    for pieces in matches:
        _assert_arrived(pieces)
    assert matches[0][0].begins_s + 1 < matches[1][0].begins_s
    assert stream.marks == ["first", "second"]


async def test_a_clear_silences_the_ear_and_returns_the_mark(page: Page, application: Application) -> None:
    stream = await ring(page, application)
    await page.evaluate("probe.record()")

    await stream.play(to_mulaw(speech_like(8.0, 8000)), mark="never heard")
    await page.wait_for_timeout(1000)
    await stream.clear()
    await stream.returned("never heard")
    await page.wait_for_timeout(500)
    played, rate = await _recorded(page)

    assert 0.5 < _sounding_s(played, rate) < 6
    assert not np.abs(played[-rate // 10 :]).any()


async def test_the_level_meters_follow_both_sides(page: Page, application: Application) -> None:
    stream = await ring(page, application)

    await page.get_by_role("button", name="Speak by microphone").click()
    await stream.play(to_mulaw(speech_like(4.0, 8000)))

    for side in ("You", "Assistant"):
        await page.wait_for_function(
            "side => [...document.querySelectorAll('[role=meter]')].some(meter => "
            "document.getElementById(meter.getAttribute('aria-labelledby')).textContent === side "
            "&& Number(meter.ariaValueNow) > 20)",
            arg=side,
        )


async def test_the_microphone_rests_while_a_typed_line_is_spoken(
    tmp_path: Path, application: Application, carrier: Carrier, browser_with: Microphone
) -> None:
    voice = speech_like(20.0, 48000)
    write_wav(tmp_path / "voice.wav", voice, 48000)
    async with browser_with(tmp_path / "voice.wav") as browser:
        page = await browser.new_page(permissions=["microphone"])
        await page.goto(f"{carrier.url}/?raw")
        stream = await ring(page, application)
        await page.get_by_role("button", name="Speak by microphone").click()
        await page.get_by_role("button", name="Switch the microphone off").wait_for()

        before = await stream.hears(len(stream.heard) / 8000 + 1)
        await page.get_by_role("textbox", name="What you say").fill("One moment please, I am looking for it.")
        await page.keyboard.press("Enter")
        (finished,) = await carrier.told(stream.call_sid, "caller_finished")
        after = await stream.hears(len(stream.heard) / 8000 + 1.5)

    # Queued behind the line, the voice would be late by its length from then on.
    spoken = [compare(voice, 48000, from_mulaw(heard[-4000:]), 8000) for heard in (before, after)]
    late_s = (len(after) - len(before)) / 8000 - (spoken[1].begins_s - spoken[0].begins_s)
    # How late the voice is, is the point; on a busy machine single frames are missing in either piece.
    assert min(match.correlation for match in spoken) > 0.7
    assert abs(late_s) < finished["said_ms"] / 1000 / 2
