"""Past and running calls of an account."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Query

from app.api.deps import Calls
from app.api.history_schemas import CallDetailRead, CallPageRead, CallRead

router = APIRouter(prefix="/api/calls", tags=["calls"])


@router.get("", operation_id="listCalls")
async def list_calls(
    calls: Calls,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
    carrier_call_id: Annotated[str | None, Query(max_length=64)] = None,
) -> CallPageRead:
    """The account's calls, newest first."""
    page = await calls.page(limit, cursor, carrier_call_id)
    return CallPageRead(calls=[CallRead.of(call) for call in page.calls], next_cursor=page.next_cursor)


@router.get("/{call_id}", operation_id="getCall")
async def get_call(call_id: uuid.UUID, calls: Calls) -> CallDetailRead:
    """One call with its legs, turns, tool calls and messages."""
    return CallDetailRead.of_detail(await calls.detail(call_id))
