"""`callassistant migrate`: bring the database schema up to date."""

import argparse
import asyncio
import sys

from sqlalchemy.exc import SQLAlchemyError

from app.core.config import Settings
from app.core.errors import DomainError
from app.core.logging import configure_logging
from app.store.database import open_database


async def migrate(settings: Settings) -> None:
    database = await open_database(settings)
    try:
        await database.upgrade()
    finally:
        await database.close()


def main(argv: list[str]) -> int:
    argparse.ArgumentParser(prog="callassistant migrate", description=__doc__).parse_args(argv)
    settings = Settings()
    configure_logging(settings)
    try:
        asyncio.run(migrate(settings))
    except DomainError as error:
        print(f"callassistant migrate: {error.code}: {error}", file=sys.stderr)
        return 1
    except (SQLAlchemyError, OSError) as error:
        print(f"callassistant migrate: the database does not answer ({type(error).__name__})", file=sys.stderr)
        return 1
    print("the database is up to date", file=sys.stderr)
    return 0
