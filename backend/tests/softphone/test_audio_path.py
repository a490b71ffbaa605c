"""Microphone to line and line to ear, measured in a real browser with a microphone that plays a known voice."""

import base64
from pathlib import Path
from statistics import median

import numpy as np
import pytest
from playwright.async_api import Page

from audiokit import mulaw
from tests.softphone.conftest import Microphone, listen_for_complaints
from tests.softphone.exchange import Exchange, Handset
from tests.softphone.signals import Match, Signal, compare_pieces, from_mulaw, speech_like, to_mulaw, write_wav

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

VOICE_S = 5.0


async def _ring(page: Page, exchange: Exchange) -> Handset:
    await page.get_by_role("button", name="Ring").click()
    handset = await exchange.call()
    await page.get_by_text("The assistant listens.").wait_for()
    return handset


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
    """Most pieces are what was sent, up to mu-law's own noise, and none is missing or out of place."""
    assert median(match.snr_db for match in matches) > 25
    assert median(match.correlation for match in matches) > 0.99
    assert max(match.begins_s for match in matches) - min(match.begins_s for match in matches) < 0.1


async def test_a_voice_reaches_the_line_as_it_was_spoken(
    tmp_path: Path, exchange: Exchange, browser_with: Microphone
) -> None:
    voice = speech_like(VOICE_S, 48000)
    _write_spoken(tmp_path / "voice.wav", voice)
    async with browser_with(tmp_path / "voice.wav") as browser:
        page = await browser.new_page(permissions=["microphone"])
        complaints = listen_for_complaints(page)
        await page.goto(f"{exchange.url}/?raw")
        handset = await _ring(page, exchange)

        await page.get_by_role("button", name="Speak by microphone").click()
        heard = await handset.hears(VOICE_S + 1)

    _assert_arrived(compare_pieces(from_mulaw(heard), 8000, voice, 48000))
    assert len(heard) % mulaw.FRAME_BYTES == 0
    assert complaints == []


async def test_what_the_line_plays_reaches_the_ear_unchanged(page: Page, exchange: Exchange) -> None:
    audio = to_mulaw(speech_like(3.0, 8000, seed=11))
    handset = await _ring(page, exchange)
    await page.evaluate("probe.record()")

    handset.play(audio)
    await handset.played()
    await page.wait_for_timeout(500)
    played, rate = await _recorded(page)

    _assert_arrived(compare_pieces(played, rate, from_mulaw(audio), 8000))


async def test_the_ear_falls_silent_when_the_line_does(page: Page, exchange: Exchange) -> None:
    handset = await _ring(page, exchange)
    await page.evaluate("probe.record()")

    handset.play(to_mulaw(speech_like(5.0, 8000)))
    await page.wait_for_timeout(1000)
    handset.clear()
    await page.wait_for_timeout(600)
    played, rate = await _recorded(page)

    sent_s = handset.frames_sounding * 0.02
    assert sent_s < 4
    assert abs(_sounding_s(played, rate) - sent_s) < 0.2
    assert not np.abs(played[-rate // 10 :]).any()


async def test_the_next_sentence_after_a_silence_is_whole(page: Page, exchange: Exchange) -> None:
    first, second = (to_mulaw(speech_like(1.0, 8000, seed=seed)) for seed in (3, 4))
    handset = await _ring(page, exchange)
    await page.evaluate("probe.record()")

    for audio in (first, second):
        handset.play(audio)
        await handset.played()
        await page.wait_for_timeout(700)
    played, rate = await _recorded(page)

    matches = [compare_pieces(played, rate, from_mulaw(audio), 8000, piece_s=0.25) for audio in (first, second)]
    for pieces in matches:
        _assert_arrived(pieces)
    assert matches[0][0].begins_s + 1 < matches[1][0].begins_s


async def test_a_busy_page_does_not_make_the_voice_stutter(
    tmp_path: Path, exchange: Exchange, browser_with: Microphone
) -> None:
    voice = speech_like(VOICE_S, 48000, seed=5)
    _write_spoken(tmp_path / "voice.wav", voice)
    async with browser_with(tmp_path / "voice.wav") as browser:
        page = await browser.new_page(permissions=["microphone"])
        await page.goto(f"{exchange.url}/?raw")
        handset = await _ring(page, exchange)
        await page.get_by_role("button", name="Speak by microphone").click()
        await page.get_by_role("button", name="Switch the microphone off").wait_for()

        await page.evaluate(
            "setInterval(() => { for (const t = performance.now(); performance.now() - t < 150;); }, 250)"
        )
        heard = await handset.hears(VOICE_S + 1)

    _assert_arrived(compare_pieces(from_mulaw(heard), 8000, voice, 48000))


async def test_the_level_meters_follow_both_sides(page: Page, exchange: Exchange) -> None:
    handset = await _ring(page, exchange)

    await page.get_by_role("button", name="Speak by microphone").click()
    handset.play(to_mulaw(speech_like(3.0, 8000)))

    for side in ("You", "Assistant"):
        await page.wait_for_function(
            "side => [...document.querySelectorAll('[role=meter]')].some(meter => "
            "document.getElementById(meter.getAttribute('aria-labelledby')).textContent === side "
            "&& Number(meter.ariaValueNow) > 20)",
            arg=side,
        )


async def test_the_microphone_rests_while_a_typed_line_is_spoken(page: Page, exchange: Exchange) -> None:
    handset = await _ring(page, exchange)
    await page.get_by_role("button", name="Speak by microphone").click()
    await handset.hears(0.5)

    await page.get_by_label("What you say").fill("One moment please")
    await page.keyboard.press("Enter")
    (order,) = await handset.ordered("say")
    handset.tell("caller_started", id=order["id"], text=order["text"])
    await page.wait_for_timeout(300)
    before = len(handset.heard)
    await page.wait_for_timeout(600)
    assert len(handset.heard) == before

    handset.tell("caller_finished", id=order["id"])

    assert len(await handset.hears(before / 8000 + 0.5)) > before
