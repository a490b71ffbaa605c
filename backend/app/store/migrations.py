"""Running Alembic inside the process, one process at a time."""

from pathlib import Path

from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from alembic import command

_BACKEND = Path(__file__).parents[2]
_LOCK = 0x43414C4C
"""Key of the advisory lock: "CALL"."""
_WAIT = "60s"


def configuration() -> Config:
    """Alembic's configuration as `alembic` on the command line sees it."""
    return Config(str(_BACKEND / "alembic.ini"))


def take_turn(connection: Connection) -> None:
    """Wait until no other process migrates; our turn ends with the transaction, even if this process dies.

    A change of a table that others keep busy for longer than a minute fails too, instead of holding up every call.
    """
    connection.execute(text(f"SET LOCAL lock_timeout = '{_WAIT}'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


async def upgrade(engine: AsyncEngine, revision: str = "head") -> None:
    """Upgrade in one transaction, then dispose of the engine. What another process did meanwhile is not done again."""
    try:
        async with engine.begin() as connection:
            # Before Alembic is entered: what it knows of its run is global to the process.
            await connection.run_sync(take_turn)
            await connection.run_sync(_upgrade, revision)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, revision: str) -> None:
    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
