"""The softphone's files and the application's history, for a page that knows one address only."""

from pathlib import Path

import httpx
from fastapi import APIRouter, HTTPException, Request, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from sandbox.carrier.settings import CarrierSettings

SOFTPHONE = Path(__file__).parents[1] / "softphone"

router = APIRouter(prefix="/sandbox")

_TIMEOUT_S = 10.0
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


class Page(StaticFiles):
    """Files that are never kept by a browser, of types that do not depend on the machine's own table."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "no-store"
        media_type = _TYPES.get(Path(path).suffix)
        if media_type is not None and response.status_code == 200:
            response.headers["content-type"] = f"{media_type}; charset=utf-8"
        return response


@router.get("/app/{path:path}")
async def read_application(request: Request, path: str) -> Response:
    """What the application says to a GET with our key."""
    settings: CarrierSettings = request.app.state.services.settings
    headers = {"Authorization": f"Bearer {settings.app_key.get_secret_value()}"}
    url = f"{settings.app_url.rstrip('/')}/{path}"
    async with httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False) as client:
        try:
            answer = await client.get(url, params=request.url.query, headers=headers)
        except httpx.HTTPError:
            raise HTTPException(502, "The application does not answer.") from None
    return Response(answer.content, answer.status_code, media_type=answer.headers.get("content-type"))
