"""Numbers of the 2010-04-01 API: what the account has, what it could have, and what is left to spend."""

from typing import Any

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.requests import Request

from sandbox.carrier.clock import rfc2822, utc_now
from sandbox.carrier.numbers import Number
from sandbox.carrier.rest.call_resource import formatted
from sandbox.carrier.rest.form import E164, text
from sandbox.carrier.rest.gate import Form, ServicesDep, admit
from sandbox.carrier.rest.paging import page
from sandbox.carrier.rest.problems import RestError, not_found
from sandbox.carrier.services import Services

router = APIRouter(prefix="/api/2010-04-01/Accounts/{account_sid}", dependencies=[Depends(admit)])

_PARAMETERS = {
    "FriendlyName": "friendly_name",
    "VoiceUrl": "voice_url",
    "VoiceMethod": "voice_method",
    "VoiceFallbackUrl": "fallback_url",
    "VoiceFallbackMethod": "fallback_method",
    "StatusCallback": "status_callback",
    "StatusCallbackMethod": "status_method",
    "SmsUrl": "sms_url",
    "SmsMethod": "sms_method",
    "SmsFallbackUrl": "sms_fallback_url",
    "SmsFallbackMethod": "sms_fallback_method",
}
_AREA_CODES = {"Local": "555", "Mobile": "556", "TollFree": "833"}
_OFFERED = 30


@router.get("/IncomingPhoneNumbers.json")
async def list_numbers(request: Request, services: ServicesDep) -> dict[str, Any]:
    query = request.query_params
    found = [
        number
        for number in services.numbers
        if query.get("PhoneNumber", "").strip("*") in number.e164
        and query.get("FriendlyName", number.friendly_name) == number.friendly_name
    ]
    return page(request, "incoming_phone_numbers", found, lambda number: _resource(number, services))


@router.post("/IncomingPhoneNumbers.json", status_code=201)
async def buy_number(form: Form, services: ServicesDep) -> dict[str, Any]:
    wanted = text(form, "PhoneNumber") or _free(services, text(form, "AreaCode"))
    if not E164.fullmatch(wanted):
        raise RestError(400, 21421, f"{wanted} is not a valid number")
    if services.numbers.get(wanted) is not None:
        raise RestError(400, 21422, f"{wanted} is not available")
    number = Number(wanted, friendly_name=formatted(wanted))
    _change(number, form)
    services.numbers.add(number)
    return _resource(number, services)


@router.get("/IncomingPhoneNumbers/{sid}.json")
async def fetch_number(request: Request, sid: str, services: ServicesDep) -> dict[str, Any]:
    return _resource(_number(request, sid, services), services)


@router.post("/IncomingPhoneNumbers/{sid}.json")
async def configure_number(request: Request, sid: str, form: Form, services: ServicesDep) -> dict[str, Any]:
    number = _number(request, sid, services)
    _change(number, form)
    return _resource(number, services)


@router.delete("/IncomingPhoneNumbers/{sid}.json", status_code=204)
async def release_number(request: Request, sid: str, services: ServicesDep) -> None:
    services.numbers.remove(_number(request, sid, services))


@router.get("/AvailablePhoneNumbers/{country}/{kind}.json")
async def search_numbers(request: Request, country: str, kind: str, services: ServicesDep) -> dict[str, Any]:
    """Numbers to buy: ours begin with +1 555, or with the area code that is asked for."""
    if kind not in _AREA_CODES or country != "US":
        raise not_found(request)
    query = request.query_params
    pattern = query.get("Contains", "").strip("*+")
    offered = _offered(services, query.get("AreaCode") or _AREA_CODES[kind])
    size = query.get("PageSize", "50")
    limit = int(size) if size.isascii() and size.isdigit() else 50
    return {
        "available_phone_numbers": [_available(e164) for e164 in offered if pattern in e164][:limit],
        "uri": f"/2010-04-01/Accounts/{services.account_sid}/AvailablePhoneNumbers/{country}/{kind}.json",
    }


@router.get("/Balance.json")
async def fetch_balance(services: ServicesDep) -> dict[str, Any]:
    return {"account_sid": services.account_sid, "balance": "100.00", "currency": "USD"}


def _number(request: Request, sid: str, services: Services) -> Number:
    number = services.numbers.with_sid(sid)
    if number is None:
        raise not_found(request)
    return number


def _change(number: Number, form: FormData) -> None:
    for parameter, attribute in _PARAMETERS.items():
        if parameter in form:
            setattr(number, attribute, str(form[parameter]))
    if "VoiceCallerIdLookup" in form:
        number.has_caller_name = str(form["VoiceCallerIdLookup"]).lower() == "true"
    number.updated_at = utc_now()


def _offered(services: Services, area_code: str) -> list[str]:
    every = (f"+1{area_code}01{line:05d}" for line in range(20000, 20000 + _OFFERED))
    return [e164 for e164 in every if services.numbers.get(e164) is None]


def _free(services: Services, area_code: str) -> str:
    offered = _offered(services, area_code or _AREA_CODES["Local"])
    if not offered:
        raise RestError(400, 21452, "No phone numbers found in area code")
    return offered[0]


def _available(e164: str) -> dict[str, Any]:
    return {
        "friendly_name": formatted(e164),
        "phone_number": e164,
        "lata": None,
        "locality": None,
        "rate_center": None,
        "latitude": None,
        "longitude": None,
        "region": None,
        "postal_code": None,
        "iso_country": "US",
        "address_requirements": "none",
        "beta": False,
        "capabilities": {"voice": True, "sms": True, "mms": True},
    }


def _resource(number: Number, services: Services) -> dict[str, Any]:
    return {
        "sid": number.sid,
        "account_sid": services.account_sid,
        "address_sid": None,
        "address_requirements": "none",
        "api_version": "2010-04-01",
        "beta": False,
        "bundle_sid": None,
        "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
        "date_created": rfc2822(number.created_at),
        "date_updated": rfc2822(number.updated_at),
        "emergency_address_sid": None,
        "emergency_address_status": "unregistered",
        "emergency_status": "Inactive",
        "friendly_name": number.friendly_name,
        "identity_sid": None,
        "origin": "twilio",
        "phone_number": number.e164,
        "sms_application_sid": None,
        "sms_fallback_method": number.sms_fallback_method,
        "sms_fallback_url": number.sms_fallback_url or None,
        "sms_method": number.sms_method,
        "sms_url": number.sms_url or None,
        "status": "in-use",
        "status_callback": number.status_callback or None,
        "status_callback_method": number.status_method,
        "trunk_sid": None,
        "type": "local",
        "uri": f"/2010-04-01/Accounts/{services.account_sid}/IncomingPhoneNumbers/{number.sid}.json",
        "voice_application_sid": None,
        "voice_caller_id_lookup": number.has_caller_name,
        "voice_fallback_method": number.fallback_method,
        "voice_fallback_url": number.fallback_url or None,
        "voice_method": number.voice_method,
        "voice_receive_mode": "voice",
        "voice_url": number.voice_url or None,
    }
