"""Alembic's entry: through a connection handed over by the process, or by the settings from the command line.

Either way it is one transaction, which its opener commits, and one process at a time.
"""

import asyncio
from typing import Literal

from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

import app.accounts.models
import app.assistants.models
import app.calls.models
import app.messaging.models
import app.numbers.models  # noqa: F401 - all models together make the metadata whole
from alembic import context
from app.core.config import Settings
from app.store.database import make_engine, open_database
from app.store.migrations import take_turn
from app.store.model import Base, PlainText


def render_type(kind: str, item: object, _: AutogenContext) -> str | Literal[False]:
    """How a new revision names our column types: by what the database sees, so that no revision needs our code."""
    return "sa.Text()" if kind == "type" and isinstance(item, PlainText) else False


def run(connection: Connection) -> None:
    context.configure(
        connection=connection, target_metadata=Base.metadata, render_item=render_type, compare_server_default=True
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_from_settings() -> None:
    database = await open_database(Settings())
    engine = make_engine(database.url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(take_turn)
            await connection.run_sync(run)
    finally:
        await engine.dispose()
        await database.close()


given = context.config.attributes.get("connection")
if isinstance(given, Connection):
    run(given)
elif context.is_offline_mode():
    raise SystemExit("alembic --sql is not supported: which changes are needed is read from the database")
else:
    asyncio.run(run_from_settings())
