"""A program of its own that writes down speech: utterances on stdin, text on stdout, until stdin ends.

It imports nothing of ours. Its argument is a JSON object with `kind` and what that recogniser needs (see RECOGNISERS).
Both directions carry frames: four bytes of length (little-endian), then the body. A request is a frame of JSON
{"languages": [...]} and a frame of 16-bit little-endian samples at 16 kHz; the answer is one frame of JSON
{"text": "…", "language": "en"} or {"error": "…"}.
"""

import importlib
import json
import sys
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

Recognise = Callable[[bytes, list[str]], dict[str, str]]

_SAMPLE_RATE = 16000


def _basic(settings: dict[str, str]) -> Recognise:
    """pocketsphinx with its bundled acoustic model and a small language model (`lm`), made fast by narrow beams."""
    pocketsphinx = importlib.import_module("pocketsphinx")
    models = Path(pocketsphinx.get_model_path()) / "en-us"
    decoder = pocketsphinx.Decoder(
        hmm=str(models / "en-us"),
        lm=settings["lm"],
        dict=str(_small_dictionary(models / "cmudict-en-us.dict", Path(settings["lm"]))),
        samprate=_SAMPLE_RATE,
        maxhmmpf=3000,
        pl_window=5,
        beam=1e-40,
        wbeam=1e-25,
        loglevel="FATAL",
    )

    def recognise(pcm: bytes, _: list[str]) -> dict[str, str]:
        decoder.start_utt()
        decoder.process_raw(pcm, full_utt=True)
        decoder.end_utt()
        found = decoder.hyp()
        return {"text": found.hypstr if found else "", "language": "en"}

    return recognise


def _small_dictionary(dictionary: Path, language_model: Path) -> Path:
    """The pronunciations of the language model's words only, beside it: reading all of CMUdict takes seconds."""
    unigrams = language_model.read_text().split("\\1-grams:\n")[1].split("\n\n")[0]
    words = {line.split("\t")[1] for line in unigrams.splitlines()}
    small = language_model.with_suffix(".dict")
    with dictionary.open() as entries:
        small.write_text("".join(entry for entry in entries if entry.split(maxsplit=1)[0].split("(")[0] in words))
    return small


def _faster_whisper(settings: dict[str, str]) -> Recognise:
    numpy = importlib.import_module("numpy")
    model = importlib.import_module("faster_whisper").WhisperModel(settings["path"], device="cpu", compute_type="int8")

    def recognise(pcm: bytes, languages: list[str]) -> dict[str, str]:
        wave = numpy.frombuffer(pcm, "<i2").astype("float32") / 32768
        only = languages[0] if len(languages) == 1 else None
        segments, info = model.transcribe(wave, language=only, beam_size=1)
        return {"text": " ".join(segment.text.strip() for segment in segments), "language": info.language}

    return recognise


def _vosk(settings: dict[str, str]) -> Recognise:
    vosk = importlib.import_module("vosk")
    vosk.SetLogLevel(-1)
    model = vosk.Model(settings["path"])

    def recognise(pcm: bytes, languages: list[str]) -> dict[str, str]:
        recogniser = vosk.KaldiRecognizer(model, _SAMPLE_RATE)
        recogniser.AcceptWaveform(pcm)
        return {"text": json.loads(recogniser.FinalResult())["text"], "language": (languages or ["en"])[0]}

    return recognise


def _sherpa_onnx(settings: dict[str, str]) -> Recognise:
    """A streaming transducer: tokens.txt and one encoder, decoder and joiner in the folder."""
    sherpa_onnx = importlib.import_module("sherpa_onnx")
    folder = Path(settings["path"])
    parts = {part: str(next(folder.glob(f"{part}*.onnx"))) for part in ("encoder", "decoder", "joiner")}
    recogniser = sherpa_onnx.OnlineRecognizer.from_transducer(tokens=str(folder / "tokens.txt"), **parts)

    def recognise(pcm: bytes, languages: list[str]) -> dict[str, str]:
        stream = recogniser.create_stream()
        stream.accept_waveform(_SAMPLE_RATE, [sample / 32768 for sample in array("h", pcm)])
        stream.accept_waveform(_SAMPLE_RATE, [0.0] * (_SAMPLE_RATE // 2))
        stream.input_finished()
        while recogniser.is_ready(stream):
            recogniser.decode_stream(stream)
        return {"text": str(recogniser.get_result(stream)).strip().lower(), "language": (languages or ["en"])[0]}

    return recognise


RECOGNISERS: dict[str, Callable[[dict[str, str]], Recognise]] = {
    "basic": _basic,
    "faster-whisper": _faster_whisper,
    "vosk": _vosk,
    "sherpa-onnx": _sherpa_onnx,
}


def read_frame(stream: BinaryIO) -> bytes | None:
    """The next frame, None at the end of the stream."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    return stream.read(int.from_bytes(head, "little"))


def main() -> None:
    settings: dict[str, Any] = json.loads(sys.argv[1])
    recognise, failure = None, ""
    try:
        recognise = RECOGNISERS[settings["kind"]](settings)
    except Exception as error:  # noqa: BLE001 - whatever keeps a user's model from loading is told to whoever asks
        failure = f"{type(error).__name__}: {error}"
    while (head := read_frame(sys.stdin.buffer)) is not None:
        pcm = read_frame(sys.stdin.buffer) or b""
        answer = recognise(pcm, json.loads(head)["languages"]) if recognise else {"error": failure}
        body = json.dumps(answer).encode()
        sys.stdout.buffer.write(len(body).to_bytes(4, "little") + body)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
