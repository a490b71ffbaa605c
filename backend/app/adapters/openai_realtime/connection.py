"""A session with OpenAI Realtime over a WebSocket: synchronous callbacks from the socket to the call and back."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

import structlog
from picows import WSCloseCode, WSError, WSFrame, WSInvalidStatusError, WSListener, WSMsgType, WSTransport, ws_connect

from app.adapters.openai_realtime.codec import (
    AudioDelta,
    ErrorBody,
    EventError,
    ServerEvent,
    Writer,
    append_audio,
    decode,
    milliseconds,
)
from app.adapters.openai_realtime.errors import Verdict, loss_of, loss_of_close, loss_of_status, verdict_of
from app.adapters.openai_realtime.linear_audio import AssistantToMulaw, CallerToLinear
from app.adapters.openai_realtime.negotiation import Agreement, Negotiation
from app.adapters.openai_realtime.responses import Responses
from app.adapters.openai_realtime.session_config import seed_items
from app.adapters.openai_realtime.translate import Translator
from app.callflow.commands import (
    AnswerTool,
    CancelResponse,
    EngineCommand,
    ForgetItem,
    RequestResponse,
    SendToEngine,
    TellEngine,
    TruncateAssistantTurn,
)
from app.callflow.engine import EngineListener
from app.callflow.events import (
    AssistantAudio,
    EngineLost,
    EngineReady,
    ResponseEnded,
    ResponseStarted,
    ToolRequested,
)
from app.callflow.words import EngineLoss, EngineTraits, ResponseStatus, Seed, Speaker

log = structlog.get_logger(__name__)

_TEXT, _CLOSE, _CONTINUATION = WSMsgType.TEXT, WSMsgType.CLOSE, WSMsgType.CONTINUATION
_MOST_BYTES = 8 << 20
_READ_BUFFER = 8192
_CONNECT_S = 5.0
_CUT_OFF_S = 3.0


class RealtimeSession(WSListener):
    """One socket, one conversation (see `app.callflow.engine.EngineSession`)."""

    def __init__(
        self,
        listener: EngineListener,
        translator: Translator,
        negotiation: Negotiation,
        seed: Seed,
    ) -> None:
        self._listener: EngineListener | None = listener
        self._translator = translator
        self._asides = translator.asides
        self._negotiation = negotiation
        self._seed = seed
        self._writer = Writer()
        self._responses = Responses(self._send_request)
        self._transport: WSTransport | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._waiting: list[EngineCommand] = []
        self._config_id = self._request_id = ""
        self._is_open = False
        self._to_linear: CallerToLinear | None = None
        self._to_mulaw: AssistantToMulaw | None = None
        self._partial = bytearray()
        self._has_misunderstood = False
        self._is_congested = False
        self._lasts_s: float | None = None
        self._watcher: Callable[[ServerEvent | AudioDelta], None] | None = None

    def listen(self, listener: EngineListener) -> None:
        """See `EngineSession.listen`; a session that is lost or closed stays silent."""
        if self._listener is not None:
            self._listener = listener

    # --- the life of the socket --------------------------------------------------------------------------------------

    def connect(self, url: str, headers: dict[str, str]) -> None:
        self._connecting = asyncio.get_running_loop().create_task(self._connect(url, headers))

    async def _connect(self, url: str, headers: dict[str, str]) -> None:
        try:
            await ws_connect(
                lambda: self,
                url,
                extra_headers=headers,
                websocket_handshake_timeout=_CONNECT_S,
                max_frame_size=_MOST_BYTES,
                read_buffer_init_size=_READ_BUFFER,
                enable_auto_ping=True,
                max_redirects=0,
            )
        except WSInvalidStatusError as error:
            status = int(error.response.status) if error.response is not None else 0
            self._lost(EngineLost(loss_of_status(status), f"http_{status}"))
        except (WSError, OSError, TimeoutError) as error:
            self._lost(EngineLost(EngineLoss.BROKEN, type(error).__name__))
        else:
            if self._transport is None:
                # The server closed the connection instead of answering, which is no error to `ws_connect`.
                self._lost(EngineLost(EngineLoss.BROKEN, "no_handshake"))

    def on_ws_connected(self, transport: WSTransport) -> None:
        if self._listener is None:
            transport.disconnect()
            return
        self._transport = transport
        self._propose()
        for frame in seed_items(self._writer, self._seed):
            self.send_frame(frame)

    def _propose(self) -> None:
        self._config_id, frame = self._writer.write("session.update", session=self._negotiation.proposal)
        self.send_frame(frame)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        handshake = transport.close_handshake
        received = handshake.recv if handshake is not None else None
        code = int(received.code.value) if received is not None else WSCloseCode.ABNORMAL_CLOSURE.value
        reason = (received.reason or "") if received is not None else ""
        self._transport = None
        self._lost(EngineLost(loss_of_close(code, reason), f"close_{code}"))

    def _lost(self, event: EngineLost) -> None:
        """Tell the call; only once."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener(event)

    def close(self) -> None:
        """End the session; the listener hears nothing more."""
        self._listener = self._watcher = None
        if self._connecting is not None and not self._connecting.done():
            self._connecting.cancel()
        transport, self._transport = self._transport, None
        if transport is not None:
            with suppress(OSError):
                transport.send_close(WSCloseCode.OK)
                transport.disconnect()
            # A server that reads nothing would never let what is still to be sent go.
            asyncio.get_running_loop().call_later(_CUT_OFF_S, transport.disconnect, False)

    def _give_up(self, event: EngineLost) -> None:
        """End the session from our side, and tell the call why."""
        self._lost(event)
        self.close()

    def pause_writing(self) -> None:
        self._is_congested = True

    def resume_writing(self) -> None:
        self._is_congested = False

    # --- from the server ---------------------------------------------------------------------------------------------

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind is _TEXT and frame.fin:
            self._on_message(frame.get_payload_as_bytes())
        elif kind is _CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()
        elif kind is _TEXT or kind is _CONTINUATION:
            self._on_part(frame)

    def _on_part(self, frame: WSFrame) -> None:
        """A piece of a fragmented message: legal, and never seen from the vendor."""
        self._partial += frame.get_payload_as_bytes()
        if len(self._partial) > _MOST_BYTES:
            self._partial.clear()
            self._give_up(EngineLost(EngineLoss.BROKEN, "message_too_big"))
        elif frame.fin:
            whole = bytes(self._partial)
            self._partial.clear()
            self._on_message(whole)

    def _on_message(self, message: bytes) -> None:
        if self._listener is None:
            return
        try:
            event = decode(message)
        except EventError as error:
            self._on_misunderstood(error)
            return
        if not isinstance(event, AudioDelta):
            self._on_event(event)
        elif self._to_mulaw is None:
            self._on_audio(event)
        else:
            self._on_converted(self._to_mulaw.convert(event))

    def _on_converted(self, event: AudioDelta) -> None:
        if event.delta:
            self._on_audio(event)

    def _on_audio(self, event: AudioDelta) -> None:
        delta = event.delta
        if self._listener is not None and event.response_id not in self._asides:
            self._listener(AssistantAudio(event.response_id, event.item_id, delta, milliseconds(delta)))
        if self._watcher is not None:
            self._watcher(event)

    def _on_misunderstood(self, error: EventError) -> None:
        if not self._has_misunderstood:
            self._has_misunderstood = True
            log.warning("engine event not understood", error=str(error))

    def _on_event(self, event: ServerEvent) -> None:
        self._note(event)
        for translated in self._translator.translate(event):
            if isinstance(translated, EngineLost):
                self._give_up(translated)
            if self._listener is None:
                return
            self._observe(translated)
            self._listener(translated)
        if self._watcher is not None:
            self._watcher(event)

    def _note(self, event: ServerEvent) -> None:
        match event.type:
            case "session.created" if event.session is not None and event.session.expires_at is not None:
                self._lasts_s = event.session.expires_at - time.time()  # noqa: TID251 — the vendor's clock is the wall's
            case "session.updated" if not self._is_open:
                self._on_updated(event)
            case "response.output_audio.done" if self._to_mulaw is not None:
                self._on_converted(self._to_mulaw.finish(event.response_id, event.item_id))
            case "error" if event.error is not None:
                self._on_error(event.error)

    def _on_updated(self, event: ServerEvent) -> None:
        agreement = self._negotiation.agreement(event.session)
        if agreement is not None:
            self._begin(agreement)
        elif self._negotiation.is_answered_otherwise():
            log.warning("engine does not speak mu-law, asking for linear audio")
            self._propose()
        else:
            self._give_up(EngineLost(EngineLoss.REFUSED, "audio_format"))

    def _begin(self, agreement: Agreement) -> None:
        """The session stands: let the call know, and do what has waited."""
        self._is_open = True
        self._to_linear = CallerToLinear(agreement.caller_hz) if agreement.caller_hz is not None else None
        self._to_mulaw = AssistantToMulaw(agreement.assistant_hz) if agreement.assistant_hz is not None else None
        if self._listener is not None:
            self._listener(EngineReady(EngineTraits(drives_turns=False, edits_memory=True), self._lasts_s))
        waiting, self._waiting = self._waiting, []
        for command in waiting:
            self.perform(command)
        if self._seed.answer_now:
            self._responses.request(RequestResponse())

    def _on_error(self, error: ErrorBody) -> None:
        verdict = verdict_of(error.code or "", error.type, error.message)
        if verdict in (Verdict.FATAL, Verdict.EXPIRED):
            self._give_up(EngineLost(loss_of(verdict), error.code or error.type))
        elif verdict is Verdict.BUSY:
            self._responses.refused()
        elif verdict is not Verdict.BENIGN:
            log.error("engine reports an error", code=error.code, kind=error.type, param=error.param)
            self._on_refusal(error, verdict)

    def _on_refusal(self, error: ErrorBody, verdict: Verdict) -> None:
        """Something we sent was not taken: see what that leaves the call with."""
        if not self._is_open:
            # A server that does not say which event it means can hardly mean another.
            if error.event_id not in (self._config_id, None):
                return
            if verdict is Verdict.OURS and self._negotiation.is_refused(error.param or ""):
                self._propose()
            else:
                loss = EngineLoss.REFUSED if verdict is Verdict.OURS else EngineLoss.BROKEN
                self._give_up(EngineLost(loss, error.code or error.type))
        elif error.event_id == self._request_id and self._responses.failed() and self._listener is not None:
            self._listener(ResponseEnded("", ResponseStatus.FAILED, error.code or error.type))

    def _observe(self, event: object) -> None:
        """Keep track of what is under way."""
        if isinstance(event, ResponseStarted):
            self._responses.started(event.response_id)
        elif isinstance(event, ToolRequested):
            self._responses.tool_asked(event.tool_call_id)
        elif isinstance(event, ResponseEnded):
            self._responses.ended(event.response_id)

    # --- from the call -----------------------------------------------------------------------------------------------

    def send_audio(self, payload: str) -> None:
        """Forward one frame; on a congested connection it is dropped, since late audio helps nobody."""
        transport = self._transport
        if transport is not None and not self._is_congested:
            if self._to_linear is not None:
                payload = self._to_linear.convert(payload)
            transport.send(_TEXT, append_audio(payload))

    def perform(self, command: EngineCommand) -> None:
        """Do what a command says, or keep it until the session is open."""
        if not self._is_open:
            self._waiting.append(command)
            return
        match command:
            case SendToEngine():
                self.send_audio(command.payload)
            case RequestResponse():
                self._responses.request(command)
            case CancelResponse():
                self._cancel(command.response_id)
            case AnswerTool():
                self.send_frame(self._writer.tool_output(command.tool_call_id, command.output))
                self._responses.tool_answered(command.tool_call_id)
            case TruncateAssistantTurn() | ForgetItem() | TellEngine():
                self.send_frame(self._edit(command))

    def _edit(self, command: TruncateAssistantTurn | ForgetItem | TellEngine) -> bytes:
        match command:
            case TruncateAssistantTurn():
                return self._writer.truncate(command.item_id, command.heard_ms)
            case ForgetItem():
                return self._writer.delete(command.item_id)
            case TellEngine():
                return self._writer.message(_role(command.speaker), command.text)

    def _cancel(self, response_id: str) -> None:
        self._responses.withdraw()
        if self._responses.active == response_id:
            self.send_frame(self._writer.cancel(response_id))

    def _send_request(self, request: RequestResponse) -> None:
        self._request_id, frame = self._writer.respond(request.instructions, may_use_tools=request.may_use_tools)
        self.send_frame(frame)

    def send_frame(self, frame: bytes) -> None:
        """Send one client event as it is."""
        if self._transport is not None:
            self._transport.send(_TEXT, frame)

    def watch(self, watcher: Callable[[ServerEvent | AudioDelta], None]) -> None:
        """Let somebody see every server event besides the call."""
        self._watcher = watcher


def _role(speaker: Speaker | None) -> str:
    match speaker:
        case Speaker.CALLER:
            return "user"
        case Speaker.ASSISTANT:
            return "assistant"
        case None:
            return "system"
