"""Text messages: from the API to the inbox of the phone they are sent to (twilio-google.md §4.3)."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil

from sandbox.carrier.callbacks import Callbacks
from sandbox.carrier.clock import utc_now
from sandbox.carrier.sids import new_sid
from sandbox.carrier.tasks import Tasks

_STEP_S = 0.05
_COURSE = ("sending", "sent", "delivered")
_GSM_CHARACTERS, _GSM_PART = 160, 153
_OTHER_CHARACTERS, _OTHER_PART = 70, 67


@dataclass(eq=False, slots=True)
class Message:
    """One message; `status` is the vendor's word. A redacted one has an empty body."""

    sender: str
    recipient: str
    body: str
    status_callback: str = ""
    service_sid: str | None = None
    status: str = "queued"
    direction: str = "outbound-api"
    sid: str = field(default_factory=lambda: new_sid("SM"))
    created_at: datetime = field(default_factory=utc_now)
    updated_at: datetime = field(default_factory=utc_now)
    sent_at: datetime | None = None

    @property
    def segments(self) -> int:
        """How many text messages it takes: letters outside of ASCII make them shorter."""
        whole, part = (_GSM_CHARACTERS, _GSM_PART) if self.body.isascii() else (_OTHER_CHARACTERS, _OTHER_PART)
        return 1 if len(self.body) <= whole else ceil(len(self.body) / part)


class Messages:
    """Everything that was sent, newest first."""

    def __init__(self, tasks: Tasks, callbacks: Callbacks, account_sid: str) -> None:
        self._tasks = tasks
        self._callbacks = callbacks
        self._account_sid = account_sid
        self._messages: dict[str, Message] = {}

    def __iter__(self) -> Iterator[Message]:
        return iter(tuple(reversed(self._messages.values())))

    def get(self, sid: str) -> Message | None:
        return self._messages.get(sid)

    def remove(self, message: Message) -> None:
        self._messages.pop(message.sid, None)

    def send(self, message: Message) -> None:
        """Bring it to its recipient, and tell how it gets on."""
        self._messages[message.sid] = message
        self._tasks.spawn(self._deliver(message))

    async def _deliver(self, message: Message) -> None:
        for status in _COURSE:
            await asyncio.sleep(_STEP_S)
            message.status = status
            message.updated_at = utc_now()
            if status == "sent":
                message.sent_at = utc_now()
            self._tell(message)

    def _tell(self, message: Message) -> None:
        fields = {
            "AccountSid": self._account_sid,
            "ApiVersion": "2010-04-01",
            "From": message.sender,
            "To": message.recipient,
            "MessageSid": message.sid,
            "MessageStatus": message.status,
            "SmsSid": message.sid,
            "SmsStatus": message.status,
        }
        if message.service_sid is not None:
            fields["MessagingServiceSid"] = message.service_sid
        self._callbacks.tell(message.status_callback, "POST", fields)
