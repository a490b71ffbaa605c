"""The ears: renderings exactly, everything else by a recogniser in a process of its own."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from audiokit.mulaw import SILENCE
from sandbox.speech.ears import EarsUnavailable, LayeredEars, build_ears
from sandbox.speech.fingerprint import Fingerprints
from sandbox.speech.parts import Heard
from sandbox.speech.voice import EspeakVoice


@pytest.fixture
async def voice() -> AsyncIterator[EspeakVoice]:
    espeak = EspeakVoice()
    yield espeak
    await espeak.close()


@pytest.fixture
async def strange_ears() -> AsyncIterator[LayeredEars]:
    """Ears that know no rendering and must recognise everything."""
    ears = build_ears(Fingerprints())
    yield ears
    await ears.close()


async def test_know_the_voice_exactly_and_start_no_recogniser(voice: EspeakVoice) -> None:
    ears = build_ears(voice)
    rendering = await voice.render("Grüß Gott, Herr Müller-Lüdenscheidt!", language="de", voice="caller")

    heard = await ears.transcribe(SILENCE * 333 + rendering.audio + SILENCE * 4000, languages=("en",))

    assert heard == Heard("Grüß Gott, Herr Müller-Lüdenscheidt!", "de")
    assert ears.process_id is None
    await ears.close()


async def test_recognise_a_strange_voice_a_little(voice: EspeakVoice, strange_ears: LayeredEars) -> None:
    question = await voice.render("What are your opening hours?", voice="caller")
    answer = await voice.render("Yes please.", voice="caller")

    assert await strange_ears.transcribe(question.audio) == Heard("what are your opening hours")
    assert await strange_ears.transcribe(answer.audio) == Heard("yes please")


async def test_do_not_block_the_event_loop(voice: EspeakVoice, strange_ears: LayeredEars) -> None:
    rendering = await voice.render("I would like to leave a message for the owner. " * 5, voice="caller")
    steps = 0

    listening = asyncio.ensure_future(strange_ears.transcribe(rendering.audio))
    while not listening.done():
        await asyncio.sleep(0.01)
        steps += 1

    assert "message" in (await listening).text
    assert steps > 5


async def test_load_the_recogniser_ahead_of_the_first_utterance(voice: EspeakVoice, strange_ears: LayeredEars) -> None:
    await strange_ears.prepare()
    prepared = strange_ears.process_id

    rendering = await voice.render("Yes please.", voice="caller")
    assert (await strange_ears.transcribe(rendering.audio)).text == "yes please"
    assert prepared is not None
    assert strange_ears.process_id == prepared


@pytest.mark.parametrize("audio", [b"", SILENCE * 8000, b"\x20" * 80])
async def test_hear_nothing_in_silence_and_clicks(strange_ears: LayeredEars, audio: bytes) -> None:
    assert await strange_ears.transcribe(audio, languages=("de",)) == Heard("", "de")
    assert strange_ears.process_id is None


async def test_survive_the_death_of_the_recogniser(voice: EspeakVoice, strange_ears: LayeredEars) -> None:
    rendering = await voice.render("Yes please.", voice="caller")
    await strange_ears.transcribe(rendering.audio)
    first = strange_ears.process_id
    assert first is not None
    os.kill(first, signal.SIGKILL)

    assert await strange_ears.transcribe(rendering.audio) == Heard("yes please")
    assert strange_ears.process_id != first


async def test_leave_no_process_behind(voice: EspeakVoice) -> None:
    ears = build_ears(Fingerprints())
    await ears.transcribe((await voice.render("Yes please.")).audio)
    process_id = ears.process_id
    assert process_id is not None

    await ears.close()

    assert not psutil.pid_exists(process_id)


def test_say_what_they_are() -> None:
    assert "basic" in build_ears(Fingerprints()).description


@pytest.mark.parametrize(
    ("local_stt", "reason"),
    [
        ("whisper", "not of the form faster-whisper:/path or vosk:/path or sherpa-onnx:/path"),
        ("siri:/models", "not of the form"),
        ("vosk:", "not of the form"),
        ("vosk:/nowhere", "vosk, but that package is not installed"),
    ],
)
def test_say_what_is_wrong_with_local_stt(local_stt: str, reason: str) -> None:
    with pytest.raises(EarsUnavailable, match=reason):
        build_ears(Fingerprints(), local_stt)


class TestLocalModel:
    """With a package in vosk's place that has what vosk documents: Model, KaldiRecognizer, SetLogLevel."""

    _PACKAGE = """
import json, os
def SetLogLevel(level): pass
class Model:
    def __init__(self, path):
        self.words = open(os.path.join(path, "words.txt")).read()
class KaldiRecognizer:
    def __init__(self, model, rate): self.model, self.rate, self.heard = model, rate, 0
    def AcceptWaveform(self, pcm): self.heard += len(pcm)
    def FinalResult(self): return json.dumps({"text": f"{self.model.words} {self.heard // 2 // self.rate}"})
"""

    @pytest.fixture(autouse=True)
    def _install(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        packages = tmp_path / "packages"
        packages.mkdir()
        (packages / "vosk.py").write_text(self._PACKAGE)
        monkeypatch.syspath_prepend(str(packages))
        monkeypatch.setenv("PYTHONPATH", str(packages))

    async def test_hears_what_is_no_rendering(self, voice: EspeakVoice, tmp_path: Path) -> None:
        (tmp_path / "words.txt").write_text("seconds")
        ears = build_ears(Fingerprints(), f"vosk:{tmp_path}")
        rendering = await voice.render("Anything.")

        heard = await ears.transcribe(rendering.audio + SILENCE * (24000 - len(rendering.audio)), languages=("fr",))

        assert heard == Heard("seconds 3", "fr")
        assert "vosk" in ears.description
        await ears.close()

    async def test_that_does_not_load_says_why(self, voice: EspeakVoice, tmp_path: Path) -> None:
        ears = build_ears(Fingerprints(), f"vosk:{tmp_path}")
        rendering = await voice.render("Anything.")

        with pytest.raises(EarsUnavailable, match=r"model does not load: FileNotFoundError.*words\.txt"):
            await ears.transcribe(rendering.audio)
        await ears.close()

    def test_must_lie_where_local_stt_says(self) -> None:
        with pytest.raises(EarsUnavailable, match="path that does not exist: /nowhere"):
            build_ears(Fingerprints(), "vosk:/nowhere")
