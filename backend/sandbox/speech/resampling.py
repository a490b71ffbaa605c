"""audiokit's resampling filters evaluated by numpy: an answer must not wait for its resampling."""

import numpy as np
from numpy.typing import NDArray

from audiokit.resample import TAP_BITS, filter_bank

Wave = NDArray[np.float64]
"""Samples on the scale of 16 bits."""

_BLOCK = 8000


def resample_wave(wave: Wave, from_hz: int, to_hz: int) -> Wave:
    """The same samples as audiokit's, as whole numbers, but for the limit of 16 bits."""
    if from_hz == to_hz or not wave.size:
        return wave
    bank = filter_bank(from_hz, to_hz)
    filters = np.array(bank.filters, np.float64)
    padded = np.concatenate([np.zeros(bank.reach), wave, np.zeros(2 * bank.reach)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * bank.reach)
    result = np.empty(-(-wave.size * bank.up // bank.down))
    for begin in range(0, result.size, _BLOCK):
        numbers = np.arange(begin, min(begin + _BLOCK, result.size)) * bank.down
        totals = np.einsum("ij,ij->i", windows[numbers // bank.up + 1], filters[numbers % bank.up])
        result[begin : begin + _BLOCK] = np.floor((totals + (1 << TAP_BITS - 1)) / (1 << TAP_BITS))
    return result
