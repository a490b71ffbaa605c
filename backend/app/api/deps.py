"""What a route may ask for."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.service import KeyRefused, Principal, authenticate_key
from app.api.errors import NotSignedIn
from app.calls.service import CallService
from app.core.clock import utc_now


def get_now() -> datetime:
    return utc_now()


Now = Annotated[datetime, Depends(get_now)]


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    """One request, one transaction: committed before the response leaves, or not at all."""
    async with request.app.state.database.sessions.begin() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]


async def get_principal(request: Request, session: SessionDep, now: Now) -> Principal:
    """On whose behalf the request is made. Raises NotSignedIn."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise NotSignedIn
    try:
        return await authenticate_key(session, key.strip(), now)
    except KeyRefused:
        raise NotSignedIn from None


PrincipalDep = Annotated[Principal, Depends(get_principal)]


def get_calls(session: SessionDep, principal: PrincipalDep) -> CallService:
    return CallService(session, principal.account_id)


Calls = Annotated[CallService, Depends(get_calls)]
