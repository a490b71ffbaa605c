from base64 import b64encode

import pytest

from audiokit.duration import bytes_of_ms, duration_ms, duration_ms_of_base64


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 159, 160, 161, 3200])
def test_base64_tells_its_duration_without_decoding(count: int) -> None:
    audio = bytes(count)
    text = b64encode(audio).decode()

    assert duration_ms_of_base64(text) == duration_ms(audio) == count / 8
    assert duration_ms_of_base64(text.rstrip("=")) == count / 8


def test_bytes_of_a_fraction_of_a_byte_are_rounded_down() -> None:
    assert [bytes_of_ms(ms) for ms in (0, 0.124, 0.125, 20, 20.2)] == [0, 0, 1, 160, 161]
