"""Audio for servers that speak 16-bit linear audio instead of mu-law: resampled on its way, both ways.

The vendor speaks mu-law and its audio passes untouched; this is for other servers of the protocol
(openai-realtime.md §6). It costs about a tenth of a core for a call.
"""

import sys
from array import array
from base64 import b64decode, b64encode

from app.adapters.openai_realtime.codec import AudioDelta
from audiokit import mulaw
from audiokit.resample import Resampler
from audiokit.samples import Samples


class CallerToLinear:
    """The caller's frames as the server takes them: base64 of mu-law in, base64 of linear audio at `hz` out."""

    def __init__(self, hz: int) -> None:
        self._resampler = Resampler(mulaw.SAMPLE_RATE, hz)

    def convert(self, payload: str) -> str:
        """The next frame; empty when it is no base64."""
        try:
            samples = mulaw.decode(b64decode(payload))
        except ValueError:
            return ""
        return b64encode(_swapped(self._resampler.feed(samples)).tobytes()).decode()


class AssistantToMulaw:
    """The assistant's audio as the carrier takes it. Items come one after the other, in pieces of any length."""

    def __init__(self, hz: int) -> None:
        self._hz = hz
        self._item_id = ""
        self._begin("")

    def _begin(self, item_id: str) -> None:
        self._item_id = item_id
        self._half_sample = b""
        self._resampler = Resampler(self._hz, mulaw.SAMPLE_RATE)

    def convert(self, delta: AudioDelta) -> AudioDelta:
        """The next piece of an item; its audio is empty when it is no base64, or too short to sound."""
        if delta.item_id != self._item_id:
            self._begin(delta.item_id)
        try:
            linear = self._half_sample + b64decode(delta.delta)
        except ValueError:
            linear = self._half_sample
        whole = len(linear) & ~1
        self._half_sample = linear[whole:]
        samples = self._resampler.feed(_swapped(array("h", linear[:whole])))
        return AudioDelta(delta.response_id, delta.item_id, _base64(samples))

    def finish(self, response_id: str, item_id: str) -> AudioDelta:
        """The last milliseconds of an item, which the filter has held back."""
        samples = self._resampler.flush() if item_id == self._item_id else array("h")
        self._begin("")
        return AudioDelta(response_id, item_id, _base64(samples))


def _base64(samples: Samples) -> str:
    return b64encode(mulaw.encode(samples)).decode()


def _swapped(samples: Samples) -> Samples:
    """Little-endian samples in the machine's order, or the other way round."""
    if sys.byteorder == "big":
        samples.byteswap()
    return samples
