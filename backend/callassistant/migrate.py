"""`callassistant migrate`: bring the database schema up to date."""

import argparse
import asyncio
import sys

from app.core.config import Settings
from app.core.logging import configure_logging
from app.store.database import Database, open_database


async def migrate(settings: Settings) -> None:
    database: Database = await open_database(settings)
    try:
        await database.upgrade()
    finally:
        await database.close()


def main(argv: list[str]) -> int:
    argparse.ArgumentParser(prog="callassistant migrate", description=__doc__).parse_args(argv)
    settings = Settings()
    configure_logging(settings)
    asyncio.run(migrate(settings))
    print("the database is up to date", file=sys.stderr)
    return 0
