"""Verify v2: services, verifications, checks (twilio-google.md §4.4)."""

from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request

from sandbox.carrier.clock import iso_seconds, utc_now
from sandbox.carrier.messages import Message
from sandbox.carrier.rest.form import E164, text, whole
from sandbox.carrier.rest.gate import Form, ServicesDep, admit
from sandbox.carrier.rest.problems import RestError, not_found
from sandbox.carrier.services import Services
from sandbox.carrier.verification import TooManyChecks, TooManySends, Verification, VerifyService

router = APIRouter(prefix="/verify/v2", dependencies=[Depends(admit)])

_BASE = "https://verify.twilio.com/v2/Services"
_CHANNELS = {"sms", "call", "email", "whatsapp", "sna"}
_LONGEST_NAME, _MOST_DIGITS = 32, 4


@router.post("/Services", status_code=201)
async def create_service(form: Form, services: ServicesDep) -> dict[str, Any]:
    name = text(form, "FriendlyName")
    if not name or len(name) > _LONGEST_NAME or sum(map(str.isdigit, name)) > _MOST_DIGITS:
        raise RestError(400, 60200, "Invalid parameter: FriendlyName")
    service = services.verifications.create_service(name, whole(form, "CodeLength", 6))
    return _service_resource(service, services)


@router.get("/Services")
async def list_services(services: ServicesDep) -> dict[str, Any]:
    url = f"{_BASE}?PageSize=50&Page=0"
    found = services.verifications.services.values()
    return {
        "services": [_service_resource(service, services) for service in found],
        "meta": {
            "key": "services",
            "page": 0,
            "page_size": 50,
            "url": url,
            "first_page_url": url,
            "next_page_url": None,
            "previous_page_url": None,
        },
    }


@router.get("/Services/{service_sid}")
async def fetch_service(request: Request, service_sid: str, services: ServicesDep) -> dict[str, Any]:
    return _service_resource(_service(request, service_sid, services), services)


@router.post("/Services/{service_sid}/Verifications", status_code=201)
async def start_verification(request: Request, service_sid: str, form: Form, services: ServicesDep) -> dict[str, Any]:
    service = _service(request, service_sid, services)
    to, channel = text(form, "To"), text(form, "Channel")
    if channel not in _CHANNELS:
        raise RestError(400, 60200, "Invalid parameter `Channel`")
    if channel != "email" and not E164.fullmatch(to):
        raise RestError(400, 60200, "Invalid parameter `To`")
    try:
        verification = services.verifications.start(service, to, channel, text(form, "CustomCode") or None)
    except TooManySends:
        raise RestError(429, 60203, "Max send attempts reached") from None
    words = f"Your {service.friendly_name} verification code is: {verification.code}"
    services.messages.send(Message("Verify", to, words))
    return _resource(verification, services)


@router.get("/Services/{service_sid}/Verifications/{sid}")
async def fetch_verification(request: Request, service_sid: str, sid: str, services: ServicesDep) -> dict[str, Any]:
    verification = services.verifications.open(service_sid, sid)
    if verification is None:
        raise not_found(request)
    return _resource(verification, services)


@router.post("/Services/{service_sid}/Verifications/{sid}")
async def settle_verification(
    request: Request, service_sid: str, sid: str, form: Form, services: ServicesDep
) -> dict[str, Any]:
    verification, status = services.verifications.open(service_sid, sid), text(form, "Status")
    if verification is None:
        raise not_found(request)
    if status not in ("approved", "canceled"):
        raise RestError(400, 60200, "Invalid parameter `Status`")
    verification.status = status
    verification.updated_at = utc_now()
    return _resource(verification, services)


@router.post("/Services/{service_sid}/VerificationCheck", status_code=201)
async def check_verification(request: Request, service_sid: str, form: Form, services: ServicesDep) -> dict[str, Any]:
    """A wrong code is no error: the verification stays pending."""
    verification = services.verifications.open(service_sid, text(form, "VerificationSid") or text(form, "To"))
    if verification is None:
        raise not_found(request)
    try:
        is_right = verification.check(text(form, "Code"))
    except TooManyChecks:
        raise RestError(429, 60202, "Max check attempts reached") from None
    return {
        **_shared(verification, services),
        "valid": is_right,
        "amount": None,
        "payee": None,
        "sna_attempts_error_codes": [],
    }


def _service(request: Request, sid: str, services: Services) -> VerifyService:
    service = services.verifications.services.get(sid)
    if service is None:
        raise not_found(request)
    return service


def _shared(verification: Verification, services: Services) -> dict[str, Any]:
    return {
        "sid": verification.sid,
        "service_sid": verification.service_sid,
        "account_sid": services.account_sid,
        "to": verification.to,
        "channel": verification.channel,
        "status": verification.status,
        "date_created": iso_seconds(verification.created_at),
        "date_updated": iso_seconds(verification.updated_at),
    }


def _resource(verification: Verification, services: Services) -> dict[str, Any]:
    attempts = [
        {"time": iso_seconds(attempt.at), "channel": attempt.channel.upper(), "attempt_sid": attempt.sid}
        for attempt in verification.attempts
    ]
    return {
        **_shared(verification, services),
        "valid": verification.status == "approved",
        "lookup": {},
        "amount": None,
        "payee": None,
        "send_code_attempts": attempts,
        "sna": None,
        "url": f"{_BASE}/{verification.service_sid}/Verifications/{verification.sid}",
    }


def _service_resource(service: VerifyService, services: Services) -> dict[str, Any]:
    url = f"{_BASE}/{service.sid}"
    links = {"verifications": "Verifications", "verification_checks": "VerificationCheck", "entities": "Entities"}
    return {
        "sid": service.sid,
        "account_sid": services.account_sid,
        "friendly_name": service.friendly_name,
        "code_length": service.code_length,
        "lookup_enabled": False,
        "psd2_enabled": False,
        "skip_sms_to_landlines": False,
        "dtmf_input_required": True,
        "tts_name": None,
        "do_not_share_warning_enabled": False,
        "custom_code_enabled": True,
        "push": None,
        "totp": None,
        "default_template_sid": None,
        "whatsapp": None,
        "passkeys": None,
        "verify_event_subscription_enabled": False,
        "date_created": iso_seconds(service.created_at),
        "date_updated": iso_seconds(service.created_at),
        "url": url,
        "links": {name: f"{url}/{path}" for name, path in links.items()},
    }
