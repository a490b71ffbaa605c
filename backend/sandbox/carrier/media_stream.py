"""The carrier's end of a media stream: a WebSocket client that sends 20 ms frames and plays what comes back (§3)."""

import asyncio
import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from urllib.parse import urlsplit, urlunsplit

import structlog
from picows import WSCloseCode, WSError, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from sandbox.carrier.faults import Fault, Faults
from sandbox.carrier.leg import Leg
from sandbox.carrier.playout import SILENT_FRAME, Playout
from sandbox.carrier.signing import sign
from sandbox.carrier.stream_messages import CONNECTED, StreamMessageError, ToApp, from_app

log = structlog.get_logger(__name__)

_CONNECT_S = 5.0
_CLOSE_S = 2.0
_STALLED_S = 5.0
_FRAME_MS = 20
_FIRST_MEDIA_MS = (120, 180)
_TIMESTAMP_JITTER_MS = 2
_LARGEST_MESSAGE = 4 << 20


class StreamFailed(Exception):
    """The stream did not come about; `code` is the vendor's error code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """What TwiML asks for. `tracks`: inbound, outbound; a two-way stream has only the inbound one."""

    sid: str
    url: str
    name: str
    tracks: tuple[str, ...]
    is_two_way: bool
    parameters: Mapping[str, str]


class MediaStream(WSListener):
    """One stream of one leg, from `open` to `close`."""

    def __init__(self, leg: Leg, plan: StreamPlan, *, account_sid: str, auth_token: str, faults: Faults) -> None:
        self._leg = leg
        self._plan = plan
        self._auth_token = auth_token
        self._faults = faults
        self._to_app = ToApp(account_sid, leg.sid, plan.sid)
        self._playout = Playout(self._return_mark)
        self._transport: WSTransport | None = None
        self._loop = asyncio.get_running_loop()
        self._closed = asyncio.Event()
        self._first_ms = random.randint(*_FIRST_MEDIA_MS)
        self._age_ms = 0
        self._frames = 0
        self._late: deque[tuple[float, bytes]] = deque()
        self._fragments = bytearray()
        self._warnings: set[int] = set()
        self._is_closing = False
        self._is_abandoned = False
        self.error_code = 0

    # --- life ------------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Connect and introduce the stream. Raises StreamFailed."""
        if self._faults.take("refuse_handshake") is not None:
            raise StreamFailed(31920, "WebSocket handshake failed")
        try:
            await self._connect()
        except BaseException:
            self._is_abandoned = True
            if self._transport is not None:
                self._transport.disconnect(graceful=False)
            raise
        self._begin()

    async def _connect(self) -> None:
        """Raises StreamFailed."""
        url = urlunsplit(urlsplit(self._plan.url)._replace(query="", fragment=""))
        headers = {"X-Twilio-Signature": sign(self._auth_token, url), "User-Agent": "Twilio.TmeWs/1.0"}
        try:
            async with asyncio.timeout(_CONNECT_S):
                await ws_connect(
                    lambda: self, url, extra_headers=headers, max_redirects=0, disconnect_on_exception=False
                )
        except TimeoutError:
            raise StreamFailed(31901, "WebSocket connection timed out") from None
        except WSError:
            raise StreamFailed(31920, "WebSocket handshake failed") from None
        except OSError:
            raise StreamFailed(31902, "WebSocket connection refused") from None

    async def closed(self) -> None:
        """Wait until the other side has gone away."""
        await self._closed.wait()

    def close(self) -> None:
        """Say stop and close; nothing is left to say when the other side has gone away."""
        self._leave_leg()
        transport = self._transport
        if transport is None or self._closed.is_set():
            return
        self._is_closing = True
        self._send_late(until=inf)
        self._send(self._to_app.stop())
        transport.send_close(WSCloseCode.OK)
        self._loop.call_later(_CLOSE_S, transport.disconnect, False)

    def _begin(self) -> None:
        self._send(CONNECTED)
        self._send(self._to_app.start(list(self._plan.tracks), self._plan.parameters))
        self._leg.handset.tell("stream_started", stream_sid=self._plan.sid)
        self._leg.sinks.append(self._take_frame)
        if self._plan.is_two_way:
            self._leg.source = self._playout
            self._leg.key_listeners.append(self._take_key)

    def _leave_leg(self) -> None:
        leg = self._leg
        if self._take_frame not in leg.sinks:
            return
        leg.sinks.remove(self._take_frame)
        if self._plan.is_two_way:
            leg.key_listeners.remove(self._take_key)
            leg.source = None
        leg.handset.tell("stream_stopped", stream_sid=self._plan.sid)

    # --- faults ----------------------------------------------------------------------------------------------------

    def _meet_faults(self) -> None:
        """Break or stall once a trouble on order says that it is time."""

        def is_due(fault: Fault) -> bool:
            return self._age_ms >= fault.number("after_s") * 1000

        transport = self._transport
        if transport is None or transport.is_disconnected:
            return
        if self._faults.take("drop_stream", is_due) is not None:
            self.error_code = 31903
            transport.disconnect(graceful=False)
        elif (stall := self._faults.take("stall_reader", is_due)) is not None:
            transport.underlying_transport.pause_reading()
            self._loop.call_later(stall.number("for_s", _STALLED_S), self._resume)

    def _resume(self) -> None:
        if self._transport is not None and not self._transport.is_disconnected:
            self._transport.underlying_transport.resume_reading()

    # --- towards the application -----------------------------------------------------------------------------------

    def _take_frame(self, spoken: bytes, heard: bytes | None) -> None:
        """20 ms of the leg. The first frames fall into the time the vendor needs to get going."""
        self._age_ms += _FRAME_MS
        self._meet_faults()
        if self._age_ms < self._first_ms:
            return
        timestamp = self._first_ms + self._frames * _FRAME_MS
        self._frames += 1
        for track in self._plan.tracks:
            frame = spoken if track == "inbound" else heard or SILENT_FRAME
            jitter = random.randint(-_TIMESTAMP_JITTER_MS, _TIMESTAMP_JITTER_MS) if self._frames > 1 else 0
            self._deliver(self._to_app.media(track, timestamp + jitter, self._transmitted(frame)))

    def _transmitted(self, frame: bytes) -> bytes:
        """What arrives of a frame: the telephone network has lost some, and silence stands in for them."""
        loss = self._leg.network.loss_pct
        return SILENT_FRAME if loss and random.uniform(0, 100) < loss else frame

    def _deliver(self, message: bytes) -> None:
        """Send through the network: late, but in order."""
        jitter_ms = self._leg.network.jitter_ms
        if not jitter_ms:
            self._send(message)
            return
        now = self._loop.time()
        due = now + random.uniform(0, jitter_ms) / 1000
        self._late.append((max(due, self._late[-1][0]) if self._late else due, message))
        self._send_late(until=now)

    def _send_late(self, until: float) -> None:
        while self._late and self._late[0][0] <= until:
            self._send(self._late.popleft()[1])

    def _take_key(self, digit: str) -> None:
        self._deliver(self._to_app.dtmf(digit))

    def _return_mark(self, name: str) -> None:
        self._leg.handset.tell("mark", name=name)
        self._deliver(self._to_app.mark(name))

    def _send(self, message: bytes) -> None:
        if self._transport is not None and not self._transport.is_disconnected:
            self._transport.send(WSMsgType.TEXT, message)

    # --- from the application --------------------------------------------------------------------------------------

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        if self._is_abandoned:
            # The library goes on with a handshake that nobody waits for any more.
            transport.disconnect(graceful=False)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        match frame.msg_type:
            case WSMsgType.TEXT | WSMsgType.CONTINUATION:
                self._take_text(transport, frame)
            case WSMsgType.CLOSE:
                self._is_closing = True
                transport.send_close(WSCloseCode.OK)
                transport.disconnect()
            case WSMsgType.BINARY:
                self._warn(31950)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if not self._is_closing:
            self.error_code = self.error_code or 31903
        self._closed.set()

    def _take_text(self, transport: WSTransport, frame: WSFrame) -> None:
        """A message may come in several pieces."""
        self._fragments += frame.get_payload_as_bytes()
        if len(self._fragments) > _LARGEST_MESSAGE:
            self.error_code = 31924
            transport.disconnect(graceful=False)
        elif frame.fin:
            message, self._fragments = bytes(self._fragments), bytearray()
            try:
                self._obey(message)
            except StreamMessageError:
                self._warn(31951)

    def _warn(self, code: int) -> None:
        """What is not of the protocol is left out; the vendor tells that once for a stream and goes on."""
        if code not in self._warnings:
            self._warnings.add(code)
            log.warning("stream message not understood", code=code, stream_sid=self._plan.sid)

    def _obey(self, payload: bytes) -> None:
        """Raises StreamMessageError."""
        message = from_app(payload)
        if message.stream_sid != self._plan.sid or not self._plan.is_two_way:
            raise StreamMessageError("a message for another stream")
        if message.media is not None:
            self._playout.append(message.audio)
        elif message.mark is not None:
            self._playout.mark(message.mark.name)
        else:
            self._leg.handset.tell("clear", dropped_ms=self._playout.waiting_ms)
            self._playout.clear()
