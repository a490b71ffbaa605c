"""How past and running calls are shown. Every field is always present, so that clients need no defaults."""

import uuid
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict

from app.callflow.transitions import Phase
from app.callflow.words import Disposition, HangUpReason, Speaker
from app.calls.models import Call, CarrierStatus, Direction, LegRole, ToolStatus
from app.calls.service import CallDetail
from app.core.phone import CallerIdentity
from app.messaging.models import MessageKind, Urgency


class _Read(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class TroubleRead(_Read):
    what: str
    code: str
    at: datetime


class CallerRead(_Read):
    """Who rang; `number` is null when none was shown, `name` empty until it is known."""

    identity: CallerIdentity
    number: str | None
    name: str


class CallRead(_Read):
    """A call in a list. Times are UTC; `cost_micro_usd` is what the engine reported, in millionths of a dollar."""

    id: uuid.UUID
    carrier_call_id: str
    caller: CallerRead
    called_number: str
    direction: Direction
    phase: Phase
    carrier_status: CarrierStatus
    disposition: Disposition | None
    hang_up_reason: HangUpReason | None
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    duration_s: int | None
    first_audio_ms: int | None
    cost_micro_usd: int
    troubles: list[TroubleRead]

    @classmethod
    def of(cls, call: Call) -> Self:
        return cls.model_validate(_with_caller(call))


class LegRead(_Read):
    carrier_leg_id: str
    role: LegRole
    number: str | None
    status: CarrierStatus
    is_bridged: bool
    started_at: datetime
    ended_at: datetime | None


class TurnRead(_Read):
    """`text` was heard, `unheard` generated beyond that; ms of audio and since the stream began."""

    ordinal: int
    speaker: Speaker
    text: str
    unheard: str
    heard_ms: int
    total_ms: int
    started_ms: int
    response_ms: int | None
    was_interrupted: bool


class ToolCallRead(_Read):
    """`arguments` and `output` are JSON texts exactly as they were exchanged with the engine."""

    tool_call_id: str
    name: str
    arguments: str
    output: str | None
    status: ToolStatus
    requested_at: datetime
    finished_at: datetime | None


class MessageRead(_Read):
    id: uuid.UUID
    kind: MessageKind
    text: str
    caller_name: str
    callback_number: str | None
    urgency: Urgency
    created_at: datetime


class CallDetailRead(CallRead):
    legs: list[LegRead]
    turns: list[TurnRead]
    tool_calls: list[ToolCallRead]
    messages: list[MessageRead]

    @classmethod
    def of_detail(cls, detail: CallDetail) -> Self:
        call = detail.call
        parts = {"legs": call.legs, "turns": call.turns, "tool_calls": call.tool_calls, "messages": detail.messages}
        return cls.model_validate(_with_caller(call) | parts)


class CallPageRead(_Read):
    calls: list[CallRead]
    next_cursor: str | None


def _with_caller(call: Call) -> dict[str, object]:
    fields = {name: getattr(call, name) for name in CallRead.model_fields if name != "caller"}
    caller = {"identity": call.caller_identity, "number": call.caller_number, "name": call.caller_name}
    return fields | {"caller": caller}
