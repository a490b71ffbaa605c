"""Speech-like audio, and how much of it arrived: delay, correlation and signal-to-noise ratio."""

import wave
from array import array
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audiokit import mulaw

Signal = NDArray[np.float64]


def speech_like(seconds: float, rate: int, seed: int = 7) -> Signal:
    """Voiced syllables with moving pitch and formants, below 3.3 kHz, never quite silent, at half of full scale."""
    random = np.random.default_rng(seed)
    time = np.arange(int(seconds * rate)) / rate
    # The rates share no short period: no moment of the voice is like another.
    pitch = 120 + 25 * np.sin(2 * np.pi * 0.71 * time) + 12 * np.sin(2 * np.pi * 2.29 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    formant = 900 + 500 * np.sin(2 * np.pi * 1.37 * time + 1)
    voice = np.zeros_like(time)
    for harmonic in range(1, 21):
        strength = np.exp(-(((harmonic * pitch - formant) / 700) ** 2)) + 0.3 / harmonic
        voice += strength * np.sin(harmonic * phase + random.uniform(0, 2 * np.pi))
    syllables = 0.15 + 0.85 * np.sin(np.pi * 3.13 * time) ** 2
    shaped = voice * syllables
    return np.asarray(0.5 * shaped / np.abs(shaped).max(), dtype=np.float64)


def write_wav(path: Path, signal: Signal, rate: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((signal * 32767).astype("<i2").tobytes())


def to_mulaw(signal: Signal) -> bytes:
    return mulaw.encode(array("h", (signal * 32767).astype("<i2").tobytes()))


def from_mulaw(audio: bytes) -> Signal:
    return np.array(mulaw.decode(audio), dtype=np.float64) / 32768


@dataclass(frozen=True, slots=True)
class Match:
    """How `received` compares with a source: where it begins in it, how alike it is."""

    begins_s: float
    correlation: float
    snr_db: float


def compare_pieces(
    received: Signal, received_rate: int, source: Signal, source_rate: int, piece_s: float = 0.5
) -> list[Match]:
    """Compare piece by piece, each found by itself; `begins_s` is where the whole would begin judging by that piece.

    A busy machine may drop a few milliseconds of audio, which says nothing about the path: it spoils one piece and
    shifts the later ones a little.
    """
    step = round(piece_s * source_rate)
    matches = []
    for start in range(0, len(source) - step + 1, step):
        match = compare(received, received_rate, source[start : start + step], source_rate)
        matches.append(replace(match, begins_s=match.begins_s - start / source_rate))
    return matches


def compare(received: Signal, received_rate: int, source: Signal, source_rate: int) -> Match:
    """Find the source in what was received, to a fraction of a sample, and measure what differs, gain left aside.

    The band compared is that of the telephone, up to 3.4 kHz.
    """
    rate = received_rate
    wanted = _resampled(source, source_rate, rate)
    size = len(received) + len(wanted)
    spectrum = np.fft.rfft(received, size) * np.conj(np.fft.rfft(wanted, size))
    lags = np.fft.irfft(spectrum, size)
    start = int(np.argmax(lags[: len(received)]))
    piece = received[start : start + len(wanted)]
    wanted = wanted[: len(piece)]
    band = np.fft.rfftfreq(len(piece), 1 / rate)
    heard, said = np.fft.rfft(piece), np.fft.rfft(wanted)
    heard[band > 3400] = said[band > 3400] = 0
    delays = np.arange(-1, 1, 0.02) / rate
    matches = [np.real(np.vdot(said * np.exp(-2j * np.pi * band * delay), heard)) for delay in delays]
    delay = float(delays[int(np.argmax(matches))])
    said = said * np.exp(-2j * np.pi * band * delay)
    gain = np.real(np.vdot(said, heard)) / np.real(np.vdot(said, said))
    noise = float(np.sum(np.abs(heard - gain * said) ** 2))
    total = float(np.sum(np.abs(heard) ** 2))
    correlation = float(np.max(matches)) / np.sqrt(total * float(np.sum(np.abs(said) ** 2)))
    return Match(start / rate + delay, float(correlation), float(10 * np.log10((total - noise) / noise)))


def _resampled(signal: Signal, from_rate: int, to_rate: int) -> Signal:
    """The same signal at another rate, exactly, by its spectrum."""
    length = round(len(signal) * to_rate / from_rate)
    spectrum = np.fft.rfft(signal)
    kept = np.zeros(length // 2 + 1, dtype=complex)
    common = min(len(kept), len(spectrum))
    kept[:common] = spectrum[:common]
    return np.asarray(np.fft.irfft(kept, length) * (length / len(signal)), dtype=np.float64)
