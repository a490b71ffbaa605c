"""The Call resource of the 2010-04-01 API."""

from typing import Any

from sandbox.carrier.clock import rfc2822
from sandbox.carrier.leg import Leg

_SUBRESOURCES = {
    "notifications": "Notifications",
    "recordings": "Recordings",
    "payments": "Payments",
    "events": "Events",
    "siprec": "Siprec",
    "streams": "Streams",
    "transcriptions": "Transcriptions",
    "user_defined_message_subscriptions": "UserDefinedMessageSubscriptions",
    "user_defined_messages": "UserDefinedMessages",
}


def call_resource(leg: Leg, account_sid: str) -> dict[str, Any]:
    uri = f"/2010-04-01/Accounts/{account_sid}/Calls/{leg.sid}"
    started_at = leg.answered_at or (leg.created_at if leg.is_over else None)
    return {
        "sid": leg.sid,
        "account_sid": account_sid,
        "parent_call_sid": leg.parent_sid,
        "phone_number_sid": leg.number_sid,
        "from": leg.caller,
        "from_formatted": formatted(leg.caller),
        "to": leg.called,
        "to_formatted": formatted(leg.called),
        "status": "ringing" if leg.status == "initiated" else leg.status,
        "direction": leg.direction,
        "answered_by": None,
        "api_version": "2010-04-01",
        "caller_name": None,
        "forwarded_from": leg.extra_fields.get("ForwardedFrom"),
        "group_sid": None,
        "trunk_sid": None,
        "queue_time": "0",
        "date_created": rfc2822(leg.created_at),
        "date_updated": rfc2822(leg.updated_at),
        "start_time": rfc2822(started_at) if started_at is not None else None,
        "end_time": rfc2822(leg.ended_at) if leg.ended_at is not None else None,
        "duration": str(leg.duration_s) if leg.is_over else None,
        "price": None,
        "price_unit": "USD",
        "uri": f"{uri}.json",
        "subresource_uris": {name: f"{uri}/{path}.json" for name, path in _SUBRESOURCES.items()},
    }


def formatted(number: str) -> str:
    """`(555) 010-0002` for numbers of North America, everything else as it is."""
    if not (number.startswith("+1") and len(number) == len("+15550100002")):
        return number
    return f"({number[2:5]}) {number[5:8]}-{number[8:]}"
