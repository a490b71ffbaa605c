"""The sound of a whole leg, both directions."""

from audiokit.mulaw import SAMPLE_RATE, decode
from audiokit.wav import Wav, write_wav


class Tape:
    """Mu-law of the one side and of the other, always equally long."""

    def __init__(self) -> None:
        self.spoken = bytearray()
        self.heard = bytearray()

    def append(self, spoken: bytes, heard: bytes) -> None:
        self.spoken += spoken
        self.heard += heard

    def wav(self) -> bytes:
        """A stereo file: left is what was said into the leg, right what was heard there."""
        return write_wav(Wav(SAMPLE_RATE, (decode(bytes(self.spoken)), decode(bytes(self.heard)))))
