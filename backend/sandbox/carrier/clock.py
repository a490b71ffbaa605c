"""The carrier's clocks: the time of day as the vendor writes it, and the 20 ms beat of every call."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from time import time_ns

import structlog

log = structlog.get_logger(__name__)

FRAME_S = 0.02
_GREATEST_LAG_S = 2.0
"""What a stopped machine missed beyond this is not made up for."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Tick = Callable[[], None]


def utc_now() -> datetime:
    return _EPOCH + timedelta(microseconds=time_ns() // 1000)


def rfc2822(at: datetime) -> str:
    """`Mon, 22 Aug 2022 11:56:46 +0000`: dates of webhooks and of the 2010-04-01 API."""
    return format_datetime(at)


def iso_seconds(at: datetime) -> str:
    """`2026-11-23T01:00:00Z`: dates of the newer APIs."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_nanoseconds() -> str:
    """The present as `2024-11-29T00:09:39.602648368Z`: dates of stream callbacks."""
    seconds, rest = divmod(time_ns(), 1_000_000_000)
    return f"{(_EPOCH + timedelta(seconds=seconds)).strftime('%Y-%m-%dT%H:%M:%S')}.{rest:09d}Z"


class Metronome:
    """One beat for all calls on an absolute schedule; beats that were missed follow back to back."""

    def __init__(self) -> None:
        self._members: dict[Tick, None] = {}
        self._has_members = asyncio.Event()

    def join(self, tick: Tick) -> None:
        self._members[tick] = None
        self._has_members.set()

    def leave(self, tick: Tick) -> None:
        self._members.pop(tick, None)

    async def run(self) -> None:
        """Beat for ever; cancel it to end it."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            if not self._members:
                self._has_members.clear()
                await self._has_members.wait()
                due = loop.time()
            due = max(due + FRAME_S, loop.time() - _GREATEST_LAG_S)
            # Also when late: between two beats the sockets get their turn.
            await asyncio.sleep(max(due - loop.time(), 0))
            for tick in tuple(self._members):
                self._beat(tick)

    def _beat(self, tick: Tick) -> None:
        try:
            tick()
        except Exception:
            log.exception("a call has lost its beat")
            self.leave(tick)
