"""Say, Play, Pause: what the caller hears of the carrier itself."""

import asyncio
from itertools import count

import httpx
import structlog

from audiokit.mulaw import SAMPLE_RATE, encode, silence
from audiokit.resample import resample
from audiokit.wav import WavError, read_wav
from sandbox.carrier.running import Running, play_out
from sandbox.carrier.steps import Step
from sandbox.carrier.twiml import Verb

log = structlog.get_logger(__name__)

_FETCH_S = 10.0
_ENDLESS = 1000
"""How often loop="0" repeats."""
_KEY_MS, _KEY_GAP_MS, _WAIT_MS = 200, 100, 500
_NO_AUDIO = b""


async def say(running: Running, verb: Verb) -> Step | None:
    running.leg.handset.tell("said", text=verb.text)
    language = verb.get("language", "en-US").partition("-")[0].lower()
    audio = await running.services.voice.render(verb.text, language=language, voice="carrier")
    await _repeat(running, verb, audio)
    return None


async def play(running: Running, verb: Verb) -> Step | None:
    keys = verb.get("digits")
    audio = _keys(keys) if keys else await _fetched(running, running.resolved(verb.text))
    await _repeat(running, verb, audio)
    return None


async def pause(running: Running, verb: Verb) -> Step | None:
    await asyncio.sleep(max(verb.number("length", 1), 0))
    return None


async def _repeat(running: Running, verb: Verb, audio: bytes) -> None:
    times = int(verb.number("loop", 1))
    for turn in count(1):
        await play_out(running.leg, audio)
        if turn >= (times or _ENDLESS):
            return


def _keys(keys: str) -> bytes:
    """Silence as long as the tones would be; `w` waits for half a second."""
    return b"".join(silence(_WAIT_MS if key in "wW" else _KEY_MS + _KEY_GAP_MS) for key in keys)


async def _fetched(running: Running, url: str) -> bytes:
    """The audio at an address as mu-law; nothing when it cannot be had, as the vendor goes on then (error 12400)."""
    try:
        async with httpx.AsyncClient(timeout=_FETCH_S, trust_env=False, follow_redirects=True) as client:
            response = await client.get(url)
            response.raise_for_status()
        return as_mulaw(response.headers.get("content-type", ""), response.content)
    except (httpx.HTTPError, httpx.InvalidURL, WavError) as error:
        log.warning("audio not played", error=type(error).__name__)
        return _NO_AUDIO


def as_mulaw(content_type: str, content: bytes) -> bytes:
    """A WAV file or raw mu-law as mu-law at 8 kHz. Raises WavError for other kinds."""
    if content_type.partition(";")[0].strip() in ("audio/basic", "audio/x-mulaw", "audio/ulaw", "audio/pcmu"):
        return content
    wav = read_wav(content)
    return encode(resample(wav.mono(), wav.sample_rate, SAMPLE_RATE))
