"""The tools an assistant may use: how they are offered, and what they really do.

A tool acts through policy, not through trust in the model: where a call may go, to which number something may be
sent and what is stored is decided here. Every request is entered into the ledger before anything is done.
"""

import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.callflow.closing import greater
from app.callflow.commands import RunTool
from app.callflow.engine import ToolSpec
from app.callflow.events import ToolFinished
from app.callflow.words import Disposition, NextStep
from app.calls.models import ToolCall, ToolStatus
from app.calls.service import CallService
from app.core.phone import E164, NotAPhoneNumber, parse_e164
from app.live.facts import CallFacts
from app.live.metrics import TOOL_CALLS
from app.messaging.models import MessageKind, Urgency
from app.messaging.service import MessageService

log = structlog.get_logger(__name__)

_Name = msgspec.Meta(max_length=200)
_Text = msgspec.Meta(min_length=1, max_length=4000)


class TakeMessage(msgspec.Struct, kw_only=True):
    text: str
    urgency: Literal["low", "normal", "urgent"] = "normal"
    caller_name: str = ""
    callback_number: str = ""


class TransferCall(msgspec.Struct, kw_only=True):
    reason: str
    caller_name: str = ""


class SendBookingLink(msgspec.Struct, kw_only=True):
    to_number: str = ""
    reason: str = ""


class HangUp(msgspec.Struct, kw_only=True):
    reason: Literal["finished", "spam", "wrong_number", "abusive", "robocall"] = "finished"


Arguments = TakeMessage | TransferCall | SendBookingLink | HangUp


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tool did: the answer for the engine, the ledger's status, and what it means for the call."""

    status: ToolStatus
    answer: dict[str, object]
    step: NextStep | None = None
    settles: Disposition | None = None


_WANTED = "finished"
"""The reason for hanging up on a caller whose concern is settled; all others screen a nuisance out."""


def settled_by(done: Iterable[ToolCall]) -> Disposition | None:
    """What the tools that were done came to, for a call whose session is not there to tell; None without any that
    decide how the call ended. A transfer that was begun is none: whether the two talked, the carrier tells.
    """
    settled: Disposition | None = None
    for tool in done:
        match tool.name:
            case "take_message":
                settled = greater(settled, Disposition.MESSAGE_TAKEN)
            case "send_booking_link":
                settled = greater(settled, Disposition.ANSWERED)
            case "hang_up" if msgspec.json.decode(tool.arguments or "{}", type=HangUp).reason != _WANTED:
                settled = greater(settled, Disposition.SCREENED_OUT)
    return settled


def _done(answer: dict[str, object], step: NextStep | None = None, settles: Disposition | None = None) -> Outcome:
    return Outcome(ToolStatus.DONE, {"ok": True, **answer}, step, settles)


def _refused(why: str) -> Outcome:
    return Outcome(ToolStatus.REFUSED, {"ok": False, "error": why})


