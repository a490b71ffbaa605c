"""The page's own signal processing, run where it runs: in the browser."""

import base64
import json
from array import array
from typing import Any

import numpy as np
import pytest
from playwright.async_api import Page

from audiokit import mulaw
from tests.softphone.signals import compare, from_mulaw, speech_like, to_mulaw

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def _floats(page: Page, script: str, argument: Any) -> np.ndarray[Any, np.dtype[np.float32]]:  # noqa: ANN401  # JSON
    """The Float32Array that a script of the page's modules returns."""
    encode = "bytes => btoa(Array.from(new Uint8Array(bytes.buffer), b => String.fromCharCode(b)).join(''))"
    text = await page.evaluate(f"async (argument) => ({encode})(await ({script})(argument))", argument)
    return np.frombuffer(base64.b64decode(text), dtype="<f4")


class TestMulaw:
    async def test_expands_every_byte_like_the_standard(self, page: Page) -> None:
        expanded = await page.evaluate(
            "async () => Array.from((await import('/audio/mulaw.js')).EXPANDED, x => x * 32768)"
        )

        assert expanded == list(mulaw.LINEAR)

    async def test_compresses_every_sample_like_the_standard(self, page: Page) -> None:
        script = """async () => {
          const { compress } = await import("/audio/mulaw.js");
          return Array.from({ length: 65536 }, (_, i) => compress((i - 32768) / 32768));
        }"""

        compressed = bytes(await page.evaluate(script))

        assert compressed == mulaw.encode(array("h", range(-32768, 32768)))

    async def test_clips_what_is_too_loud(self, page: Page) -> None:
        script = "async () => (({ compress }) => [compress(7), compress(-7)])(await import('/audio/mulaw.js'))"

        assert await page.evaluate(script) == [0x80, 0x00]


class TestPolyphase:
    PUSH = """async ({ from, to, samples }) => {
      const { Polyphase } = await import("/audio/polyphase.js");
      const resampler = new Polyphase(from, to), given = [];
      for (const sample of samples) resampler.push(sample, (out) => given.push(out));
      return Float32Array.from(given);
    }"""
    PULL = """async ({ from, to, samples }) => {
      const { Polyphase } = await import("/audio/polyphase.js");
      const resampler = new Polyphase(from, to), count = Math.floor((samples.length * to) / from);
      let next = 0;
      return Float32Array.from({ length: count }, () => resampler.pull(() => samples[next++] ?? 0));
    }"""

    @pytest.mark.parametrize("rate", [16000, 44100, 48000, 96000])
    async def test_brings_a_voice_to_telephone_rate(self, page: Page, rate: int) -> None:
        voice = speech_like(1.0, rate)

        given = await _floats(page, self.PUSH, {"from": rate, "to": 8000, "samples": voice.tolist()})

        match = compare(given.astype(np.float64), 8000, voice[: -rate // 20], rate)
        assert abs(len(given) - 8000) <= 1
        assert match.snr_db > 40

    @pytest.mark.parametrize("rate", [44100, 48000])
    async def test_brings_it_back_to_the_devices_rate(self, page: Page, rate: int) -> None:
        voice = speech_like(1.0, 8000)

        given = await _floats(page, self.PULL, {"from": 8000, "to": rate, "samples": voice.tolist()})

        assert compare(given.astype(np.float64), rate, voice[:-400], 8000).snr_db > 40

    async def test_lets_nothing_above_the_band_through_as_an_alias(self, page: Page) -> None:
        tone = 0.5 * np.sin(2 * np.pi * 5200 * np.arange(24000) / 48000)

        given = await _floats(page, self.PUSH, {"from": 48000, "to": 8000, "samples": tone.tolist()})

        assert np.abs(given[200:]).max() < 0.5e-3


class TestPlayout:
    """`run` feeds frames at instants given in samples and returns what was heard."""

    RUN = """async ({ frames, samples }) => {
      const { Playout } = await import("/audio/playout.js");
      const playout = new Playout(), heard = new Float32Array(samples);
      let next = 0;
      for (let i = 0; i < samples; i++) {
        for (; next < frames.length && frames[next].at <= i; next++) playout.push(Uint8Array.from(frames[next].bytes));
        heard[i] = playout.next();
      }
      window.playout = { underruns: playout.underruns, overruns: playout.overruns, buffered: playout.buffered };
      return heard;
    }"""

    async def _run(
        self, page: Page, frames: list[tuple[int, bytes]], samples: int
    ) -> tuple[np.ndarray[Any, np.dtype[np.float32]], dict[str, int]]:
        fed = [{"at": at, "bytes": list(frame)} for at, frame in frames]
        heard = await _floats(page, self.RUN, {"frames": fed, "samples": samples})
        return heard, json.loads(await page.evaluate("JSON.stringify(window.playout)"))

    async def test_waits_for_sixty_milliseconds_and_then_loses_nothing(self, page: Page) -> None:
        audio = to_mulaw(speech_like(1.0, 8000))
        frames = [(160 * n, audio[160 * n : 160 * n + 160]) for n in range(50)]

        heard, state = await self._run(page, frames, 8800)

        assert np.array_equal(heard[320:8320], from_mulaw(audio).astype(np.float32))
        assert not heard[:320].any()
        assert state["overruns"] == 0

    async def test_uneven_arrival_is_not_heard(self, page: Page) -> None:
        audio = to_mulaw(speech_like(1.0, 8000))
        late = [0, 0, 300, 140, 0, 0, 0, 310, 150, 0]
        frames = [(160 * n + late[n % 10], audio[160 * n : 160 * n + 160]) for n in range(50)]

        heard, _ = await self._run(page, frames, 9000)

        start = int(np.argmax(heard != 0))
        expected = from_mulaw(audio).astype(np.float32)
        begin = int(np.argmax(expected != 0))
        assert np.array_equal(heard[start : start + 7800], expected[begin : begin + 7800])

    async def test_short_sound_is_heard_though_the_buffer_never_fills(self, page: Page) -> None:
        audio = to_mulaw(speech_like(0.02, 8000))

        heard, _ = await self._run(page, [(0, audio)], 2000)

        assert np.abs(heard).max() > 0.05

    async def test_stall_is_made_up_for_in_the_next_silence(self, page: Page) -> None:
        voice, silence = to_mulaw(speech_like(0.5, 8000)), mulaw.SILENCE * 160
        stream = [voice[160 * n : 160 * n + 160] for n in range(25)] + [silence] * 50
        frames = [(160 * n if n < 10 else max(160 * n, 160 * 10 + 2400), frame) for n, frame in enumerate(stream)]

        _, state = await self._run(page, frames, 160 * 75)

        assert state["buffered"] <= 800 + 160
        assert state["underruns"] == 1
