"""Lookup v2: what is known of a number (twilio-google.md §4.5)."""

from typing import Any

import phonenumbers
from fastapi import APIRouter, Depends
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType, ValidationResult
from starlette.requests import Request

from sandbox.carrier.rest.gate import admit

router = APIRouter(prefix="/lookups/v2", dependencies=[Depends(admit)])

_PACKAGES = (
    "caller_name",
    "sim_swap",
    "call_forwarding",
    "line_type_intelligence",
    "line_status",
    "identity_match",
    "reassigned_number",
    "sms_pumping_risk",
    "phone_number_quality_score",
    "pre_fill",
)
_LINES = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "landline",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "mobile",
    PhoneNumberType.TOLL_FREE: "tollFree",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "sharedCost",
    PhoneNumberType.VOIP: "nonFixedVoip",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "uan",
    PhoneNumberType.VOICEMAIL: "voicemail",
}
_ERRORS = {
    ValidationResult.TOO_SHORT: "TOO_SHORT",
    ValidationResult.TOO_LONG: "TOO_LONG",
    ValidationResult.INVALID_COUNTRY_CODE: "INVALID_COUNTRY_CODE",
    ValidationResult.INVALID_LENGTH: "INVALID_LENGTH",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "TOO_SHORT",
}


@router.get("/PhoneNumbers/{number}")
async def look_up(request: Request, number: str) -> dict[str, Any]:
    """An invalid number is no error, only not valid. Packages that are not asked for are null."""
    asked = {name.strip() for name in request.query_params.get("Fields", "").split(",")}
    found = {**dict.fromkeys(_PACKAGES), **_validation(number, request.query_params.get("CountryCode", "US"))}
    for package in asked.intersection(_PACKAGES):
        found[package] = _package(package, found["country_code"], number)
    return {**found, "url": f"https://lookups.twilio.com/v2/PhoneNumbers/{number}"}


def _validation(number: str, region: str) -> dict[str, Any]:
    try:
        parsed = phonenumbers.parse(number, region)
    except NumberParseException:
        return _invalid(number, ["NOT_A_NUMBER"])
    errors = _errors(parsed)
    if errors:
        return _invalid(number, errors)
    return {
        "calling_country_code": str(parsed.country_code),
        "country_code": phonenumbers.region_code_for_number(parsed) or region,
        "phone_number": phonenumbers.format_number(parsed, PhoneNumberFormat.E164),
        "national_format": phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL),
        "valid": True,
        "validation_errors": [],
    }


def _errors(parsed: PhoneNumber) -> list[str]:
    """555 numbers are no real ones, and still ours: possible is enough."""
    reason = phonenumbers.is_possible_number_with_reason(parsed)
    return [] if reason == ValidationResult.IS_POSSIBLE else [_ERRORS.get(reason, "INVALID_LENGTH")]


def _invalid(number: str, errors: list[str]) -> dict[str, Any]:
    return {
        "calling_country_code": None,
        "country_code": None,
        "phone_number": number,
        "national_format": None,
        "valid": False,
        "validation_errors": errors,
    }


def _package(name: str, country: str | None, number: str) -> dict[str, Any] | None:
    match name:
        case "caller_name":
            error = None if country == "US" else 60600
            return {"caller_name": None, "caller_type": "UNDETERMINED", "error_code": error}
        case "line_type_intelligence":
            return {
                "type": _line_type(number),
                "carrier_name": "Sandbox",
                "mobile_country_code": "310",
                "mobile_network_code": "000",
                "error_code": None,
            }
        case _:
            return None


def _line_type(number: str) -> str | None:
    try:
        return _LINES.get(phonenumbers.number_type(phonenumbers.parse(number, "US")), "unknown")
    except NumberParseException:
        return None
