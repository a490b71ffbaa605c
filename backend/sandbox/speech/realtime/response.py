"""One response of the assistant, from `response.created` to `response.done`."""

import asyncio
from collections.abc import Callable
from typing import Literal, TypeAlias

import structlog

from sandbox.speech.parts import Action
from sandbox.speech.realtime.faults import DropSocket, FailResponse, IncompleteResponse, SlowResponse, StaleAudio
from sandbox.speech.realtime.hearing import Hearing
from sandbox.speech.realtime.ids import new_id
from sandbox.speech.realtime.items import Message, OutputItem, Status, Wire
from sandbox.speech.realtime.performance import Performance, Stage, perform
from sandbox.speech.realtime.response_order import ResponseOrder
from sandbox.speech.realtime.state import SessionState
from sandbox.speech.realtime.usage import Output, Segment, usage

log = structlog.get_logger()

CancelReason: TypeAlias = Literal["turn_detected", "client_cancelled"]
ResponseStatus: TypeAlias = Literal["in_progress", "completed", "cancelled", "failed", "incomplete"]

_NEVER = 1 << 30


class _Failed(Exception):
    def __init__(self, error: Wire) -> None:
        super().__init__("response failed")
        self.error = error


class _Incomplete(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Response:
    """Begins with `begin`; ends by itself or by `cancel`, and then tells `on_end`."""

    def __init__(
        self, state: SessionState, order: ResponseOrder, hearing: Hearing, on_end: Callable[["Response"], None]
    ) -> None:
        self.id = new_id("resp")
        self.order = order
        self._state = state
        self._hearing = hearing
        self._on_end = on_end
        self._status: ResponseStatus = "in_progress"
        self._details: Wire | None = None
        self._items: list[OutputItem] = []
        self._current: Performance | None = None
        self._output = Output()
        self._prompt: tuple[Segment, ...] | None = None
        self._usage: Wire | None = None
        self._deltas = 0
        self._first_delta_at: float | None = None
        self._mishap: FailResponse | IncompleteResponse | DropSocket | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        state = self._state
        self._mishap = (
            state.faults.take(FailResponse)
            or state.faults.take(IncompleteResponse)
            or state.faults.take_drop(on_response=True)
        )
        state.rate_limits.spend(now=state.clock(), requests=1)
        state.outbox.event("response.created", response=self.wire())
        state.outbox.tell_rate_limits()
        self._task = state.tasks.start(self._run())

    def cancel(self, reason: CancelReason) -> None:
        """End at once; what has been generated stays in the conversation as an incomplete item."""
        if self._task is not None:
            self._task.cancel()
        stale = self._state.faults.take(StaleAudio) if reason == "turn_detected" else None
        if stale and self._current is not None:
            self._current.spill(stale.deltas)
        self._end("cancelled", {"type": "cancelled", "reason": reason})

    def playback_ends_at(self) -> float:
        """When a client that plays the audio as it comes has played it, on the clock of the event loop."""
        messages = (item for item in self._items if isinstance(item, Message))
        ms = sum(spoken.ms for message in messages if (spoken := message.spoken_audio()) is not None)
        now = asyncio.get_running_loop().time()
        return now if self._first_delta_at is None else max(self._first_delta_at + ms / 1000, now)

    def wire(self) -> Wire:
        order = self.order
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": self._status,
            "status_details": self._details,
            "output": [item.wire() for item in self._items],
            "conversation_id": self._state.conversation.id if order.is_in_conversation else None,
            "output_modalities": order.modalities,
            "max_output_tokens": order.max_output_tokens,
            "audio": {"output": {"format": order.form, "voice": order.voice}},
            "usage": self._usage,
            "metadata": order.metadata,
        }

    # --- generating ------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            await self._generate()
        except _Failed as failure:
            self._end("failed", {"type": "failed", "error": failure.error})
        except _Incomplete as end:
            self._end("incomplete", {"type": "incomplete", "reason": end.reason})
        except Exception as error:  # noqa: BLE001 - whatever goes wrong in the brain or the voice fails the response only
            log.warning("a response failed", error=type(error).__name__)
            self._end("failed", {"type": "failed", "error": _SERVER_ERROR})
        else:
            self._end("completed", None)

    async def _generate(self) -> None:
        actions = await self._decide()
        self._suffer()
        for index, action in enumerate(actions):
            stage = Stage(self._state, self.order, self.id, index, self._count_delta)
            performance = perform(stage, action)
            async with asyncio.timeout(self._state.settings.part_timeout_s):
                is_all = await performance.prepare(self._budget())
            self._announce(performance)
            await performance.play()
            if not is_all:
                raise _Incomplete("max_output_tokens")
            self._close_item("completed")
        self._deltas = _NEVER
        self._suffer()

    async def _decide(self) -> list[Action]:
        """Ask the brain, once everything the caller said has been written down."""
        state, order = self._state, self.order
        slow = state.faults.take(SlowResponse)
        await asyncio.sleep(state.settings.thinking_s + (slow.delay_s if slow else 0))
        items = tuple(state.conversation) if order.context is None else order.context
        await self._hearing.understand(items)
        self._prompt = order.prompt(items)
        async with asyncio.timeout(state.settings.part_timeout_s):
            return await state.parts.brain.respond(order.situation(items))

    def _budget(self) -> int | None:
        limit = self.order.token_limit
        return None if limit is None else limit - self._output.tokens

    def _count_delta(self) -> None:
        self._deltas += 1
        if self._first_delta_at is None:
            self._first_delta_at = asyncio.get_running_loop().time()
        self._suffer()

    def _suffer(self) -> None:
        """Let the scripted mishap happen when its time has come."""
        mishap = self._mishap
        if mishap is None or self._deltas < mishap.after_deltas:
            return
        self._mishap = None
        match mishap:
            case FailResponse():
                raise _Failed({"type": mishap.type, "code": mishap.code, "message": mishap.message})
            case IncompleteResponse():
                raise _Incomplete(mishap.reason)
            case DropSocket():
                self._state.outbox.close(mishap.code, "The connection was dropped.")

    # --- items -----------------------------------------------------------------------------------------------------

    def _announce(self, performance: Performance) -> None:
        item = performance.item
        self._current = performance
        self._items.append(item)
        self._item_event("response.output_item.added", item)
        if self.order.is_in_conversation:
            previous = self._state.conversation.append(item)
            self._state.outbox.event("conversation.item.added", previous_item_id=previous, item=item.wire())
        performance.begin()

    def _close_item(self, status: Status) -> None:
        performance, self._current = self._current, None
        if performance is None:
            return
        item = performance.item
        performance.finish()
        item.status = status
        self._output += performance.output
        self._item_event("response.output_item.done", item)
        if self.order.is_in_conversation:
            previous = self._state.conversation.before(item.id)
            self._state.outbox.event("conversation.item.done", previous_item_id=previous, item=item.wire())

    def _item_event(self, name: str, item: OutputItem) -> None:
        members: Wire = {"response_id": self.id, "output_index": self._items.index(item), "item": item.wire()}
        self._state.outbox.event(name, **members)

    # --- ending ----------------------------------------------------------------------------------------------------

    def _end(self, status: ResponseStatus, details: Wire | None) -> None:
        self._close_item("incomplete")
        self._status, self._details = status, details
        if status != "failed":
            self._usage = self._count()
        self._state.outbox.event("response.done", response=self.wire())
        self._on_end(self)

    def _count(self) -> Wire:
        """What this response used. It was cancelled before it began to think when it has no prompt."""
        state = self._state
        counted = usage(self._prompt or (), state.last_prompt, self._output)
        if self._prompt is not None:
            state.last_prompt = self._prompt
        state.rate_limits.spend(
            now=state.clock(), tokens=self._output.tokens + sum(piece.tokens for piece in self._prompt or ())
        )
        return counted


_SERVER_ERROR: Wire = {
    "type": "server_error",
    "code": "server_error",
    "message": "The server had an error while processing your request.",
}
