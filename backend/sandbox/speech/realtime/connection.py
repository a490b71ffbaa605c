"""The WebSocket endpoint `/v1/realtime`: handshake, one session, and how it ends."""

import asyncio
import contextlib
from random import Random
from traceback import format_tb
from typing import assert_never

import msgspec
import structlog
from starlette.types import Receive, Scope, Send

from sandbox.speech.clock import Clock
from sandbox.speech.realtime.admission import Admitted, Handshake, RefusedByClose, RefusedByStatus, Verdict, admit
from sandbox.speech.realtime.conversation import Conversation
from sandbox.speech.realtime.faults import Faults, RefuseConnection, SlowConnect
from sandbox.speech.realtime.ids import new_id
from sandbox.speech.realtime.outbox import Closing, Outbox
from sandbox.speech.realtime.rate_limits import RateLimits
from sandbox.speech.realtime.refusal import Refusal
from sandbox.speech.realtime.register import Register
from sandbox.speech.realtime.session import Session
from sandbox.speech.realtime.session_config import RealtimeConfig, SessionConfig, TranscriptionConfig
from sandbox.speech.realtime.socket_server import BREAK_EXTENSION
from sandbox.speech.realtime.state import Parts, SessionState
from sandbox.speech.realtime.tasks import Tasks
from sandbox.speech.settings import SpeechSettings

log = structlog.get_logger()

_BROKEN = 1006
_SERVER_TROUBLE = 1011
_FIRST_CLOSE_CODE = 1000


class RealtimeEndpoint:
    """An ASGI application for WebSocket connections; every one becomes a session."""

    def __init__(
        self, settings: SpeechSettings, parts: Parts, *, faults: Faults, register: Register, clock: Clock
    ) -> None:
        self._settings = settings
        self._parts = parts
        self._faults = faults
        self._register = register
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        slow = self._faults.take(SlowConnect)
        if slow:
            await asyncio.sleep(slow.delay_s)
        handshake = _handshake(scope)
        verdict = self._scripted_refusal() or admit(handshake, self._settings)
        connection = Connection(scope, receive, send, handshake)
        match verdict:
            case Admitted():
                await connection.accept()
                await self._hold(connection, verdict)
            case RefusedByClose():
                await connection.accept()
                await connection.refuse(verdict)
            case RefusedByStatus():
                await connection.reject(verdict)
            case _:
                assert_never(verdict)

    def _scripted_refusal(self) -> Verdict | None:
        fault = self._faults.take(RefuseConnection)
        if fault is None:
            return None
        if fault.code < _FIRST_CLOSE_CODE:
            return RefusedByStatus(fault.code, Refusal(None, fault.reason or "Refused by a scripted fault."))
        return RefusedByClose(fault.code, fault.reason)

    async def _hold(self, connection: "Connection", admitted: Admitted) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                tasks = Tasks(group)
                session, outbox = self._session(admitted, tasks)
                with self._register.entry(session, opened_at=self._clock()) as ending:
                    closing = await connection.run(session, outbox)
                    ending |= {"close_code": closing.code, "close_reason": closing.reason}
                tasks.cancel()
        except* Exception as errors:  # noqa: BLE001 - whatever the bug is, the client must learn of it
            where = [_without_content(error) for error in errors.exceptions]
            log.error("a session crashed", errors=where)  # noqa: TRY400 - an exception's values may be a caller's words
            await connection.close(Closing(_SERVER_TROUBLE, "The server had an error."))

    def _session(self, admitted: Admitted, tasks: Tasks) -> tuple[Session, Outbox]:
        rate_limits = RateLimits()
        outbox = Outbox(self._faults, rate_limits)
        state = SessionState(
            settings=self._settings,
            parts=self._parts,
            faults=self._faults,
            clock=self._clock,
            tasks=tasks,
            outbox=outbox,
            rate_limits=rate_limits,
            config=self._config(admitted),
            conversation=Conversation(),
            random=Random(self._settings.seed),
        )
        return Session(state), outbox

    def _config(self, admitted: Admitted) -> SessionConfig:
        expires_at = round(self._clock() + self._settings.session_s)
        if admitted.kind == "transcription":
            return TranscriptionConfig(id=new_id("sess"), expires_at=expires_at)
        return RealtimeConfig(id=new_id("sess"), model=admitted.model, expires_at=expires_at)


class Connection:
    """One WebSocket, in ASGI messages."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, handshake: Handshake) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._handshake = handshake

    async def accept(self) -> None:
        subprotocol = "realtime" if "realtime" in self._handshake.subprotocols else None
        await self._send({"type": "websocket.accept", "subprotocol": subprotocol, "headers": []})

    async def reject(self, refused: RefusedByStatus) -> None:
        """Answer the upgrade with an HTTP status and the vendor's error object."""
        body = msgspec.json.encode({"error": refused.refusal.wire()})
        headers = [(b"content-type", b"application/json")]
        await self._send({"type": "websocket.http.response.start", "status": refused.status, "headers": headers})
        await self._send({"type": "websocket.http.response.body", "body": body})

    async def refuse(self, refused: RefusedByClose) -> None:
        if refused.refusal is not None:
            event = {"type": "error", "event_id": new_id("event"), "error": refused.refusal.wire()}
            await self._send_text(msgspec.json.encode(event).decode())
        await self.close(Closing(refused.code, refused.reason))

    async def run(self, session: Session, outbox: Outbox) -> Closing:
        """Carry events both ways until one side closes; returns how it ended."""
        async with asyncio.TaskGroup() as group:
            delivering = group.create_task(self._deliver(outbox))
            session.begin()
            closing = await self._read(session)
            delivering.cancel()
        return closing

    async def close(self, closing: Closing) -> None:
        if closing.code == _BROKEN:
            self._scope["extensions"][BREAK_EXTENSION]()
            return
        with contextlib.suppress(OSError, RuntimeError):  # the client may have gone before
            await self._send({"type": "websocket.close", "code": closing.code, "reason": closing.reason})

    async def _deliver(self, outbox: Outbox) -> None:
        with contextlib.suppress(OSError):  # the client has gone, which the reader learns too
            await self.close(await outbox.deliver(self._send_text))

    async def _read(self, session: Session) -> Closing:
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return Closing(message.get("code") or _BROKEN, message.get("reason") or "")
            text = message.get("text")
            if text is None:
                session.refuse_binary()
            else:
                session.handle(text)

    async def _send_text(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text})


def _without_content(error: BaseException) -> str:
    """Where an error happened, without its message and the values around it, which may be a caller's words."""
    if isinstance(error, BaseExceptionGroup):
        return "\n".join(_without_content(inner) for inner in error.exceptions)
    return f"{type(error).__name__}\n{''.join(format_tb(error.__traceback__))}"


def _handshake(scope: Scope) -> Handshake:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    return Handshake(scope["query_string"].decode("latin-1"), headers, scope["subprotocols"])
