"""The first tables: accounts, numbers, assistants, calls and messages."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.String(length=16), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_users_email_is_lower_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_table(
        "webhook_receipts",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token", "path", name=op.f("pk_webhook_receipts")),
    )
    op.create_index(op.f("ix_webhook_receipts_created_at"), "webhook_receipts", ["created_at"], unique=False)
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "role",
            sa.Enum("owner", "member", "viewer", name="role", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_api_keys_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_api_keys_account_id_name")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
    )
    op.create_table(
        "assistants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner_name", sa.Text(), nullable=False),
        sa.Column("business", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("languages", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("voice", sa.Text(), nullable=False),
        sa.Column("greeting", sa.Text(), nullable=False),
        sa.Column("instructions", sa.Text(), nullable=False),
        sa.Column("knowledge", sa.Text(), nullable=False),
        sa.Column("transfer_number", sa.String(length=16), nullable=True),
        sa.Column("booking_link", sa.Text(), nullable=False),
        sa.Column("is_recorded", sa.Boolean(), nullable=False),
        sa.Column("max_duration_s", sa.Integer(), nullable=False),
        sa.Column("silence_s", sa.Double(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_assistants_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assistants")),
        sa.UniqueConstraint("account_id", "id", name=op.f("uq_assistants_account_id_id")),
    )
    op.create_table(
        "memberships",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum("owner", "member", "viewer", name="role", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_memberships_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_memberships_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "user_id", name=op.f("pk_memberships")),
    )
    op.create_index(op.f("ix_memberships_user_id"), "memberships", ["user_id"], unique=False)
    op.create_table(
        "renderings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("voice", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("audio", sa.LargeBinary(), nullable=False),
        sa.Column("ms", sa.Double(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_renderings_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renderings")),
        sa.UniqueConstraint("account_id", "key_hash", name=op.f("uq_renderings_account_id_key_hash")),
    )
    op.create_table(
        "phone_numbers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("assistant_id", sa.Uuid(), nullable=False),
        sa.Column("carrier_number_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "assistant_id"],
            ["assistants.account_id", "assistants.id"],
            name=op.f("fk_phone_numbers_account_id_assistant_id"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_phone_numbers_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_numbers")),
        sa.UniqueConstraint("account_id", "id", name=op.f("uq_phone_numbers_account_id_id")),
        sa.UniqueConstraint("number", name=op.f("uq_phone_numbers_number")),
    )
    op.create_index(op.f("ix_phone_numbers_assistant_id"), "phone_numbers", ["assistant_id"], unique=False)
    op.create_table(
        "calls",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("carrier_call_id", sa.Text(), nullable=False),
        sa.Column("number_id", sa.Uuid(), nullable=False),
        sa.Column("assistant_id", sa.Uuid(), nullable=False),
        sa.Column(
            "direction",
            sa.Enum("inbound", "outbound", name="direction", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column(
            "caller_identity",
            sa.Enum(
                "number",
                "anonymous",
                "restricted",
                "unknown",
                name="calleridentity",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("caller_number", sa.String(length=16), nullable=True),
        sa.Column("caller_name", sa.Text(), nullable=False),
        sa.Column("called_number", sa.String(length=16), nullable=False),
        sa.Column("attestation", sa.Text(), nullable=False),
        sa.Column("forwarded_from", sa.String(length=16), nullable=True),
        sa.Column(
            "carrier_status",
            sa.Enum(
                "queued",
                "initiated",
                "ringing",
                "in-progress",
                "completed",
                "busy",
                "failed",
                "no-answer",
                "canceled",
                name="carrierstatus",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "phase",
            sa.Enum(
                "ringing",
                "greeting",
                "conversing",
                "recovering",
                "closing",
                "leaving",
                "ended",
                name="phase",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "disposition",
            sa.Enum(
                "transferred",
                "booked",
                "message_taken",
                "answered",
                "screened_out",
                "blocked",
                "abandoned",
                "failed",
                name="disposition",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column(
            "hang_up_reason",
            sa.Enum(
                "caller",
                "owner",
                "assistant",
                "silence",
                "too_long",
                "carrier",
                "error",
                name="hangupreason",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column(
            "next_step",
            sa.Enum(
                "hang_up",
                "transfer",
                "voicemail",
                name="nextstep",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("transfer_to", sa.String(length=16), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("duration_s", sa.Integer(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("first_audio_ms", sa.Integer(), nullable=True),
        sa.Column("cost_micro_usd", sa.BigInteger(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cached_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(caller_identity = 'number') = (caller_number IS NOT NULL)", name=op.f("ck_calls_caller_number_is_shown")
        ),
        sa.CheckConstraint("(disposition IS NULL) = (hang_up_reason IS NULL)", name=op.f("ck_calls_outcome_is_whole")),
        sa.ForeignKeyConstraint(
            ["account_id", "assistant_id"],
            ["assistants.account_id", "assistants.id"],
            name=op.f("fk_calls_account_id_assistant_id"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "number_id"],
            ["phone_numbers.account_id", "phone_numbers.id"],
            name=op.f("fk_calls_account_id_number_id"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_calls_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
        sa.UniqueConstraint("account_id", "id", name=op.f("uq_calls_account_id_id")),
        sa.UniqueConstraint("carrier_call_id", name=op.f("uq_calls_carrier_call_id")),
    )
    op.create_index(op.f("ix_calls_assistant_id"), "calls", ["assistant_id"], unique=False)
    op.create_index(op.f("ix_calls_number_id"), "calls", ["number_id"], unique=False)
    op.create_index(
        "ix_calls_unended_lease", "calls", ["lease_until"], unique=False, postgresql_where=sa.text("ended_at IS NULL OR disposition IS NULL")
    )
    op.create_table(
        "call_journals",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "call_id"],
            ["calls.account_id", "calls.id"],
            name=op.f("fk_call_journals_account_id_call_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("call_id", "seq", name=op.f("pk_call_journals")),
    )
    op.create_table(
        "legs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("carrier_leg_id", sa.Text(), nullable=False),
        sa.Column(
            "role",
            sa.Enum("caller", "owner", name="legrole", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("number", sa.String(length=16), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "queued",
                "initiated",
                "ringing",
                "in-progress",
                "completed",
                "busy",
                "failed",
                "no-answer",
                "canceled",
                name="carrierstatus",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("is_bridged", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id", "call_id"],
            ["calls.account_id", "calls.id"],
            name=op.f("fk_legs_account_id_call_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legs")),
        sa.UniqueConstraint("carrier_leg_id", name=op.f("uq_legs_carrier_leg_id")),
    )
    op.create_index(op.f("ix_legs_call_id"), "legs", ["call_id"], unique=False)
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("taken", "voicemail", name="messagekind", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("caller_name", sa.Text(), nullable=False),
        sa.Column("callback_number", sa.String(length=16), nullable=True),
        sa.Column(
            "urgency",
            sa.Enum("low", "normal", "urgent", name="urgency", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("tool_call_id", sa.Text(), nullable=True),
        sa.Column("carrier_recording_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "call_id"],
            ["calls.account_id", "calls.id"],
            name=op.f("fk_messages_account_id_call_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_messages_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("call_id", "carrier_recording_id", name=op.f("uq_messages_call_id_carrier_recording_id")),
        sa.UniqueConstraint("call_id", "tool_call_id", name=op.f("uq_messages_call_id_tool_call_id")),
    )
    op.create_index(op.f("ix_messages_account_id_id"), "messages", ["account_id", "id"], unique=False)
    op.create_table(
        "recordings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("carrier_recording_id", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "in-progress",
                "completed",
                "absent",
                "failed",
                name="recordingstatus",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("duration_s", sa.Integer(), nullable=True),
        sa.Column("channels", sa.Integer(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "call_id"],
            ["calls.account_id", "calls.id"],
            name=op.f("fk_recordings_account_id_call_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recordings")),
        sa.UniqueConstraint("carrier_recording_id", name=op.f("uq_recordings_carrier_recording_id")),
    )
    op.create_index(op.f("ix_recordings_call_id"), "recordings", ["call_id"], unique=False)
    op.create_table(
        "stream_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id", "call_id"],
            ["calls.account_id", "calls.id"],
            name=op.f("fk_stream_tokens_account_id_call_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_stream_tokens")),
    )
    op.create_index(op.f("ix_stream_tokens_call_id"), "stream_tokens", ["call_id"], unique=False)
    op.create_table(
        "tool_calls",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("tool_call_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("arguments", sa.Text(), nullable=False),
        sa.Column("output", sa.Text(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "requested",
                "done",
                "refused",
                "failed",
                name="toolstatus",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(status = 'requested') = (output IS NULL)", name=op.f("ck_tool_calls_output_is_settled")),
        sa.ForeignKeyConstraint(
            ["account_id", "call_id"],
            ["calls.account_id", "calls.id"],
            name=op.f("fk_tool_calls_account_id_call_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("call_id", "tool_call_id", name=op.f("pk_tool_calls")),
    )
    op.create_table(
        "troubles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "call_id"],
            ["calls.account_id", "calls.id"],
            name=op.f("fk_troubles_account_id_call_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_troubles")),
    )
    op.create_index(op.f("ix_troubles_call_id"), "troubles", ["call_id"], unique=False)
    op.create_table(
        "turns",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "speaker",
            sa.Enum("caller", "assistant", name="speaker", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("unheard", sa.Text(), nullable=False),
        sa.Column("started_ms", sa.Integer(), nullable=False),
        sa.Column("heard_ms", sa.Integer(), nullable=False),
        sa.Column("total_ms", sa.Integer(), nullable=False),
        sa.Column("response_ms", sa.Integer(), nullable=True),
        sa.Column("was_interrupted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "call_id"],
            ["calls.account_id", "calls.id"],
            name=op.f("fk_turns_account_id_call_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("call_id", "ordinal", name=op.f("pk_turns")),
    )


def downgrade() -> None:
    op.drop_table("turns")
    op.drop_index(op.f("ix_troubles_call_id"), table_name="troubles")
    op.drop_table("troubles")
    op.drop_table("tool_calls")
    op.drop_index(op.f("ix_stream_tokens_call_id"), table_name="stream_tokens")
    op.drop_table("stream_tokens")
    op.drop_index(op.f("ix_recordings_call_id"), table_name="recordings")
    op.drop_table("recordings")
    op.drop_index(op.f("ix_messages_account_id_id"), table_name="messages")
    op.drop_table("messages")
    op.drop_index(op.f("ix_legs_call_id"), table_name="legs")
    op.drop_table("legs")
    op.drop_table("call_journals")
    op.drop_index("ix_calls_unended_lease", table_name="calls", postgresql_where=sa.text("ended_at IS NULL OR disposition IS NULL"))
    op.drop_index(op.f("ix_calls_number_id"), table_name="calls")
    op.drop_index(op.f("ix_calls_assistant_id"), table_name="calls")
    op.drop_table("calls")
    op.drop_index(op.f("ix_phone_numbers_assistant_id"), table_name="phone_numbers")
    op.drop_table("phone_numbers")
    op.drop_table("renderings")
    op.drop_index(op.f("ix_memberships_user_id"), table_name="memberships")
    op.drop_table("memberships")
    op.drop_table("assistants")
    op.drop_table("api_keys")
    op.drop_index(op.f("ix_webhook_receipts_created_at"), table_name="webhook_receipts")
    op.drop_table("webhook_receipts")
    op.drop_table("users")
    op.drop_table("accounts")
