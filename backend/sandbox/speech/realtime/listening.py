"""Takes the caller's audio and decides when it is a turn: the input audio buffer, turn detection, the idle timeout."""

import asyncio

from audiokit.duration import bytes_of_ms
from sandbox.speech.realtime.activity import Activity, SpeechBegan, SpeechDetector, milliseconds
from sandbox.speech.realtime.audio_format import Decoder, decoder
from sandbox.speech.realtime.hearing import Hearing
from sandbox.speech.realtime.ids import new_id
from sandbox.speech.realtime.input_buffer import InputBuffer
from sandbox.speech.realtime.items import HeardAudio, Message
from sandbox.speech.realtime.refusal import Refusal
from sandbox.speech.realtime.response import Response
from sandbox.speech.realtime.response_order import plain_order
from sandbox.speech.realtime.responses import Responses
from sandbox.speech.realtime.session_config import AudioInput, RealtimeConfig, ServerVad, SessionConfig
from sandbox.speech.realtime.state import SessionState

_SHORTEST_COMMIT_MS = 100
_SEMANTIC_PADDING_MS = 300


class Listening:
    def __init__(self, state: SessionState, hearing: Hearing, responses: Responses) -> None:
        self._state = state
        self._hearing = hearing
        self._responses = responses
        self._buffer = InputBuffer()
        self._detector = SpeechDetector(
            quietest_dbfs=state.settings.quietest_speech_dbfs, onset_ms=state.settings.onset_ms
        )
        self._decoder: Decoder = decoder(self._audio.format)
        self._turn_id = new_id("item")
        self._turn_begin: int | None = None
        self._idle: asyncio.Task[None] | None = None
        self._tune()

    def append(self, wire: bytes) -> None:
        """Audio in the session's input format. There is no acknowledgement."""
        audio = self._decoder.feed(wire)
        self._buffer.append(audio)
        activities = self._detector.feed(audio)
        if self._audio.turn_detection is None:
            self._detector.forget_speech()
            return
        for activity in activities:
            self._follow(activity)
        if self._turn_begin is None:
            self._buffer.keep_recent()

    def commit(self) -> None:
        """Make an item of what is in the buffer, without a response. Refused when that is less than 100 ms."""
        if self._buffer.held_ms < _SHORTEST_COMMIT_MS:
            message = (
                "Error committing input audio buffer: buffer too small. Expected at least "
                f"{_SHORTEST_COMMIT_MS}ms of audio, but buffer only has {self._buffer.held_ms:.2f}ms of audio."
            )
            raise Refusal("input_audio_buffer_commit_empty", message)
        begin = self._buffer.begin if self._turn_begin is None else self._turn_begin
        self._detector.forget_speech()
        self._take_turn(begin, self._buffer.end)

    def clear(self) -> None:
        self._buffer.forget_before(self._buffer.end)
        self._detector.forget_speech()
        self._turn_begin = None
        self._state.outbox.event("input_audio_buffer.cleared")

    def reconfigured(self, before: SessionConfig) -> None:
        """The configuration has changed; `before` is what it was."""
        old, new = before.audio.input, self._audio
        if new.format != old.format:
            self._decoder = decoder(new.format)
        if new.turn_detection != old.turn_detection:
            self._stop_idle()
            self._tune()
        if new.turn_detection is None:
            self._turn_begin = None

    def rest(self, response: Response) -> None:
        """A response of the conversation has ended: the caller may be idle from the end of its playback on."""
        self._stop_idle()
        turns = self._audio.turn_detection
        if isinstance(turns, ServerVad) and turns.idle_timeout_ms is not None and not self._detector.is_speech:
            self._idle = self._state.tasks.start(self._await_idle(response.playback_ends_at(), turns.idle_timeout_ms))

    # --- turns -----------------------------------------------------------------------------------------------------

    @property
    def _audio(self) -> AudioInput:
        return self._state.config.audio.input

    def _tune(self) -> None:
        turns = self._audio.turn_detection
        if isinstance(turns, ServerVad):
            self._detector.tune(threshold=turns.threshold, hang_over_ms=turns.silence_duration_ms)
        else:
            self._detector.tune(threshold=0.5, hang_over_ms=self._state.settings.semantic_hang_over_ms)

    def _follow(self, activity: Activity) -> None:
        if isinstance(activity, SpeechBegan):
            self._begin_turn(activity.at)
        elif self._turn_begin is not None:
            self._end_turn(self._turn_begin, activity.at)

    def _begin_turn(self, position: int) -> None:
        turns = self._audio.turn_detection
        padding_ms = turns.prefix_padding_ms if isinstance(turns, ServerVad) else _SEMANTIC_PADDING_MS
        self._stop_idle()
        self._turn_id = new_id("item")
        self._turn_begin = max(position - bytes_of_ms(padding_ms), self._buffer.begin)
        self._state.outbox.event(
            "input_audio_buffer.speech_started", audio_start_ms=milliseconds(self._turn_begin), item_id=self._turn_id
        )
        if turns is not None and turns.interrupt_response:
            self._responses.interrupt()

    def _end_turn(self, begin: int, end: int) -> None:
        self._state.outbox.event(
            "input_audio_buffer.speech_stopped", audio_end_ms=milliseconds(end), item_id=self._turn_id
        )
        self._take_turn(begin, end)
        turns = self._audio.turn_detection
        if turns is not None and turns.create_response:
            self._respond()

    def _take_turn(self, begin: int, end: int) -> None:
        """Make a user item of a piece of the buffer and have it written down."""
        state = self._state
        item = Message(self._turn_id, "user", [HeardAudio(self._buffer.take(begin, end))])
        self._turn_id, self._turn_begin = new_id("item"), None
        previous = state.conversation.append(item)
        state.outbox.event("input_audio_buffer.committed", previous_item_id=previous, item_id=item.id)
        state.outbox.event("conversation.item.added", previous_item_id=previous, item=item.wire())
        state.outbox.event("conversation.item.done", previous_item_id=previous, item=item.wire())
        self._hearing.listen(item)

    def _respond(self) -> None:
        """Answer a turn. That is refused while a response goes on that the turn did not interrupt."""
        if not isinstance(self._state.config, RealtimeConfig):
            return
        try:
            self._responses.create(plain_order(self._state))
        except Refusal as refusal:
            self._state.outbox.refuse(refusal)

    # --- silence ---------------------------------------------------------------------------------------------------

    def _stop_idle(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    async def _await_idle(self, playback_ends_at: float, timeout_ms: int) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(playback_ends_at - loop.time())
        begin = self._buffer.end
        await asyncio.sleep(timeout_ms / 1000)
        self._idle = None
        if not self._responses.is_active:
            self._time_out(max(begin, self._buffer.begin), self._buffer.end)

    def _time_out(self, begin: int, end: int) -> None:
        """Nobody spoke: the silence becomes an item and the assistant's turn."""
        self._state.outbox.event(
            "input_audio_buffer.timeout_triggered",
            audio_start_ms=milliseconds(begin),
            audio_end_ms=milliseconds(end),
            item_id=self._turn_id,
        )
        self._take_turn(begin, end)
        self._respond()
