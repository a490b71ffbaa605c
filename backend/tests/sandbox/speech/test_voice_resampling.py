"""The fast resampling equals audiokit's, sample by sample."""

from array import array
from math import sin

import numpy as np
import pytest

from audiokit.resample import resample
from sandbox.speech.resampling import resample_wave


@pytest.mark.parametrize(("from_hz", "to_hz"), [(22050, 8000), (8000, 16000), (8000, 8000)])
@pytest.mark.parametrize("count", [0, 1, 50, 9001])
def test_equals_the_streaming_filter(from_hz: int, to_hz: int, count: int) -> None:
    samples = array("h", (int(9000 * sin(n / 7) + 3000 * sin(n / 2.5)) for n in range(count)))

    fast = resample_wave(np.array(samples, np.float64), from_hz, to_hz)

    assert fast.astype(int).tolist() == resample(samples, from_hz, to_hz).tolist()
