"""What every table has in common: names of constraints, column types, the account a row belongs to."""

import re
import uuid
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import DateTime, Dialect, Enum, ForeignKeyConstraint, Integer, LargeBinary, MetaData, String, Text, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from app.core.phone import E164

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class PlainText(TypeDecorator[str]):
    """Text of any length. What PostgreSQL cannot store (NUL, half a surrogate pair) becomes U+FFFD.

    Transcripts and tool arguments come from outside; one bad character must not lose the rest.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", value)


def _values(words: type[StrEnum]) -> list[str]:
    return [word.value for word in words]


class Base(DeclarativeBase):
    """Enums are stored as their words with a CHECK, instants with a time zone, text without a length limit."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        str: PlainText(),
        E164: String(16),
        bytes: LargeBinary(),
        int: Integer(),
        datetime: DateTime(timezone=True),
        uuid.UUID: Uuid(),
        StrEnum: Enum(StrEnum, native_enum=False, create_constraint=True, length=24, values_callable=_values),
    }


class Identified:
    """Rows with an id of their own: a UUIDv7 made by `app.core.ids.new_id`, never by the database."""

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, sort_order=-1)


def within_account(column: str, parent: str, *, ondelete: str | None = None) -> ForeignKeyConstraint:
    """A reference to `parent` that cannot leave the row's own account."""
    return ForeignKeyConstraint(["account_id", column], [f"{parent}.account_id", f"{parent}.id"], ondelete=ondelete)
