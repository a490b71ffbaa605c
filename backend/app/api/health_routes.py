"""Whether this process lives, and whether it can take a call."""

import asyncio

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, Response

router = APIRouter(tags=["health"])

_DATABASE_S = 1.0


class Health(BaseModel):
    """`missing` names the settings without which every call gets voicemail."""

    status: str
    missing: list[str]


class Readiness(BaseModel):
    is_ready: bool
    reasons: list[str]
    live_calls: int


@router.get("/health", operation_id="getHealth")
async def get_health(request: Request) -> Health:
    """The process is alive."""
    return Health(status="ok", missing=list(request.app.state.settings.missing))


@router.get("/ready", operation_id="getReadiness", response_model=Readiness)
async def get_readiness(request: Request) -> Response:
    """Whether a call that rings now can be taken: 200, else 503 with the reasons."""
    state = request.app.state
    reasons = []
    if state.switchboard.is_draining:
        reasons.append("draining")
    if not await _has_database(request):
        reasons.append("database")
    body = Readiness(is_ready=not reasons, reasons=reasons, live_calls=state.switchboard.live_calls)
    return JSONResponse(body.model_dump(), status_code=503 if reasons else 200)


async def _has_database(request: Request) -> bool:
    try:
        async with asyncio.timeout(_DATABASE_S), request.app.state.database.sessions() as session:
            await session.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError, TimeoutError):
        return False
    return True


@router.get("/metrics", operation_id="getMetrics", include_in_schema=False)
async def get_metrics() -> Response:
    """Figures for Prometheus; they hold no numbers and no words of callers."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
