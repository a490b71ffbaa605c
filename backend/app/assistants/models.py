"""Tables of the assistants and of the sentences rendered in their voices."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.core.phone import E164
from app.store.model import Base, Identified, PlainText


class Assistant(Identified, Base):
    """Who answers the phone, for whom, and what it knows.

    `language` and `languages` are BCP 47 tags: the one it greets in, and all it may speak. `greeting` empty means the
    standard greeting. `knowledge` holds facts it may tell, `instructions` how the owner wants it to behave.
    """

    __tablename__ = "assistants"
    __table_args__ = (UniqueConstraint("account_id", "id"),)

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    name: Mapped[str]
    owner_name: Mapped[str]
    business: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="en")
    languages: Mapped[list[str]] = mapped_column(ARRAY(PlainText()), default=lambda: ["en"])
    time_zone: Mapped[str] = mapped_column(default="UTC")
    voice: Mapped[str]
    greeting: Mapped[str] = mapped_column(default="")
    instructions: Mapped[str] = mapped_column(default="")
    knowledge: Mapped[str] = mapped_column(default="")
    transfer_number: Mapped[E164 | None]
    booking_link: Mapped[str] = mapped_column(default="")
    is_recorded: Mapped[bool] = mapped_column(default=False)
    max_duration_s: Mapped[int] = mapped_column(default=900)
    silence_s: Mapped[float] = mapped_column(default=8.0)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Rendering(Identified, Base):
    """A sentence spoken once by a voice: `audio` is G.711 mu-law at 8 kHz, `ms` how long it sounds.

    `key_hash` stands for (text, voice, language), which would be too long for an index.
    """

    __tablename__ = "renderings"
    __table_args__ = (UniqueConstraint("account_id", "key_hash"),)

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    key_hash: Mapped[bytes]
    text: Mapped[str]
    voice: Mapped[str]
    language: Mapped[str]
    audio: Mapped[bytes]
    ms: Mapped[float]
    created_at: Mapped[datetime]
