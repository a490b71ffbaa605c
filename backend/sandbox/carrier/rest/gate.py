"""Before every REST request: troubles on order, then who is asking."""

import asyncio
import binascii
import hmac
from base64 import b64decode
from typing import Annotated

from fastapi import Depends
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from sandbox.carrier.faults import Fault
from sandbox.carrier.rest.problems import RestError, not_found
from sandbox.carrier.services import Services
from sandbox.carrier.sids import new_sid

_SLOWEST_S = 120.0


def get_services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


async def get_form(request: Request) -> FormData:
    return await request.form()


ServicesDep = Annotated[Services, Depends(get_services)]
Form = Annotated[FormData, Depends(get_form)]


async def admit(request: Request, response: Response, services: ServicesDep) -> None:
    """Let the owner of the account in, by its token or by an API key. Raises RestError."""
    response.headers["Twilio-Request-Id"] = new_sid("RQ")
    response.headers["X-Home-Region"] = "us1"
    response.headers["X-API-Domain"] = "api.twilio.com"
    await _meet_faults(request, services)
    if not _is_owner(request.headers.get("authorization", ""), services):
        raise RestError(401, 20003, "Authenticate", {"WWW-Authenticate": 'Basic realm="Twilio API"'})
    if request.path_params.get("account_sid", services.account_sid) != services.account_sid:
        raise not_found(request)


async def _meet_faults(request: Request, services: Services) -> None:
    def suits(fault: Fault) -> bool:
        wanted = fault.details.get("path", "")
        return isinstance(wanted, str) and wanted in request.url.path

    slow = services.faults.take("rest_slow", suits)
    if slow is not None:
        await asyncio.sleep(min(slow.number("delay_s", 5.0), _SLOWEST_S))
    error = services.faults.take("rest_error", suits)
    if error is not None:
        status, code = int(error.number("status", 500)), int(error.number("code", 20500))
        headers = {"Retry-After": "1"} if status == 429 else None
        raise RestError(status, code, "An internal server error has occurred" if status >= 500 else "Refused", headers)


def _is_owner(authorization: str, services: Services) -> bool:
    scheme, _, encoded = authorization.partition(" ")
    try:
        given = b64decode(encoded, validate=True) if scheme.lower() == "basic" else b""
    except binascii.Error:
        return False
    settings = services.settings
    pairs = (
        (settings.account_sid, settings.auth_token),
        (settings.api_key, settings.api_secret),
    )
    return any(hmac.compare_digest(given, f"{sid}:{key.get_secret_value()}".encode()) for sid, key in pairs)
