"""The shell around a call session: frames and engine events in, commands out, one deadline at a time.

Everything on the media path is a synchronous callback: a frame is decoded, shown to the session, and what the session
commands is written, without a task, a queue or a wait in between.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from app.adapters.twilio.stream import StreamProtocolError, caller_audio, decode
from app.callflow.commands import (
    AddCost,
    AnswerTool,
    CancelResponse,
    ClearPlayback,
    CloseEngine,
    Command,
    ForgetItem,
    LeaveStream,
    MarkPlayback,
    OpenEngine,
    PlayPhrase,
    PlayToCaller,
    ReportTrouble,
    RequestResponse,
    RunTool,
    SaveOutcome,
    SaveTurn,
    SendToEngine,
    SwitchEngine,
    TellEngine,
    TruncateAssistantTurn,
)
from app.callflow.events import (
    AssistantAudio,
    CallerAudio,
    DeadlinePassed,
    DigitPressed,
    EngineEvent,
    Event,
    PlaybackReached,
    StreamStarted,
    StreamStopped,
)
from app.callflow.journal import Journal
from app.callflow.session import CallSession
from app.callflow.transitions import Phase
from app.callflow.words import NextStep
from app.live.carrier_line import CarrierLine
from app.live.effects import Effects
from app.live.engine_slot import EngineSlot

log = structlog.get_logger(__name__)

_STALLED_S = 10.0
"""A carrier that reads nothing for so long is taken for gone; it then asks for the next step on a new connection."""
_MOST_BAD_FRAMES = 20


class CallRunner:
    """Runs one stream of one call. `on_frame` and `on_closed` are the stream's listener; `run` lasts as long as it."""

    def __init__(
        self, session: CallSession, journal: Journal, line: CarrierLine, engines: EngineSlot, effects: Effects
    ) -> None:
        self._session = session
        self._flow = session.flow
        self._journal = journal
        self._line = line
        self._engines = engines
        engines.listen(self.on_engine_event)
        self._effects = effects
        self._loop = asyncio.get_running_loop()
        self._now = self._loop.time
        self._started_at = self._now()
        self._armed_for: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._ended = asyncio.Event()
        self._bad_frames = 0
        self._has_played = False
        self._perform: dict[type[Command], Callable[[Any], None]] = {
            SendToEngine: lambda command: self._send_audio(command.payload),
            PlayToCaller: lambda command: line.play(command.payload),
            MarkPlayback: lambda command: line.mark(command.mark),
            ClearPlayback: lambda _: line.clear(),
            PlayPhrase: line.play_phrase,
            OpenEngine: engines.open,
            SwitchEngine: lambda _: engines.switch(),
            CloseEngine: lambda _: engines.close(),
            RequestResponse: engines.perform,
            CancelResponse: engines.perform,
            TruncateAssistantTurn: engines.perform,
            ForgetItem: engines.perform,
            TellEngine: engines.perform,
            AnswerTool: engines.perform,
            RunTool: self._run_tool,
            SaveTurn: lambda command: effects.save_turn(command.turn),
            SaveOutcome: effects.save_outcome,
            ReportTrouble: lambda command: effects.report_trouble(command.what, command.code),
            AddCost: lambda command: effects.add_cost(command, session.phase),
            LeaveStream: self._leave,
        }

    @property
    def session(self) -> CallSession:
        return self._session

    # --- the stream's listener -------------------------------------------------------------------------------------

    def on_frame(self, frame: bytes) -> None:
        """One frame of the carrier's stream."""
        payload = caller_audio(frame)
        if payload is not None:
            # The media path: 50 times a second for every call.
            engine = self._engines.session
            if engine is not None and self._session.forwards_audio:
                self._journal.frames += 1
                engine.send_audio(payload)
            else:
                self._keep(payload)
            return
        try:
            event = decode(frame)
        except StreamProtocolError as error:
            self._on_bad_frame(error)
            return
        if isinstance(event, CallerAudio):
            self._keep(event.payload)
        elif isinstance(event, PlaybackReached | DigitPressed | StreamStopped):
            self.feed(event)

    def _keep(self, payload: str) -> None:
        """Show a frame to the session, which keeps it until an engine listens."""
        self._journal.frames += 1
        for command in self._session.handle(CallerAudio(payload), self._now()):
            self._perform[type(command)](command)

    def on_closed(self) -> None:
        self.feed(StreamStopped())

    def on_congested(self, is_congested: bool) -> None:
        """The carrier stopped reading, or reads again."""
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
        if is_congested:
            self._stall = self._loop.call_later(_STALLED_S, self._on_stalled)

    def _on_stalled(self) -> None:
        self._effects.report_trouble("carrier_stalled", "")
        self._line.close()
        self.feed(StreamStopped())

    def _on_bad_frame(self, error: StreamProtocolError) -> None:
        self._bad_frames += 1
        if self._bad_frames == 1:
            log.warning("frame of the stream not understood", call_id=self._effects.call_id, error=type(error).__name__)
        if self._bad_frames == _MOST_BAD_FRAMES:
            # Once: what is on its way until the socket is closed is not told of.
            self._effects.report_trouble("stream_protocol", "")
            self._line.close()
            self.feed(StreamStopped())

    def on_engine_event(self, event: EngineEvent) -> None:
        """What the engine says or hears."""
        if type(event) is AssistantAudio and self._flow.take(event.item_id, event.payload, event.ms, self._now()):
            self._line.play(event.payload)
        else:
            self.feed(event)

    # --- the loop of the call --------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Serve the stream until it has ended and everything it asked for is done."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self.feed(StreamStarted())
                await self._ended.wait()
            await self._effects.conclude()
        finally:
            self._disarm()
            self._engines.close()
            self._engines.discard_prepared()
            self._effects.write_page(self._journal.take())

    def feed(self, event: Event) -> None:
        """Show an event to the session and perform what it commands."""
        if self._ended.is_set():
            return
        now = self._now()
        self._journal.record_flow(self._flow)
        commands = self._handle(event, now)
        self._journal.record(event, now, commands)
        for command in commands:
            if type(command) is PlayToCaller or type(command) is PlayPhrase:
                self._note_first_audio()
            self._perform[type(command)](command)
        self._arm()
        if self._journal.is_page_full:
            self._effects.write_page(self._journal.take())
        if self._session.phase is Phase.ENDED:
            self._ended.set()

    def _handle(self, event: Event, now: float) -> list[Command]:
        try:
            return self._session.handle(event, now)
        except Exception as error:
            # A bug must not leave a caller in silence: the carrier goes on with the step for broken calls.
            log.exception("call session failed", call_id=self._effects.call_id, event_type=type(event).__name__)
            self._effects.report_trouble("internal", type(error).__name__)
            self._leave(LeaveStream(NextStep.VOICEMAIL))
            return []

    def _note_first_audio(self) -> None:
        if not self._has_played:
            self._has_played = True
            self._effects.first_audio(round((self._now() - self._started_at) * 1000), self._session.phase)

    def _arm(self) -> None:
        due = self._session.deadline()
        if due == self._armed_for:
            return
        self._disarm()
        self._armed_for = due
        if due is not None:
            self._timer = self._loop.call_at(due, self._on_deadline)

    def _disarm(self) -> None:
        self._armed_for = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._ended.is_set() and self._stall is not None:
            self._stall.cancel()

    def _on_deadline(self) -> None:
        self._armed_for = self._timer = None
        self.feed(DeadlinePassed())

    # --- commands that are more than a write -----------------------------------------------------------------------

    def _send_audio(self, payload: str) -> None:
        session = self._engines.session
        if session is not None:
            session.send_audio(payload)

    def _run_tool(self, command: RunTool) -> None:
        async def run() -> None:
            self.feed(await self._effects.run_tool(command))

        self._spawn(run())

    def _leave(self, command: LeaveStream) -> None:
        async def leave() -> None:
            await self._effects.leave(command.step)
            self._line.close()
            # The carrier confirms by closing; a socket that never does must not keep the call.
            self._loop.call_later(_STALLED_S, self.feed, StreamStopped())

        self._spawn(leave())

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        if self._tasks is None:
            raise RuntimeError("a call acts only while it runs")
        self._tasks.create_task(work)
