"""What a call has left in the database, waited for."""

import asyncio
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from app.calls.models import Call
from app.calls.service import CallDetail, CallService, CarrierCalls
from app.store.database import Database
from tests.faults.stream_end import PATIENCE_S

_LOOK_AGAIN_S = 0.05


async def stored(
    database: Database, call_sid: str, holds: Callable[[Call], bool] = lambda _: True, timeout_s: float = PATIENCE_S
) -> CallDetail:
    """The call as it is stored, once something holds of it. Raises TimeoutError."""
    async with asyncio.timeout(timeout_s):
        while True:
            found = await _detail(database, call_sid)
            if found is not None and holds(found.call):
                return found
            await asyncio.sleep(_LOOK_AGAIN_S)


async def _detail(database: Database, call_sid: str) -> CallDetail | None:
    try:
        async with database.sessions() as session:
            call = await CarrierCalls(session).by_carrier_id(call_sid)
            return None if call is None else await CallService(session, call.account_id).detail(call.id)
    except (SQLAlchemyError, OSError):
        return None


def troubles(call: Call) -> list[str]:
    return [trouble.what for trouble in call.troubles]