class ToolBox:
    """The tools of one call."""

    def __init__(
        self, sessions: async_sessionmaker[AsyncSession], facts: CallFacts, utc_now: Callable[[], datetime]
    ) -> None:
        self._sessions = sessions
        self._facts = facts
        self._utc_now = utc_now
        self._tools: dict[str, tuple[type[Arguments], Callable[..., Awaitable[Outcome]]]] = {
            "take_message": (TakeMessage, self._take_message),
            "transfer_call": (TransferCall, self._transfer_call),
            "send_booking_link": (SendBookingLink, self._send_booking_link),
            "hang_up": (HangUp, self._hang_up),
        }

    async def run(self, command: RunTool) -> ToolFinished:
        """Enter the request into the ledger, do it, settle the ledger. Never raises for a failing tool."""
        try:
            async with self._sessions.begin() as session:
                calls = CallService(session, self._facts.ref.account_id)
                ids = (self._facts.ref.call_id, command.tool_call_id)
                await calls.open_tool_call(*ids, command.name, command.arguments, self._utc_now())
            async with self._sessions.begin() as session:
                outcome = await self._perform(command, session)
                answer = json.dumps(outcome.answer, ensure_ascii=False)
                calls = CallService(session, self._facts.ref.account_id)
                await calls.finish_tool_call(*ids, answer, outcome.status, self._utc_now())
        except (SQLAlchemyError, OSError) as error:
            log.warning("tool failed", tool=command.name, error=type(error).__name__)
            outcome = Outcome(ToolStatus.FAILED, {"ok": False, "error": "this is not possible at the moment"})
        TOOL_CALLS.labels(tool=command.name if command.name in self._tools else "unknown", status=outcome.status).inc()
        return ToolFinished(
            command.tool_call_id,
            json.dumps(outcome.answer, ensure_ascii=False),
            outcome.status is ToolStatus.DONE,
            outcome.step,
            outcome.settles,
        )

    async def _perform(self, command: RunTool, session: AsyncSession) -> Outcome:
        found = self._tools.get(command.name)
        if found is None:
            return _refused("there is no such tool")
        kind, perform = found
        try:
            arguments = msgspec.json.decode(command.arguments or "{}", type=kind)
        except (msgspec.ValidationError, msgspec.DecodeError):
            return _refused(
                f"the arguments of {command.name} are not valid; ask the caller again if something is missing"
            )
        return await perform(arguments, command, session)

    async def _take_message(self, message: TakeMessage, command: RunTool, session: AsyncSession) -> Outcome:
        if not message.text.strip():
            return _refused("the message is empty")
        account_id, call_id = self._facts.ref.account_id, self._facts.ref.call_id
        callback = _number(message.callback_number) or self._facts.caller
        now = self._utc_now()
        await MessageService(session, account_id).take(
            call_id,
            now=now,
            kind=MessageKind.TAKEN,
            text=message.text.strip()[:4000],
            caller_name=message.caller_name.strip()[:200],
            callback_number=callback,
            urgency=Urgency(message.urgency),
            tool_call_id=command.tool_call_id,
        )
        if message.caller_name.strip():
            await CallService(session, account_id).set_caller_name(call_id, message.caller_name.strip()[:200])
        note = "the message is stored" if callback else "the message is stored; no number to call back is known"
        return _done({"note": note}, settles=Disposition.MESSAGE_TAKEN)

    async def _transfer_call(self, transfer: TransferCall, _: RunTool, session: AsyncSession) -> Outcome:
        target = self._facts.transfer_number
        if target is None or target in (self._facts.caller, self._facts.called):
            return _refused("nobody can be reached now; offer to take a message")
        if transfer.caller_name.strip():
            calls = CallService(session, self._facts.ref.account_id)
            await calls.set_caller_name(self._facts.ref.call_id, transfer.caller_name.strip()[:200])
        return _done({"note": "the call is being connected"}, NextStep.TRANSFER, Disposition.TRANSFERRED)

    async def _send_booking_link(self, link: SendBookingLink, _: RunTool, __: AsyncSession) -> Outcome:
        if not self._facts.booking_link:
            return _refused("there is no booking page; offer to take a message")
        to = _number(link.to_number) or self._facts.caller
        if to is None:
            return _refused("no number is known to send it to; ask for one")
        # The request is in the ledger; the note keeps the assistant from claiming a delivery nobody has seen.
        answer = {"note": "the booking link is noted for sending to this number; do not say that it has arrived"}
        return _done({**answer, "to_number": to}, settles=Disposition.ANSWERED)

    async def _hang_up(self, hang_up: HangUp, _: RunTool, __: AsyncSession) -> Outcome:
        settles = None if hang_up.reason == _WANTED else Disposition.SCREENED_OUT
        return _done({"note": "the call ends after your goodbye"}, NextStep.HANG_UP, settles)


def _number(text: str) -> E164 | None:
    try:
        return parse_e164(text) if text.strip() else None
    except NotAPhoneNumber:
        return None


def _schema(properties: dict[str, object], required: list[str]) -> str:
    return json.dumps(
        {"type": "object", "additionalProperties": False, "properties": properties, "required": required},
        sort_keys=True,
    )


_STRING = {"type": "string"}
TAKE_MESSAGE = ToolSpec(
    "take_message",
    "Store a message for the owner. First ask for the caller's name and what it is about; say one short sentence like "
    "'Let me note that down' before calling. Only say that a message was taken after this tool has succeeded.",
    _schema(
        {
            "caller_name": _STRING,
            "callback_number": {**_STRING, "description": "International form, only if the caller gave another number"},
            "text": {**_STRING, "description": "What the owner should know, in the caller's words"},
            "urgency": {**_STRING, "enum": ["low", "normal", "urgent"]},
        },
        ["text", "urgency"],
    ),
)
TRANSFER_CALL = ToolSpec(
    "transfer_call",
    "Connect the caller with the owner at once. Use it for emergencies, family, and callers with a good and urgent "
    "reason to speak to the owner personally. Never for sales calls. Say that you are connecting them before calling.",
    _schema({"caller_name": _STRING, "reason": _STRING}, ["reason"]),
)
SEND_BOOKING_LINK = ToolSpec(
    "send_booking_link",
    "Have the link to the booking page sent to the caller by text, when they want an appointment.",
    _schema({"to_number": {**_STRING, "description": "Only if not the number they call from"}, "reason": _STRING}, []),
)
HANG_UP = ToolSpec(
    "hang_up",
    "End the call. Say goodbye first, then call this. Use reason 'finished' when the caller's concern is settled, "
    "'spam' for sales and fraud, 'robocall' for a recorded voice, 'wrong_number', or 'abusive'.",
    _schema(
        {"reason": {**_STRING, "enum": ["finished", "spam", "wrong_number", "abusive", "robocall"]}},
        ["reason"],
    ),
)


def tools_for(*, may_transfer: bool, may_book: bool) -> tuple[ToolSpec, ...]:
    """The tools this assistant offers; what could only fail is not offered."""
    offered = [TAKE_MESSAGE]
    if may_transfer:
        offered.append(TRANSFER_CALL)
    if may_book:
        offered.append(SEND_BOOKING_LINK)
    return (*offered, HANG_UP)
