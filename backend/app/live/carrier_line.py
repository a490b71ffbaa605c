"""The carrier's side of a running call: commands of the session as frames of the media stream."""

from base64 import b64encode
from collections.abc import Mapping

from app.adapters.twilio.stream import StreamEncoder
from app.callflow.commands import PlayPhrase
from app.callflow.words import PhraseKey
from app.live.sockets import FrameSocket

_BYTES_PER_MS = 8
_PIECE_BYTES = 8000
"""A phrase goes out in pieces of one second: few messages, each far below any frame limit."""


class CarrierLine:
    def __init__(self, socket: FrameSocket, stream_id: str, phrases: Mapping[PhraseKey, bytes]) -> None:
        self._socket = socket
        self._send = socket.send
        self._encoder = StreamEncoder(stream_id)
        self._media = self._encoder.media
        self._phrases = phrases

    def play(self, payload: str) -> None:
        self._send(self._media(payload))

    def play_phrase(self, command: PlayPhrase) -> None:
        audio = self._phrases[command.key]
        for at in range(int(command.from_ms * _BYTES_PER_MS), len(audio), _PIECE_BYTES):
            self.play(b64encode(audio[at : at + _PIECE_BYTES]).decode())

    def mark(self, name: str) -> None:
        self._send(self._encoder.mark(name))

    def clear(self) -> None:
        self._send(self._encoder.clear())

    def close(self) -> None:
        self._socket.close()
