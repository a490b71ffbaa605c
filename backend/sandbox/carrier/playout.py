"""What the caller hears: queued audio played in real time, marks returned once it was played (§3.3 of the sheet)."""

from collections import deque
from collections.abc import Callable

from audiokit.mulaw import BYTES_PER_MS, FRAME_BYTES
from audiokit.mulaw import SILENCE as SILENT_BYTE

SILENT_FRAME = SILENT_BYTE * FRAME_BYTES
"""20 ms in which nothing sounds."""


class Playout:
    """A buffer that is emptied by one frame per tick. Positions count bytes since the buffer was made."""

    def __init__(self, on_mark: Callable[[str], None] = lambda name: None) -> None:
        self._on_mark = on_mark
        self._buffer = bytearray()
        self._played = 0
        self._marks: deque[tuple[int, str]] = deque()

    @property
    def waiting_ms(self) -> int:
        return len(self._buffer) // BYTES_PER_MS

    def append(self, audio: bytes) -> None:
        self._buffer += audio

    def mark(self, name: str) -> None:
        """Return `name` once everything queued before it was played; at once when nothing is queued."""
        self._marks.append((self._played + len(self._buffer), name))
        self._return_marks()

    def clear(self) -> int:
        """Drop what is queued and return all pending marks; returns the ms that were dropped."""
        dropped = self.waiting_ms
        self._buffer.clear()
        self._marks = deque((self._played, name) for _, name in self._marks)
        self._return_marks()
        return dropped

    def next_frame(self) -> bytes | None:
        """The next 20 ms, filled up with silence; None when nothing is queued."""
        if not self._buffer:
            return None
        frame = bytes(self._buffer[:FRAME_BYTES])
        del self._buffer[:FRAME_BYTES]
        self._played += len(frame)
        self._return_marks()
        return frame.ljust(FRAME_BYTES, SILENT_BYTE)

    def _return_marks(self) -> None:
        while self._marks and self._marks[0][0] <= self._played:
            self._on_mark(self._marks.popleft()[1])
