"""One Realtime session: what each event of the client does."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import assert_never

from sandbox.speech.realtime.audio_format import from_base64
from sandbox.speech.realtime.client_events import APPEND, ClientEvent, check_event, read_head, read_object
from sandbox.speech.realtime.faults import DropSocket, ExpireSession, RejectUpdate, SendError, TimedFault
from sandbox.speech.realtime.hearing import Hearing
from sandbox.speech.realtime.item_reading import read_item
from sandbox.speech.realtime.items import Wire
from sandbox.speech.realtime.listening import Listening
from sandbox.speech.realtime.refusal import Refusal, invalid_event, invalid_value
from sandbox.speech.realtime.response import Response
from sandbox.speech.realtime.response_order import read_order
from sandbox.speech.realtime.responses import Responses
from sandbox.speech.realtime.session_config import updated, wire
from sandbox.speech.realtime.state import SessionState

_LONGEST_APPEND = 15 * 1024 * 1024
"""Bytes of audio in one event."""

_GOING_AWAY = 1001


class Session:
    """Answers through the outbox of its state; never waits."""

    def __init__(self, state: SessionState) -> None:
        self._state = state
        self._hearing = Hearing(state)
        self._responses = Responses(state, self._hearing, self._rest)
        self._listening = Listening(state, self._hearing, self._responses)
        self.received: Counter[str] = Counter()

    @property
    def hears(self) -> bool:
        """Whether audio of a caller has come."""
        return self.received[APPEND] > 0

    def begin(self) -> None:
        state = self._state
        state.outbox.event("session.created", session=wire(state.config))
        state.tasks.start(self._expire(state.config.expires_at - state.clock()))
        for fault in state.faults.take_timed():
            self.suffer(fault)

    def suffer(self, fault: TimedFault) -> None:
        """Let a scripted fault strike when its time has come."""
        self._state.tasks.start(self._suffer(fault))

    def handle(self, frame: str) -> None:
        """Follow an event of the client or answer why not."""
        head = read_head(frame)
        try:
            if head is not None and head.type == APPEND and head.audio is not None:
                self.received[APPEND] += 1
                self._append(head.audio)
            else:
                self._follow(read_object(frame))
        except Refusal as refusal:
            self._state.outbox.refuse(refusal, head.event_id if head is not None else None)

    def refuse_binary(self) -> None:
        self._state.outbox.refuse(invalid_event("Events are sent as text; binary frames are not supported."))

    def snapshot(self) -> Wire:
        """The session for people who look for errors: configuration, items, and what came and went."""
        state = self._state
        return {
            "session": wire(state.config),
            "conversation": [{**item.wire(), "understood": item.understood()} for item in state.conversation],
            "received": dict(self.received),
            "sent": dict(state.outbox.sent),
        }

    # --- events ----------------------------------------------------------------------------------------------------

    def _follow(self, event: ClientEvent) -> None:
        check_event(event)
        self.received[event["type"]] += 1
        handlers: dict[str, Callable[[ClientEvent], None]] = {
            "session.update": self._update,
            "input_audio_buffer.commit": lambda _: self._listening.commit(),
            "input_audio_buffer.clear": lambda _: self._listening.clear(),
            "output_audio_buffer.clear": self._clear_output,
            "conversation.item.create": self._create_item,
            "conversation.item.retrieve": self._retrieve_item,
            "conversation.item.truncate": self._truncate_item,
            "conversation.item.delete": self._delete_item,
            "response.create": self._create_response,
            "response.cancel": lambda wish: self._responses.cancel(wish.get("response_id")),
        }
        handlers[event["type"]](event)

    def _append(self, audio: str) -> None:
        if len(audio) > _LONGEST_APPEND * 4 // 3 + 4:
            raise invalid_value("audio", "Invalid 'audio': an event may hold at most 15 MiB of audio.")
        self._listening.append(from_base64(audio, "audio"))

    def _update(self, event: ClientEvent) -> None:
        state = self._state
        rejection = state.faults.take(RejectUpdate)
        if rejection is not None:
            raise Refusal(rejection.code, rejection.message, rejection.param)
        before = state.config
        state.config = updated(before, event["session"], has_spoken=state.has_spoken)
        self._listening.reconfigured(before)
        state.outbox.event("session.updated", session=wire(state.config))

    def _clear_output(self, event: ClientEvent) -> None:
        raise invalid_event("output_audio_buffer.clear is for WebRTC and SIP connections only.")

    def _create_item(self, event: ClientEvent) -> None:
        state = self._state
        item = read_item(event["item"], form=state.config.audio.input.format, path="item")
        previous = state.conversation.insert(item, after=event.get("previous_item_id"))
        self._hearing.listen(item)
        state.outbox.event("conversation.item.added", previous_item_id=previous, item=item.wire())
        state.outbox.event("conversation.item.done", previous_item_id=previous, item=item.wire())

    def _retrieve_item(self, event: ClientEvent) -> None:
        item = self._state.conversation.retrieve(event["item_id"])
        wire = item.wire(self._state.config.audio.input.format)
        self._state.outbox.event("conversation.item.retrieved", item=wire)

    def _truncate_item(self, event: ClientEvent) -> None:
        item_id, end_ms = event["item_id"], event["audio_end_ms"]
        self._state.conversation.truncate(item_id, end_ms=end_ms)
        self._state.outbox.event(
            "conversation.item.truncated", item_id=item_id, content_index=event["content_index"], audio_end_ms=end_ms
        )

    def _delete_item(self, event: ClientEvent) -> None:
        self._state.conversation.delete(event["item_id"])
        self._state.outbox.event("conversation.item.deleted", item_id=event["item_id"])

    def _create_response(self, event: ClientEvent) -> None:
        self._responses.create(read_order(event.get("response") or {}, self._state))

    def _rest(self, response: Response) -> None:
        self._listening.rest(response)

    # --- time ------------------------------------------------------------------------------------------------------

    async def _expire(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        minutes = round(self._state.settings.session_s / 60)
        message = f"Your session hit the maximum duration of {minutes} minutes."
        self._state.outbox.refuse(Refusal("session_expired", message))
        self._state.outbox.close(_GOING_AWAY, message)

    async def _suffer(self, fault: TimedFault) -> None:
        match fault:
            case ExpireSession():
                await self._expire(fault.after_s)
            case SendError():
                await asyncio.sleep(fault.after_s)
                self._state.outbox.refuse(Refusal(fault.code, fault.message, kind=fault.type))
            case DropSocket():
                await asyncio.sleep(fault.after_s or 0)
                self._state.outbox.close(fault.code, "The connection was dropped.")
            case _:
                assert_never(fault)
