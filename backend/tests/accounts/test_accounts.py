"""Owners, their accounts, and the keys to them."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import ApiKey, Role
from app.accounts.service import KeyRefused, KeyService, Principal, account_of_owner, api_key_for, authenticate_key
from app.core.phone import E164
from tests.factories.lines import NOW


class TestAccountOfOwner:
    async def test_is_made_once(self, session: AsyncSession) -> None:
        first = await account_of_owner(session, email="Robin@Example.com", name="Robin", phone=None, now=NOW)
        again = await account_of_owner(
            session, email="robin@example.com", name="Robin M.", phone=E164("+15550002222"), now=NOW
        )

        assert again.id == first.id

    async def test_is_another_for_another_person(self, session: AsyncSession) -> None:
        robin = await account_of_owner(session, email="robin@example.com", name="Robin", phone=None, now=NOW)
        kim = await account_of_owner(session, email="kim@example.com", name="Kim", phone=None, now=NOW)

        assert robin.id != kim.id


class TestApiKeyFor:
    def test_is_always_the_same(self) -> None:
        assert api_key_for("secret", "demo") == api_key_for("secret", "demo")

    def test_depends_on_secret_and_name(self) -> None:
        assert len({api_key_for(secret, name) for secret in ("a", "b") for name in ("demo", "other")}) == 4

    def test_is_long_and_safe_in_a_header(self) -> None:
        key = api_key_for("secret", "demo")

        assert key.isascii()
        assert len(key) > 40
        assert not set(key) & set(" ,;\"'\r\n")


class TestKeys:
    async def test_let_in_on_behalf_of_their_account(self, session: AsyncSession) -> None:
        account = await account_of_owner(session, email="robin@example.com", name="Robin", phone=None, now=NOW)
        await KeyService(session, account.id).put("aca_key", name="demo", role=Role.VIEWER, now=NOW)

        assert await authenticate_key(session, "aca_key", NOW) == Principal(account.id, Role.VIEWER)

    @pytest.mark.parametrize("key", ["", "aca_other", "\0", "\ud800", "x" * 10_000])
    async def test_nobody_knows_are_refused(self, session: AsyncSession, key: str) -> None:
        with pytest.raises(KeyRefused):
            await authenticate_key(session, key, NOW)

    async def test_of_one_name_replace_each_other(self, session: AsyncSession) -> None:
        account = await account_of_owner(session, email="robin@example.com", name="Robin", phone=None, now=NOW)
        keys = KeyService(session, account.id)
        await keys.put("old", name="demo", role=Role.OWNER, now=NOW)
        await keys.put("new", name="demo", role=Role.OWNER, now=NOW)

        assert (await authenticate_key(session, "new", NOW)).account_id == account.id
        with pytest.raises(KeyRefused):
            await authenticate_key(session, "old", NOW)

    async def test_no_longer_work_once_revoked(self, session: AsyncSession) -> None:
        account = await account_of_owner(session, email="robin@example.com", name="Robin", phone=None, now=NOW)
        keys = KeyService(session, account.id)
        await keys.put("key", name="demo", role=Role.OWNER, now=NOW)
        await keys.revoke("demo", now=NOW + timedelta(hours=1))
        await keys.revoke("never made", now=NOW)

        assert await authenticate_key(session, "key", NOW)
        with pytest.raises(KeyRefused):
            await authenticate_key(session, "key", NOW + timedelta(hours=1))

    async def test_are_not_stored(self, session: AsyncSession) -> None:
        account = await account_of_owner(session, email="robin@example.com", name="Robin", phone=None, now=NOW)
        await KeyService(session, account.id).put("aca_key", name="demo", role=Role.OWNER, now=NOW)

        (stored,) = (await session.scalars(select(ApiKey))).all()

        assert b"aca_key" not in stored.key_hash
        assert len(stored.key_hash) == 32
