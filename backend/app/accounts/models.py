"""Tables of the tenants: accounts, people, who may do what, keys."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.phone import E164
from app.store.model import Base, Identified


class Role(StrEnum):
    """What a person or a key may do in an account."""

    OWNER = "owner"
    MEMBER = "member"
    VIEWER = "viewer"


class Account(Identified, Base):
    """A tenant: owns numbers, assistants and calls."""

    __tablename__ = "accounts"

    name: Mapped[str]
    created_at: Mapped[datetime]


class User(Identified, Base):
    """A person who signs in. Belongs to accounts by memberships, hence no account id here."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint("email = lower(email)", name="email_is_lower_case"),)

    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="")
    phone: Mapped[E164 | None]
    created_at: Mapped[datetime]


class Membership(Base):
    __tablename__ = "memberships"

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
    role: Mapped[Role]
    created_at: Mapped[datetime]


class ApiKey(Identified, Base):
    """A key for the API. The key itself is shown once and never stored; `key_hash` is its SHA-256."""

    __tablename__ = "api_keys"
    __table_args__ = (UniqueConstraint("account_id", "name"),)

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    name: Mapped[str]
    role: Mapped[Role]
    key_hash: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
