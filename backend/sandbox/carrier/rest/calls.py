"""Calls of the 2010-04-01 API: create, change while they last, fetch, list, delete."""

import asyncio
import re
from typing import Any

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.requests import Request

from sandbox.carrier import exchange
from sandbox.carrier.leg import LONGEST_CALL_S, Leg, StatusCallback
from sandbox.carrier.recordings import RecordingPlan
from sandbox.carrier.rest.call_resource import call_resource
from sandbox.carrier.rest.dates import is_wanted
from sandbox.carrier.rest.form import E164, events, text, whole
from sandbox.carrier.rest.gate import Form, ServicesDep, admit
from sandbox.carrier.rest.paging import page
from sandbox.carrier.rest.problems import RestError, missing, not_found
from sandbox.carrier.services import Services
from sandbox.carrier.sids import new_sid
from sandbox.carrier.steps import Fetch, Inline, Step

router = APIRouter(prefix="/api/2010-04-01/Accounts/{account_sid}", dependencies=[Depends(admit)])

_LONGEST_TWIML = 4000
_RING_S, _LONGEST_RING_S = 60, 600
_OVER_S = 1.0
_ADDRESS = re.compile(r"https?://[^/\s]+\S*")
_STATUSES = {"", "completed", "canceled"}


@router.post("/Calls.json", status_code=201)
async def create_call(form: Form, services: ServicesDep) -> dict[str, Any]:
    caller, called = text(form, "From"), text(form, "To")
    if not called:
        raise missing(21201, "To")
    if not caller:
        raise missing(21213, "From")
    number = services.numbers.get(caller)
    if number is None:
        raise RestError(400, 21210, f"The source phone number provided, {caller}, is not yet verified for your account")
    if not E164.fullmatch(called) and not called.startswith(("client:", "sip:")):
        raise RestError(400, 21211, f"The phone number you are attempting to call, {called}, is not valid.")
    first = _step(form)
    if first is None:
        raise RestError(400, 21205, "Url parameter is required.")
    leg = Leg(
        new_sid("CA"),
        caller,
        called,
        "outbound-api",
        status="queued",
        number_sid=number.sid,
        fallback=(text(form, "FallbackUrl"), text(form, "FallbackMethod", "POST")),
        status_callback=_status_callback(form),
        longest_s=whole(form, "TimeLimit", 0) or LONGEST_CALL_S,
    )
    ring_s = min(whole(form, "Timeout", _RING_S), _LONGEST_RING_S)
    recording = _recording_plan(form) if text(form, "Record").lower() == "true" else None
    exchange.place(services, leg, first, ring_s=ring_s, recording=recording)
    return call_resource(leg, services.account_sid)


@router.get("/Calls.json")
async def list_calls(request: Request, services: ServicesDep) -> dict[str, Any]:
    query = request.query_params
    wanted = {
        name: query[parameter]
        for name, parameter in (("called", "To"), ("caller", "From"), ("parent_sid", "ParentCallSid"))
        if query.get(parameter)
    }
    legs = [
        leg
        for leg in services.legs
        if all(getattr(leg, name) == value for name, value in wanted.items())
        and query.get("Status", leg.status) == leg.status
        and is_wanted(leg.answered_at or leg.created_at, query, "StartTime")
        and is_wanted(leg.ended_at, query, "EndTime")
    ]
    return page(request, "calls", legs, lambda leg: call_resource(leg, services.account_sid))


@router.get("/Calls/{sid}.json")
async def fetch_call(request: Request, sid: str, services: ServicesDep) -> dict[str, Any]:
    return call_resource(_leg(request, sid, services), services.account_sid)


@router.post("/Calls/{sid}.json")
async def update_call(request: Request, sid: str, form: Form, services: ServicesDep) -> dict[str, Any]:
    """Give a live call another document, or end it."""
    leg = _leg(request, sid, services)
    status, step = text(form, "Status"), _step(form)
    if status not in _STATUSES:
        raise RestError(400, 20001, f"Status {status} is not supported")
    if leg.is_over or leg.control is None:
        raise RestError(400, 21220, "Call is not in-progress. Cannot redirect.")
    if status == "canceled" and leg.is_answered:
        raise RestError(400, 21220, "Call is in-progress. Cannot cancel.")
    if text(form, "StatusCallback"):
        leg.status_callback = _status_callback(form)
    if status:
        await _hang_up(leg)
    elif step is not None:
        leg.control.replace(step)
    else:
        raise RestError(400, 20001, "Nothing to change: one of Url, Twiml and Status is needed")
    return call_resource(leg, services.account_sid)


@router.delete("/Calls/{sid}.json", status_code=204)
async def delete_call(request: Request, sid: str, services: ServicesDep) -> None:
    leg = _leg(request, sid, services)
    if not leg.is_over:
        raise RestError(409, 20009, "Cannot delete this resource before it is complete")
    services.legs.remove(sid)


async def _hang_up(leg: Leg) -> None:
    over = asyncio.Event()
    leg.on_end.append(over.set)
    if leg.control is not None:
        leg.control.hang_up(by="app", status="completed" if leg.is_answered else "canceled")
    try:
        async with asyncio.timeout(_OVER_S):
            await over.wait()
    except TimeoutError:
        return


def _leg(request: Request, sid: str, services: Services) -> Leg:
    leg = services.legs.get(sid)
    if leg is None:
        raise not_found(request)
    return leg


def _step(form: FormData) -> Step | None:
    """What the call shall do; an address wins over a document."""
    url, twiml = text(form, "Url"), text(form, "Twiml")
    if url:
        if not _ADDRESS.fullmatch(url):
            raise RestError(400, 21205, f"Url is not a valid URL: {url}")
        return Fetch(url, text(form, "Method", "POST"))
    if len(twiml) > _LONGEST_TWIML:
        raise RestError(400, 21218, f"Twiml has more than {_LONGEST_TWIML} characters")
    return Inline(twiml) if twiml else None


def _status_callback(form: FormData) -> StatusCallback | None:
    url = text(form, "StatusCallback")
    if not url:
        return None
    return StatusCallback(url, text(form, "StatusCallbackMethod", "POST"), events(form, "StatusCallbackEvent"))


def _recording_plan(form: FormData) -> RecordingPlan:
    return RecordingPlan(
        source="OutboundAPI",
        channels=2 if text(form, "RecordingChannels") == "dual" else 1,
        track=text(form, "RecordingTrack", "both"),
        is_trimmed=text(form, "Trim") == "trim-silence",
        callback_url=text(form, "RecordingStatusCallback"),
        callback_method=text(form, "RecordingStatusCallbackMethod", "POST"),
        events=events(form, "RecordingStatusCallbackEvent"),
    )
