"""A session with OpenAI Realtime over a WebSocket: synchronous callbacks from the socket to the call and back."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlencode

import structlog
from picows import WSCloseCode, WSError, WSFrame, WSInvalidStatusError, WSListener, WSMsgType, WSTransport, ws_connect

from app.adapters.openai_realtime.codec import (
    AudioDelta,
    EventError,
    ServerEvent,
    Writer,
    append_audio,
    decode,
    milliseconds,
)
from app.adapters.openai_realtime.errors import Verdict, loss_of, loss_of_close, loss_of_status, verdict_of
from app.adapters.openai_realtime.rendering import Render
from app.adapters.openai_realtime.responses import Responses
from app.adapters.openai_realtime.session_config import configuration, minimal_configuration, seed_items
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
from app.callflow.engine import EngineListener, EnginePersona
from app.callflow.events import (
    AssistantAudio,
    EngineLost,
    EngineReady,
    ResponseEnded,
    ResponseStarted,
    ToolRequested,
)
from app.callflow.words import EngineLoss, EngineTraits, Seed, Speaker
from app.core.config import Settings
from app.core.errors import Unavailable

log = structlog.get_logger(__name__)

_TEXT, _CLOSE = WSMsgType.TEXT, WSMsgType.CLOSE
_MOST_BYTES = 8 << 20
_READ_BUFFER = 8192
_CONNECT_S = 10.0
_RENDER_S = 20.0
_RENDER_TRIES = 3
_MULAW = "audio/pcmu"


class NotRendered(Unavailable):
    """The engine could not be brought to speak a sentence exactly."""

    code = "phrase_not_rendered"


class OpenAIRealtime:
    """The vendor, configured: opens sessions and renders phrases (see `app.callflow.engine.VoiceEngine`)."""

    def __init__(self, settings: Settings) -> None:
        base = settings.openai_base_url
        scheme, _, rest = base.partition("://")
        ws_base = f"{ {'https': 'wss', 'http': 'ws'}.get(scheme, scheme) }://{rest}"
        self._model = settings.openai_realtime_model
        self._transcription_model = settings.openai_transcription_model
        self._url = f"{ws_base}/realtime?{urlencode({'model': self._model})}"
        self._key = settings.openai_api_key.get_secret_value()

    def open(self, persona: EnginePersona, seed: Seed, listener: EngineListener) -> "RealtimeSession":
        """Begin a session. EngineReady or EngineLost follows; nothing is raised."""
        config = configuration(persona, model=self._model, transcription_model=self._transcription_model)
        translator = Translator(self._model, self._transcription_model)
        session = RealtimeSession(listener, translator, config, minimal_configuration(persona), seed)
        session.connect(self._url, {"Authorization": f"Bearer {self._key}"})
        return session

    async def render(self, persona: EnginePersona, text: str) -> bytes:
        """Speak exactly `text` and return G.711 mu-law at 8 kHz. Raises NotRendered."""
        for _ in range(_RENDER_TRIES):
            render = Render(text)
            session = self.open(persona, Seed(), lambda event, render=render: render.on_event(event))  # type: ignore[misc]
            session.watch(render.on_server_event)
            try:
                async with asyncio.timeout(_RENDER_S):
                    await render.is_ready.wait()
                    if not render.is_lost:
                        session.send_frame(render.request)
                        await render.is_done.wait()
            except TimeoutError:
                continue
            finally:
                session.close()
            if render.is_lost:
                raise NotRendered(render.code)
            if render.is_exact:
                return render.audio
        raise NotRendered


class RealtimeSession(WSListener):
    """One socket, one conversation (see `app.callflow.engine.EngineSession`)."""

    def __init__(
        self,
        listener: EngineListener,
        translator: Translator,
        config: dict[str, object],
        minimal: dict[str, object],
        seed: Seed,
    ) -> None:
        self._listener: EngineListener | None = listener
        self._translator = translator
        self._asides = translator.asides
        self._config = config
        self._minimal: dict[str, object] | None = minimal
        self._seed = seed
        self._writer = Writer()
        self._responses = Responses(self._send_request)
        self._transport: WSTransport | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._waiting: list[EngineCommand] = []
        self._config_id = ""
        self._is_open = False
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
            )
        except WSInvalidStatusError as error:
            status = int(error.response.status) if error.response is not None else 0
            self._lost(EngineLost(loss_of_status(status), f"http_{status}"))
        except (WSError, OSError, TimeoutError) as error:
            self._lost(EngineLost(EngineLoss.BROKEN, type(error).__name__))

    def on_ws_connected(self, transport: WSTransport) -> None:
        if self._listener is None:
            transport.disconnect()
            return
        self._transport = transport
        self._configure(self._config)
        for frame in seed_items(self._writer, self._seed):
            self.send_frame(frame)

    def _configure(self, session: dict[str, object]) -> None:
        self._config_id, frame = self._writer.write("session.update", session=session)
        self.send_frame(frame)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        handshake = transport.close_handshake
        received = handshake.recv if handshake is not None else None
        code = int(received.code.value) if received is not None else WSCloseCode.ABNORMAL_CLOSURE.value
        reason = (received.reason or "") if received is not None else ""
        self._transport = None
        self._lost(EngineLost(loss_of_close(code, reason), f"close_{code}"))

    def _lost(self, event: EngineLost) -> None:
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

    def pause_writing(self) -> None:
        self._is_congested = True

    def resume_writing(self) -> None:
        self._is_congested = False

    # --- from the server ---------------------------------------------------------------------------------------------

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind is _CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()
            return
        listener = self._listener
        if kind is not _TEXT or listener is None:
            return
        try:
            event = decode(frame.get_payload_as_bytes())
        except EventError as error:
            log.warning("engine event not understood", error=str(error))
            return
        if isinstance(event, AudioDelta):
            if event.response_id not in self._asides:
                delta = event.delta
                listener(AssistantAudio(event.response_id, event.item_id, delta, milliseconds(delta)))
            if self._watcher is not None:
                self._watcher(event)
            return
        self._on_event(event)

    def _on_event(self, event: ServerEvent) -> None:
        self._note(event)
        for translated in self._translator.translate(event):
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
            case "session.updated":
                self._on_updated(event)
            case "error":
                self._on_error(event)

    def _on_updated(self, event: ServerEvent) -> None:
        if self._is_open:
            return
        if not _speaks_mulaw(event):
            self._lost(EngineLost(EngineLoss.REFUSED, "audio_format"))
            self.close()
            return
        self._is_open = True
        if self._listener is not None:
            self._listener(EngineReady(EngineTraits(drives_turns=False, edits_memory=True), self._lasts_s))
        waiting, self._waiting = self._waiting, []
        for command in waiting:
            self.perform(command)
        if self._seed.answer_now:
            self._responses.request(RequestResponse())

    def _on_error(self, event: ServerEvent) -> None:
        error = event.error
        if error is None:
            return
        verdict = verdict_of(error.code or "", error.type, error.message)
        if error.event_id == self._config_id and not self._is_open and self._minimal is not None:
            log.error("engine refused the configuration, trying the minimal one", code=error.code)
            minimal, self._minimal = self._minimal, None
            self._configure(minimal)
            return
        if verdict is Verdict.BUSY:
            self._responses.refused()
        elif verdict in (Verdict.FATAL, Verdict.EXPIRED):
            self._lost(EngineLost(loss_of(verdict), error.code or error.type))
            self.close()
        elif verdict is not Verdict.BENIGN:
            log.error("engine reports an error", code=error.code, kind=error.type)

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
        self.send_frame(self._writer.respond(request.instructions, may_use_tools=request.may_use_tools))

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


def _speaks_mulaw(event: ServerEvent) -> bool:
    """Whether the server took mu-law both ways; one that does not say how it speaks is believed."""
    audio = event.session.audio if event.session is not None else None
    sides = (audio.input, audio.output) if audio is not None else ()
    return all(side is None or side.format is None or side.format.type == _MULAW for side in sides)
