"""Changing the sampling rate of 16-bit audio by a windowed-sinc filter without aliases.

The filter is polyphase: for a ratio up/down (8000/22050 = 160/441) it keeps `up` short filters and evaluates one of
them per output sample. Taps are integers, so that every machine gives the same samples.
"""

from array import array
from dataclasses import dataclass
from functools import lru_cache
from math import gcd, pi, sin, sqrt
from operator import mul

from audiokit.samples import Samples, zeros

_LOBES = 12
"""Lobes of the sinc kept on each side: more make the edge of the passband steeper and the filter slower."""

_CUTOFF = 0.92
"""The middle of the transition band as a share of the lower Nyquist frequency: the 3.4 kHz of telephony pass at 8 kHz,
what would fold audibly is below -50 dB."""

_KAISER_BETA = 4.55
"""The shape of the window that gives 50 dB of attenuation (Kaiser 1974: 0.1102 (A - 8.7))."""

TAP_BITS = 15


@dataclass(frozen=True, slots=True)
class FilterBank:
    """A polyphase filter: output sample n is centred on input sample n * down // up.

    It is the sum over the input from `reach - 1` before that centre to `reach` after it, weighted by the filter
    number n * down % up; each filter has 2 * reach integer taps that sum to 2 ** TAP_BITS.
    """

    up: int
    down: int
    reach: int
    filters: tuple[tuple[int, ...], ...]


class Resampler:
    """Resamples a stream: feed pieces of any length, flush at the end.

    The output is aligned with the input (no delay in the samples returned); the filter holds back the last
    milliseconds until it has heard what follows them.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        bank = filter_bank(from_hz, to_hz)
        self._up, self._down, self._reach, self._filters = bank.up, bank.down, bank.reach, bank.filters
        self._restart()

    def _restart(self) -> None:
        self._held = zeros(self._reach)
        self._first = -self._reach  # which input sample `_held` begins with
        self._taken = 0
        self._given = 0

    def feed(self, samples: Samples) -> Samples:
        """Take the next samples and return those that are settled."""
        self._held.extend(samples)
        self._taken += len(samples)
        settled = (self._taken - self._reach) * self._up // self._down
        return self._evaluate(max(settled, self._given))

    def flush(self) -> Samples:
        """Return what was held back and start over with an empty stream."""
        self._held.extend(zeros(2 * self._reach))
        rest = self._evaluate(max(-(-self._taken * self._up // self._down), self._given))
        self._restart()
        return rest

    def _evaluate(self, end: int) -> Samples:
        """Compute the output samples from the last one given to `end`, and let go of input no longer needed."""
        held, first, reach, filters = self._held, self._first, self._reach, self._filters
        result = array("h")
        for number in range(self._given, end):
            centre, phase = divmod(number * self._down, self._up)
            begin = centre - reach + 1 - first
            total = sum(map(mul, filters[phase], held[begin : begin + 2 * reach]))
            result.append(min(max(total + (1 << TAP_BITS - 1) >> TAP_BITS, -32768), 32767))
        self._given = end
        unneeded = end * self._down // self._up - reach + 1 - first
        if unneeded > 0:
            del held[:unneeded]
            self._first += unneeded
        return result


def resample(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """Resample a whole recording; the result has as many samples as the duration asks for, rounded up."""
    if from_hz == to_hz:
        return samples[:]
    resampler = Resampler(from_hz, to_hz)
    result = resampler.feed(samples)
    result.extend(resampler.flush())
    return result


@lru_cache(maxsize=16)
def filter_bank(from_hz: int, to_hz: int) -> FilterBank:
    """The filters between two rates; ValueError when one of them is not a positive number."""
    if from_hz <= 0 or to_hz <= 0:
        raise ValueError("a sampling rate is a positive number of samples a second")
    divisor = gcd(from_hz, to_hz)
    up, down = to_hz // divisor, from_hz // divisor
    cutoff = _CUTOFF * min(1.0, up / down)
    reach = int(_LOBES / cutoff) + 1
    filters = []
    for phase in range(up):
        taps = [_windowed_sinc(position - phase / up, cutoff, reach) for position in range(1 - reach, 1 + reach)]
        filters.append(_as_integers(taps))
    return FilterBank(up, down, reach, tuple(filters))


def _windowed_sinc(distance: float, cutoff: float, reach: int) -> float:
    """The ideal low-pass at `distance` input samples from its centre, faded out by a Kaiser window."""
    if abs(distance) >= reach:
        return 0.0
    angle = pi * distance * cutoff
    sinc = cutoff if distance == 0 else cutoff * sin(angle) / angle
    fade = _bessel_i0(_KAISER_BETA * sqrt(1 - (distance / reach) ** 2))
    return sinc * fade / _bessel_i0(_KAISER_BETA)


def _bessel_i0(x: float) -> float:
    """The modified Bessel function of order zero, by its power series."""
    total = term = 1.0
    for step in range(1, 25):
        term *= (x / (2 * step)) ** 2
        total += term
    return total


def _as_integers(taps: list[float]) -> tuple[int, ...]:
    """Scale to integers whose sum is exactly one; the greatest tap takes what rounding left over."""
    scale = (1 << TAP_BITS) / sum(taps)
    integers = [round(tap * scale) for tap in taps]
    greatest = max(range(len(integers)), key=integers.__getitem__)
    integers[greatest] += (1 << TAP_BITS) - sum(integers)
    return tuple(integers)
