"""Requests of the carrier: their signature, their form, and an answer that comes in time whatever happens."""

from typing import Annotated

import structlog
from fastapi import Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response
from starlette.websockets import WebSocket

from app.adapters.twilio.signatures import is_signed, is_upgrade_signed
from app.core.config import Settings
from app.core.errors import Forbidden

log = structlog.get_logger(__name__)

XML = "application/xml"


class NotSigned(Forbidden):
    """The request does not come from the carrier, or the signing secret or PUBLIC_BASE_URL is wrong."""

    code = "signature_invalid"


def _signed_url(settings: Settings, path: str, query: str) -> str:
    return f"{settings.base_url}{path}{'?' + query if query else ''}"


async def signed_form(request: Request) -> FormData:
    """The form of a webhook that the carrier signed over PUBLIC_BASE_URL. Raises NotSigned."""
    settings: Settings = request.app.state.settings
    form = await request.form()
    url = _signed_url(settings, request.url.path, request.url.query)
    signature = request.headers.get("x-twilio-signature", "")
    if not settings.signing_secrets or not is_signed(settings.signing_secrets, url, form, signature):
        log.warning("webhook refused: signature invalid", path=request.url.path, signed_url_base=settings.base_url)
        raise NotSigned
    return form


SignedForm = Annotated[FormData, Depends(signed_form)]


def is_upgrade_allowed(websocket: WebSocket) -> bool:
    """Whether the carrier signed this upgrade; it signs the wss:// form of the address (twilio-google.md §1.5)."""
    settings: Settings = websocket.app.state.settings
    signature = websocket.headers.get("x-twilio-signature", "")
    url = _signed_url(settings, websocket.url.path, websocket.url.query)
    return bool(settings.signing_secrets) and is_upgrade_signed(settings.signing_secrets, url, signature)


def xml(document: str) -> Response:
    """A document for the carrier."""
    return Response(document, media_type=XML)
