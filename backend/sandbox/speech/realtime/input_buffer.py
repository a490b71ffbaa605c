"""The input audio buffer: what the client has appended and nothing has been made of yet, as mu-law at 8 kHz."""

from audiokit.mulaw import BYTES_PER_MS

LONGEST_KEPT_BYTES = 120_000 * BYTES_PER_MS
"""What is kept of a caller who is silent for long: enough for the padding of a turn and for the idle timeout."""


class InputBuffer:
    """Counts positions in bytes of all audio appended during the session, so that they never move."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._begin = 0

    @property
    def begin(self) -> int:
        """The position of the oldest audio held."""
        return self._begin

    @property
    def end(self) -> int:
        """The position after the newest audio, which is all audio ever appended."""
        return self._begin + len(self._held)

    @property
    def end_ms(self) -> int:
        return self.end // BYTES_PER_MS

    @property
    def held_ms(self) -> float:
        return len(self._held) / BYTES_PER_MS

    def append(self, audio: bytes) -> None:
        self._held += audio

    def take(self, begin: int, end: int) -> bytes:
        """The audio between two positions, as far as it is still held; what lies before `end` is let go of."""
        taken = bytes(self._held[max(begin - self._begin, 0) : end - self._begin])
        self.forget_before(end)
        return taken

    def forget_before(self, position: int) -> None:
        surplus = position - self._begin
        if surplus > 0:
            del self._held[:surplus]
            self._begin = position

    def keep_recent(self) -> None:
        """Let go of what is too old to become part of a turn."""
        self.forget_before(self.end - LONGEST_KEPT_BYTES)
