"""The table of the numbers we answer."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.phone import E164
from app.store.model import Base, Identified, within_account


class PhoneNumber(Identified, Base):
    """A number that rings at one assistant. `carrier_number_id` is empty for numbers the carrier holds elsewhere."""

    __tablename__ = "phone_numbers"
    __table_args__ = (UniqueConstraint("account_id", "id"), within_account("assistant_id", "assistants"))

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    number: Mapped[E164] = mapped_column(unique=True)
    assistant_id: Mapped[uuid.UUID] = mapped_column(index=True)
    carrier_number_id: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
