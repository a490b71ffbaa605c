"""The fields of webhooks about a leg (twilio-google.md §1.2, §1.4)."""

import random

from sandbox.carrier.call_token import call_token
from sandbox.carrier.clock import rfc2822, utc_now
from sandbox.carrier.leg import Leg

_ENDS = ("From", "To", "Caller", "Called")
_PLACES = ("City", "State", "Zip")
_UNHEARD_OF = 0.1


def standard_fields(leg: Leg, account_sid: str) -> dict[str, str]:
    """What every request about a leg carries; places are blank where the vendor does not know them."""
    numbers = {"From": leg.caller, "To": leg.called, "Caller": leg.caller, "Called": leg.called}
    fields = {
        "AccountSid": account_sid,
        "ApiVersion": "2010-04-01",
        "CallSid": leg.sid,
        "CallStatus": leg.status,
        "Direction": leg.direction,
        **numbers,
    }
    for end in _ENDS:
        fields |= {end + place: "" for place in _PLACES}
        fields[end + "Country"] = "US" if numbers[end].startswith("+1") else ""
    if leg.parent_sid is not None:
        fields["ParentCallSid"] = leg.parent_sid
    return fields | leg.extra_fields


def incoming_fields(leg: Leg) -> dict[str, str]:
    """What the first request about an incoming call carries besides; now and then a field that nobody knows yet.

    The vendor adds parameters without notice, so an application must not mind them.
    """
    unheard_of = {"NewParameter": "sandbox"} if random.random() < _UNHEARD_OF else {}
    return {"CallToken": call_token(leg), **unheard_of}


def progress_fields(leg: Leg, account_sid: str, *, status: str, number: int) -> dict[str, str]:
    """A status callback: the standard fields, and at the end how long it lasted."""
    fields = standard_fields(leg, account_sid) | {
        "CallStatus": status,
        "Timestamp": rfc2822(utc_now()),
        "CallbackSource": "call-progress-events",
        "SequenceNumber": str(number),
    }
    if leg.is_over and status == leg.status:
        fields["CallDuration"] = str(leg.duration_s)
        fields["Duration"] = str(leg.billed_minutes)
        if leg.direction != "inbound":
            fields["SipResponseCode"] = _SIP_CODES[status]
    return fields


_SIP_CODES = {"completed": "200", "busy": "486", "no-answer": "487", "canceled": "487", "failed": "404"}
