"""The table of messages left for the owner."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.phone import E164
from app.store.model import Base, Identified, within_account


class MessageKind(StrEnum):
    TAKEN = "taken"
    """The assistant wrote it down."""
    VOICEMAIL = "voicemail"
    """The caller recorded it."""


class Urgency(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    URGENT = "urgent"


class Message(Identified, Base):
    """What a caller wants the owner to know. Tool call and recording each give at most one message."""

    __tablename__ = "messages"
    __table_args__ = (
        within_account("call_id", "calls", ondelete="CASCADE"),
        UniqueConstraint("call_id", "tool_call_id"),
        UniqueConstraint("call_id", "carrier_recording_id"),
        Index(None, "account_id", "id"),
    )

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    call_id: Mapped[uuid.UUID]
    kind: Mapped[MessageKind]
    text: Mapped[str]
    caller_name: Mapped[str]
    callback_number: Mapped[E164 | None]
    urgency: Mapped[Urgency]
    tool_call_id: Mapped[str | None]
    carrier_recording_id: Mapped[str | None]
    created_at: Mapped[datetime]
