"""The playout model, without a clock: one call of `next_frame` is 20 ms."""

from audiokit.mulaw import FRAME_BYTES, SILENCE
from sandbox.carrier.playout import Playout


class TestPlayout:
    def test_returns_a_mark_at_once_when_nothing_is_queued(self) -> None:
        marks: list[str] = []
        Playout(marks.append).mark("now")

        assert marks == ["now"]

    def test_returns_marks_when_what_was_before_them_has_been_played(self) -> None:
        marks: list[str] = []
        playout = Playout(marks.append)
        playout.append(b"a" * 400)
        playout.mark("a")
        playout.append(b"b" * 320)
        playout.mark("b")
        frames = [playout.next_frame() for _ in range(3)]

        assert marks == ["a"]
        assert frames[2] == b"a" * 80 + b"b" * 80

    def test_a_clear_drops_the_rest_and_returns_all_marks_in_order(self) -> None:
        marks: list[str] = []
        playout = Playout(marks.append)
        playout.append(b"a" * 320)
        playout.mark("a")
        playout.append(b"b" * 8000)
        playout.mark("b")
        playout.next_frame()

        assert playout.clear() == (320 - 160 + 8000) // 8
        assert marks == ["a", "b"]
        assert playout.next_frame() is None

    def test_fills_the_last_frame_up_with_silence(self) -> None:
        playout = Playout()
        playout.append(b"a" * 10)

        assert playout.next_frame() == b"a" * 10 + SILENCE * (FRAME_BYTES - 10)
        assert playout.next_frame() is None
