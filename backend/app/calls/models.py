"""Tables of the calls: what happened on the line, what was said, what the tools did."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.callflow.transitions import Phase
from app.callflow.words import Disposition, HangUpReason, NextStep, Speaker
from app.core.phone import E164, CallerIdentity
from app.store.model import Base, Identified, within_account


class Direction(StrEnum):
    """Seen from the carrier's customer: who placed the call."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class CarrierStatus(StrEnum):
    """What the carrier says about a leg (protocol words of Twilio's CallStatus)."""

    QUEUED = "queued"
    INITIATED = "initiated"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    FAILED = "failed"
    NO_ANSWER = "no-answer"
    CANCELED = "canceled"


class LegRole(StrEnum):
    CALLER = "caller"
    OWNER = "owner"


class ToolStatus(StrEnum):
    """Where a tool call is: asked for and unsettled, done, refused by policy, or failed."""

    REQUESTED = "requested"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class RecordingStatus(StrEnum):
    """What the carrier says about a recording (Twilio's RecordingStatus)."""

    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    ABSENT = "absent"
    FAILED = "failed"


class Call(Identified, Base):
    """One conversation attempt, from ring to end.

    `lease_until` is renewed by the process that holds the call; an unended call whose lease is over belongs to nobody
    and is reconciled with the carrier. `first_audio_ms` counts from the start of the stream.
    """

    __tablename__ = "calls"
    __table_args__ = (
        UniqueConstraint("account_id", "id"),
        within_account("number_id", "phone_numbers"),
        within_account("assistant_id", "assistants"),
        CheckConstraint("(caller_identity = 'number') = (caller_number IS NOT NULL)", name="caller_number_is_shown"),
        CheckConstraint("(disposition IS NULL) = (hang_up_reason IS NULL)", name="outcome_is_whole"),
        Index(
            "ix_calls_unended_lease", "lease_until", postgresql_where=text("ended_at IS NULL OR disposition IS NULL")
        ),
    )

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    carrier_call_id: Mapped[str] = mapped_column(unique=True)
    number_id: Mapped[uuid.UUID] = mapped_column(index=True)
    assistant_id: Mapped[uuid.UUID] = mapped_column(index=True)
    direction: Mapped[Direction]
    caller_identity: Mapped[CallerIdentity]
    caller_number: Mapped[E164 | None]
    caller_name: Mapped[str] = mapped_column(default="")
    called_number: Mapped[E164]
    attestation: Mapped[str] = mapped_column(default="")
    forwarded_from: Mapped[E164 | None]
    carrier_status: Mapped[CarrierStatus]
    phase: Mapped[Phase]
    disposition: Mapped[Disposition | None]
    hang_up_reason: Mapped[HangUpReason | None]
    next_step: Mapped[NextStep | None]
    transfer_to: Mapped[E164 | None]
    started_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    duration_s: Mapped[int | None]
    lease_until: Mapped[datetime]
    engine: Mapped[str] = mapped_column(default="")
    first_audio_ms: Mapped[int | None]
    cost_micro_usd: Mapped[int] = mapped_column(BigInteger, default=0)
    input_tokens: Mapped[int] = mapped_column(BigInteger, default=0)
    cached_tokens: Mapped[int] = mapped_column(BigInteger, default=0)
    output_tokens: Mapped[int] = mapped_column(BigInteger, default=0)

    legs: Mapped[list["Leg"]] = relationship(viewonly=True, lazy="raise", order_by="Leg.id")
    turns: Mapped[list["CallTurn"]] = relationship(viewonly=True, lazy="raise", order_by="CallTurn.ordinal")
    tool_calls: Mapped[list["ToolCall"]] = relationship(
        viewonly=True, lazy="raise", order_by="ToolCall.requested_at, ToolCall.tool_call_id"
    )
    troubles: Mapped[list["Trouble"]] = relationship(viewonly=True, lazy="raise", order_by="Trouble.id")


class Leg(Identified, Base):
    """One carrier connection of a call."""

    __tablename__ = "legs"
    __table_args__ = (within_account("call_id", "calls", ondelete="CASCADE"),)

    account_id: Mapped[uuid.UUID]
    call_id: Mapped[uuid.UUID] = mapped_column(index=True)
    carrier_leg_id: Mapped[str] = mapped_column(unique=True)
    role: Mapped[LegRole]
    number: Mapped[E164 | None]
    status: Mapped[CarrierStatus]
    is_bridged: Mapped[bool] = mapped_column(default=False)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class CallTurn(Base):
    """A stored turn; the columns are those of `app.callflow.words.Turn`."""

    __tablename__ = "turns"
    __table_args__ = (within_account("call_id", "calls", ondelete="CASCADE"),)

    account_id: Mapped[uuid.UUID]
    call_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    speaker: Mapped[Speaker]
    text: Mapped[str]
    unheard: Mapped[str]
    started_ms: Mapped[int]
    heard_ms: Mapped[int]
    total_ms: Mapped[int]
    response_ms: Mapped[int | None]
    was_interrupted: Mapped[bool]


class ToolCall(Base):
    """What the engine asked for and what became of it; JSON texts exactly as they were exchanged."""

    __tablename__ = "tool_calls"
    __table_args__ = (
        within_account("call_id", "calls", ondelete="CASCADE"),
        CheckConstraint("(status = 'requested') = (output IS NULL)", name="output_is_settled"),
    )

    account_id: Mapped[uuid.UUID]
    call_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    tool_call_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    arguments: Mapped[str]
    output: Mapped[str | None]
    status: Mapped[ToolStatus]
    requested_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Trouble(Identified, Base):
    """Something that failed in a call and that the owner should see beside it."""

    __tablename__ = "troubles"
    __table_args__ = (within_account("call_id", "calls", ondelete="CASCADE"),)

    account_id: Mapped[uuid.UUID]
    call_id: Mapped[uuid.UUID] = mapped_column(index=True)
    what: Mapped[str]
    code: Mapped[str]
    at: Mapped[datetime]


class Recording(Identified, Base):
    """A recording as the carrier holds it."""

    __tablename__ = "recordings"
    __table_args__ = (within_account("call_id", "calls", ondelete="CASCADE"),)

    account_id: Mapped[uuid.UUID]
    call_id: Mapped[uuid.UUID] = mapped_column(index=True)
    carrier_recording_id: Mapped[str] = mapped_column(unique=True)
    status: Mapped[RecordingStatus]
    duration_s: Mapped[int | None]
    channels: Mapped[int | None]
    url: Mapped[str]
    created_at: Mapped[datetime]


class StreamToken(Base):
    """Lets one stream open for one call, once. Only the SHA-256 of the token is stored."""

    __tablename__ = "stream_tokens"
    __table_args__ = (within_account("call_id", "calls", ondelete="CASCADE"),)

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[uuid.UUID]
    call_id: Mapped[uuid.UUID] = mapped_column(index=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class JournalPage(Base):
    """Consecutive lines of a call's journal: every event of the session as JSON lines, for replay."""

    __tablename__ = "call_journals"
    __table_args__ = (within_account("call_id", "calls", ondelete="CASCADE"),)

    account_id: Mapped[uuid.UUID]
    call_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    lines: Mapped[str]


class WebhookReceipt(Base):
    """What was answered to a carrier's webhook, so that a repetition gets the same answer.

    Written before any account is known, hence without one.
    """

    __tablename__ = "webhook_receipts"

    token: Mapped[str] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(index=True)
