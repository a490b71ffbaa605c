"""What a running call needs of a WebSocket: frames in by callback, frames out without waiting."""

from typing import Protocol


class FrameSocket(Protocol):
    """A stream's WebSocket: frames out, and a choice of who hears the frames that come in."""

    def listen(self, listener: "FrameListener") -> None:
        """From now on `listener` hears the socket, instead of whoever did before."""

    def send(self, frame: bytes) -> None:
        """Send one text frame (UTF-8). Never waits; after the socket is gone it does nothing."""

    def close(self, code: int = 1000) -> None:
        """Close our side. Safe to call twice."""


class FrameListener(Protocol):
    """The receiving half; every method is called on the event loop and must return at once."""

    def on_frame(self, frame: bytes) -> None:
        """One whole text frame."""

    def on_closed(self) -> None:
        """The socket is gone; comes exactly once."""

    def on_congested(self, is_congested: bool) -> None:
        """The peer stopped reading (True) or reads again (False)."""
