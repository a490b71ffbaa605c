"""Who may come in: accounts and their owners, API keys."""

import base64
import hashlib
import hmac
import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account, ApiKey, Membership, Role, User
from app.accounts.repository import KeyRepository, PeopleRepository
from app.core.errors import Forbidden
from app.core.ids import new_id
from app.core.phone import E164

_KEY_PREFIX = "aca_"


class KeyRefused(Forbidden):
    code = "api_key_refused"


@dataclass(frozen=True, slots=True)
class Principal:
    """On whose behalf a request is made, and what it may do."""

    account_id: uuid.UUID
    role: Role


def hash_key(key: str) -> bytes:
    """Keys hold 256 bits of chance, so a plain hash cannot be reversed by guessing."""
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()


def api_key_for(secret: str, name: str) -> str:
    """The API key called `name` under a server secret: always the same, so that it can be shown again."""
    digest = hmac.new(secret.encode(), f"api-key:{name}".encode(), hashlib.sha256).digest()
    return _KEY_PREFIX + base64.urlsafe_b64encode(digest).decode().rstrip("=")


async def authenticate_key(session: AsyncSession, key: str, now: datetime) -> Principal:
    """Whom this key speaks for. Raises KeyRefused for a key that is unknown or was revoked by `now`."""
    found = await PeopleRepository(session).key_with_hash(hash_key(key))
    if found is None or (found.revoked_at is not None and found.revoked_at <= now):
        raise KeyRefused
    return Principal(found.account_id, found.role)


async def account_of_owner(
    session: AsyncSession, *, email: str, name: str, phone: E164 | None, now: datetime
) -> Account:
    """The account this person owns; person, account and ownership are made when there is none yet."""
    people = PeopleRepository(session)
    user = await people.with_email(email.lower())
    if user is None:
        user = User(id=new_id(now), email=email.lower(), created_at=now)
        session.add(user)
    user.name, user.phone = name, phone
    await session.flush()
    account = await people.owned_by(user.id)
    if account is None:
        account = Account(id=new_id(now), name=name, created_at=now)
        session.add(account)
        await session.flush()
        session.add(Membership(account_id=account.id, user_id=user.id, role=Role.OWNER, created_at=now))
    return account


class KeyService:
    """The API keys of one account."""

    def __init__(self, session: AsyncSession, account_id: uuid.UUID) -> None:
        self._session = session
        self._account_id = account_id
        self._keys = KeyRepository(session, account_id)

    async def put(self, key: str, *, name: str, role: Role, now: datetime) -> None:
        """Let `key` in under this name; a former key of the same name no longer works."""
        found = await self._keys.named(name)
        if found is None:
            found = ApiKey(id=new_id(now), account_id=self._account_id, name=name, created_at=now)
            self._session.add(found)
        found.key_hash, found.role, found.revoked_at = hash_key(key), role, None
        await self._session.flush()

    async def revoke(self, name: str, *, now: datetime) -> None:
        """Stop the key of this name from working; no matter if there is none."""
        found = await self._keys.named(name)
        if found is not None and found.revoked_at is None:
            found.revoked_at = now
