"""Speech recognition in a process of its own, never on the event loop: a model the user has, or the basic one."""

import asyncio
import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from audiokit.mulaw import SAMPLE_RATE, decode_to_bytes
from sandbox.speech.ears.basic_phrases import sentences
from sandbox.speech.ears.language_model import arpa
from sandbox.speech.framed_process import FramedProcess, HelperFailed
from sandbox.speech.parts import Heard
from sandbox.speech.resampling import resample_wave

_PROGRAM = Path(__file__).with_name("recogniser_program.py")
_RECOGNISER_RATE = 16000
_ANSWER_TIMEOUT_S = 60.0
"""Loading a large model takes its time; what is shorter belongs to the asker."""

_PACKAGES = {"faster-whisper": "faster_whisper", "vosk": "vosk", "sherpa-onnx": "sherpa_onnx"}
"""The module behind every kind of model that LOCAL_STT may name."""

_BASIC_PACKAGE = "pocketsphinx"


class EarsUnavailable(Exception):
    """Nothing can be recognised; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A recogniser of the user's: which package, and where its model lies."""

    kind: str
    path: Path


def read_local_stt(value: str) -> LocalModel:
    """Read LOCAL_STT, "kind:/path". Raises EarsUnavailable when the kind, its package or the path is missing."""
    kind, _, path = value.partition(":")
    if kind not in _PACKAGES or not path:
        kinds = " or ".join(f"{name}:/path" for name in _PACKAGES)
        raise EarsUnavailable(f"LOCAL_STT is not of the form {kinds}")
    if find_spec(_PACKAGES[kind]) is None:
        raise EarsUnavailable(f"LOCAL_STT names {kind}, but that package is not installed")
    if not Path(path).exists():
        raise EarsUnavailable(f"LOCAL_STT names a path that does not exist: {path}")
    return LocalModel(kind, Path(path))


class Recogniser:
    """The recogniser's process, started when the first utterance is heard."""

    def __init__(self, model: LocalModel | None) -> None:
        """`model` is the user's; None is the bundled basic one."""
        if model is None and find_spec(_BASIC_PACKAGE) is None:
            raise EarsUnavailable("pocketsphinx is not installed; it comes with the sandbox extra")
        self._model = model
        self._folder: TemporaryDirectory[str] | None = None
        self._process: FramedProcess | None = None
        self._starting = asyncio.Lock()

    @property
    def process_id(self) -> int | None:
        return None if self._process is None else self._process.process_id

    async def transcribe(self, audio: bytes, languages: tuple[str, ...]) -> Heard:
        """Write down mu-law audio. Raises EarsUnavailable when the model does not load or its process fails twice."""
        pcm = await asyncio.to_thread(_for_recogniser, audio)
        head = json.dumps({"languages": list(languages)}).encode()
        try:
            (body,) = await (await self._started()).exchange([head, pcm], answers=1)
        except HelperFailed as failure:
            raise EarsUnavailable(f"the recogniser does not work: {failure}") from None
        answer = json.loads(body)
        if "error" in answer:
            raise EarsUnavailable(f"the recogniser's model does not load: {answer['error']}")
        return Heard(answer["text"], answer["language"])

    async def close(self) -> None:
        process, self._process = self._process, None
        folder, self._folder = self._folder, None
        if process is not None:
            await process.close()
        if folder is not None:
            folder.cleanup()

    async def _started(self) -> FramedProcess:
        async with self._starting:
            if self._process is None:
                settings = await asyncio.to_thread(self._settings)
                self._process = FramedProcess(_PROGRAM, json.dumps(settings), answer_timeout_s=_ANSWER_TIMEOUT_S)
            return self._process

    def _settings(self) -> dict[str, str]:
        if self._model is not None:
            return {"kind": self._model.kind, "path": str(self._model.path)}
        self._folder = TemporaryDirectory(prefix="receptionist-lm-")
        file = Path(self._folder.name) / "receptionist.arpa"
        file.write_text(arpa(sentences()))
        return {"kind": "basic", "lm": str(file)}


def _for_recogniser(audio: bytes) -> bytes:
    """16-bit little-endian samples at the recogniser's rate."""
    wave = np.frombuffer(decode_to_bytes(audio), "<i2").astype(np.float64)
    wide = resample_wave(wave, SAMPLE_RATE, _RECOGNISER_RATE)
    return np.clip(wide, -32768, 32767).astype("<i2").tobytes()
