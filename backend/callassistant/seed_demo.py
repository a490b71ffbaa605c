"""`callassistant seed-demo`: an account with an assistant at a number, to try everything with; prints it as JSON."""

import argparse
import asyncio
import contextlib
import json
import os
import sys

from sqlalchemy.exc import SQLAlchemyError

from app.accounts.models import Role
from app.accounts.service import KeyService, account_of_owner, api_key_for
from app.assistants.service import AssistantService
from app.core.clock import utc_now
from app.core.config import Settings, is_set
from app.core.errors import DomainError
from app.core.ids import new_token
from app.core.logging import configure_logging
from app.core.phone import E164, parse_e164
from app.numbers.service import NumberService
from app.store.database import Database, open_database

KNOWLEDGE = """\
Opening hours: Monday to Friday from 9 am to 5 pm, Saturday from 9 am to noon, closed on Sunday.
Address: 12 Garden Street, Springfield. Parking is behind the house.
Services: check-ups, cleaning, fillings, Invisalign. New patients are welcome.
A check-up costs 90 dollars. Cancel at least 24 hours before the appointment."""


async def seed(settings: Settings, *, number: E164, owner_phone: E164, email: str) -> dict[str, str]:
    """Make what is missing; told again, the same. Raises NumberTaken when another account has the number."""
    database: Database = await open_database(settings)
    now = utc_now()
    key = api_key_for(key_secret(settings), f"demo:{email}")
    try:
        await database.upgrade()
        async with database.sessions.begin() as session:
            account = await account_of_owner(session, email=email, name="Robin Miller", phone=owner_phone, now=now)
            assistant = await AssistantService(session, account.id).named("Ava", now=now)
            assistant.owner_name = "Robin Miller"
            assistant.business = "Miller Dental"
            assistant.language = "en"
            assistant.languages = ["en", "de"]
            assistant.time_zone = "America/New_York"
            assistant.voice = "marin"
            assistant.knowledge = KNOWLEDGE
            assistant.transfer_number = owner_phone
            assistant.booking_link = f"{settings.base_url}/b/demo"
            assistant.is_recorded = True
            await session.flush()
            lines = NumberService(session)
            await lines.assign(number, account_id=account.id, assistant_id=assistant.id, now=now)
            await KeyService(session, account.id).put(key, name="demo", role=Role.VIEWER, now=now)
    finally:
        await database.close()
    return {
        "account_id": str(account.id),
        "number": number,
        "assistant_id": str(assistant.id),
        "assistant": assistant.name,
        "owner_phone": owner_phone,
        "email": email,
        "api_key": key,
    }


def key_secret(settings: Settings) -> str:
    """What the demo's key is derived from: JWT_SECRET_KEY, else a secret made once and kept in DATA_DIR.

    Without either, everybody could derive the key.
    """
    told = settings.jwt_secret_key.get_secret_value()
    if is_set(told):
        return told
    kept = settings.data_dir / "demo-secret"
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError), open(kept, "x", opener=_for_us_only) as file:
        file.write(new_token())
    return kept.read_text()


def _for_us_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="callassistant seed-demo", description=__doc__)
    parser.add_argument("--number", default="+15550001111", help="the assistant's number (default %(default)s)")
    parser.add_argument("--owner-phone", default="+15550002222", help="the owner's own phone (default %(default)s)")
    parser.add_argument("--email", default="demo@example.com", help="the owner's address (default %(default)s)")
    arguments = parser.parse_args(argv)
    settings = Settings()
    configure_logging(settings)
    try:
        made = asyncio.run(
            seed(
                settings,
                number=parse_e164(arguments.number),
                owner_phone=parse_e164(arguments.owner_phone),
                email=arguments.email,
            )
        )
    except DomainError as error:
        print(f"callassistant seed-demo: {error.code}: {error}", file=sys.stderr)
        return 1
    except (SQLAlchemyError, OSError) as error:
        print(f"callassistant seed-demo: the database does not answer ({type(error).__name__})", file=sys.stderr)
        return 1
    print(json.dumps(made, indent=2))
    return 0
