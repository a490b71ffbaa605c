"""A program of its own that speaks with espeak-ng: requests on stdin, speech on stdout, until stdin ends.

It is the only code that touches the GPL library and imports nothing of ours. Both directions carry frames: four
bytes of length (little-endian), then the body. A request is a JSON object (see Request). The answer is a frame of
JSON {"rate": Hz, "events": [[kind, character, sample], …]} or {"error": "…"}, then a frame of 16-bit little-endian
samples. Event kinds are those of espeak-ng's speak_lib.h: 1 a word begins, 5 a clause has ended.
"""

import _ctypes
import ctypes
import json
import sys
from typing import BinaryIO, NamedTuple

import espeakng_loader

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_INITIALIZE_DONT_EXIT = 0x8000
_RATE, _PITCH, _RANGE = 1, 3, 4
_POSITION_CHARACTER = 1
_CHARS_UTF8 = 1
_EVENT_WORD, _EVENT_END = 1, 5
_BUFFER_MS = 200
if sys.platform == "win32":
    _unload = _ctypes.FreeLibrary
else:
    _unload = _ctypes.dlclose


class Request(NamedTuple):
    """`voice` is espeak's name with an optional variant ("en-us+f3"); `rate` words a minute; `pitch`, `span` 0-99."""

    text: str
    voice: str
    rate: int
    pitch: int
    span: int


class _Identity(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("kind", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("identity", _Identity),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


class Refused(Exception):
    """espeak-ng does not do what was asked; the message says what."""


class Synthesis:
    """One text spoken by a freshly loaded library.

    espeak-ng carries the phase of its oscillators and its noise from one text to the next. Only a library loaded
    anew gives the same samples for the same request; loading takes about a millisecond.
    """

    def __init__(self) -> None:
        self.samples = bytearray()
        self.events: list[tuple[int, int, int]] = []
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        path = str(espeakng_loader.get_data_path()).encode()
        self.rate: int = self._library.espeak_Initialize(
            _AUDIO_OUTPUT_SYNCHRONOUS, _BUFFER_MS, path, _INITIALIZE_DONT_EXIT
        )
        if self.rate <= 0:
            raise Refused("espeak-ng does not find its data")
        self._callback = _Callback(self._take)
        self._library.espeak_SetSynthCallback(self._callback)

    def close(self) -> None:
        self._library.espeak_Terminate()
        _unload(self._library._handle)

    def speak(self, request: Request) -> None:
        library = self._library
        if library.espeak_SetVoiceByName(request.voice.encode()) != 0:
            raise Refused("espeak-ng has no such voice")
        library.espeak_SetParameter(_RATE, request.rate, 0)
        library.espeak_SetParameter(_PITCH, request.pitch, 0)
        library.espeak_SetParameter(_RANGE, request.span, 0)
        text = request.text.encode() + b"\0"
        if library.espeak_Synth(text, len(text), 0, _POSITION_CHARACTER, 0, _CHARS_UTF8, None, None) != 0:
            raise Refused("espeak-ng failed to speak the text")

    def _take(self, samples: int | None, count: int, events: "ctypes._Pointer[_Event]") -> int:
        if samples:
            self.samples += ctypes.string_at(samples, count * 2)
        number = 0
        while events[number].kind:
            event = events[number]
            if event.kind in (_EVENT_WORD, _EVENT_END):
                self.events.append((event.kind, event.text_position, event.sample))
            number += 1
        return 0


def answer(request: Request) -> tuple[bytes, bytes]:
    """The two frames that answer a request."""
    synthesis = Synthesis()
    try:
        synthesis.speak(request)
        return json.dumps({"rate": synthesis.rate, "events": synthesis.events}).encode(), bytes(synthesis.samples)
    except Refused as refusal:
        return json.dumps({"error": str(refusal)}).encode(), b""
    finally:
        synthesis.close()


def read_frame(stream: BinaryIO) -> bytes | None:
    """The next frame, None at the end of the stream."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    return stream.read(int.from_bytes(head, "little"))


def write_frame(stream: BinaryIO, body: bytes) -> None:
    stream.write(len(body).to_bytes(4, "little") + body)


def main() -> None:
    while (body := read_frame(sys.stdin.buffer)) is not None:
        for frame in answer(Request(**json.loads(body))):
            write_frame(sys.stdout.buffer, frame)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
