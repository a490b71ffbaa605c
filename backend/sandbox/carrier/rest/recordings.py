"""Recordings of the 2010-04-01 API: of a call, of the account, their audio."""

from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from sandbox.carrier.clock import rfc2822
from sandbox.carrier.leg import Leg
from sandbox.carrier.recordings import Recording, RecordingPlan
from sandbox.carrier.rest.dates import is_wanted
from sandbox.carrier.rest.form import events, text
from sandbox.carrier.rest.gate import Form, ServicesDep, admit
from sandbox.carrier.rest.paging import page
from sandbox.carrier.rest.problems import RestError, not_found
from sandbox.carrier.services import Services

router = APIRouter(prefix="/api/2010-04-01/Accounts/{account_sid}", dependencies=[Depends(admit)])

_CHANGES = {"paused": "paused", "in-progress": "in-progress", "stopped": "stopped"}


@router.post("/Calls/{call_sid}/Recordings.json", status_code=201)
async def start_recording(request: Request, call_sid: str, form: Form, services: ServicesDep) -> dict[str, Any]:
    leg = _leg(request, call_sid, services)
    if leg.status != "in-progress":
        raise RestError(400, 21220, "Requested resource is not eligible for recording")
    plan = RecordingPlan(
        source="StartCallRecordingAPI",
        channels=2 if form.get("RecordingChannels") == "dual" else 1,
        track=text(form, "RecordingTrack", "both"),
        is_trimmed=form.get("Trim") == "trim-silence",
        callback_url=text(form, "RecordingStatusCallback"),
        callback_method=text(form, "RecordingStatusCallbackMethod", "POST"),
        events=events(form, "RecordingStatusCallbackEvent"),
    )
    return _of_call(services.recordings.start(leg, plan), services)


@router.get("/Calls/{call_sid}/Recordings.json")
async def list_recordings_of_call(request: Request, call_sid: str, services: ServicesDep) -> dict[str, Any]:
    leg = _leg(request, call_sid, services)
    found = [recording for recording in services.recordings.of_leg(leg) if not recording.is_deleted]
    return page(request, "recordings", found[::-1], lambda recording: _of_call(recording, services))


@router.post("/Calls/{call_sid}/Recordings/{sid}.json")
async def control_recording(
    request: Request, call_sid: str, sid: str, form: Form, services: ServicesDep
) -> dict[str, Any]:
    """Pause, go on or stop; `Twilio.CURRENT` is the one that is running."""
    leg = _leg(request, call_sid, services)
    running = [recording for recording in services.recordings.of_leg(leg) if recording.is_running]
    chosen = [recording for recording in running if sid in ("Twilio.CURRENT", recording.sid)]
    if not chosen:
        raise not_found(request)
    recording, status = chosen[-1], text(form, "Status")
    if status not in _CHANGES:
        raise RestError(400, 20001, f"Status {status} is not supported")
    recording.pause_behaviour = text(form, "PauseBehavior", "silence")
    if status == "stopped":
        services.recordings.finish(recording)
        return {**_of_call(recording, services), "status": "stopped"}
    recording.status = status
    return _of_call(recording, services)


@router.get("/Calls/{call_sid}/Recordings/{sid}.json")
async def fetch_recording_of_call(request: Request, call_sid: str, sid: str, services: ServicesDep) -> dict[str, Any]:
    recording = _recording(request, sid, services)
    if recording.leg.sid != call_sid:
        raise not_found(request)
    return _of_call(recording, services)


@router.get("/Recordings.json")
async def list_recordings(request: Request, services: ServicesDep) -> dict[str, Any]:
    query = request.query_params
    is_complete = query.get("IncludeSoftDeleted", "").lower() == "true"
    found = [
        recording
        for recording in reversed(services.recordings.all.values())
        if (is_complete or not recording.is_deleted)
        and query.get("CallSid", recording.leg.sid) == recording.leg.sid
        and is_wanted(recording.started_at, query, "DateCreated")
    ]
    return page(request, "recordings", found, lambda recording: _of_account(recording, services))


@router.get("/Recordings/{sid}.json")
async def fetch_recording(request: Request, sid: str, services: ServicesDep) -> dict[str, Any]:
    return _of_account(_recording(request, sid, services), services)


@router.delete("/Recordings/{sid}.json", status_code=204)
async def delete_recording(request: Request, sid: str, services: ServicesDep) -> None:
    recording = _recording(request, sid, services)
    if recording.is_running:
        raise RestError(409, 20009, "Cannot delete this resource before it is complete")
    recording.delete()


@router.get("/Recordings/{name}")
async def download_recording(request: Request, name: str, services: ServicesDep) -> Response:
    """The audio as WAV, with or without that extension. The sandbox writes no MP3."""
    sid, _, extension = name.partition(".")
    recording = _recording(request, sid, services)
    if recording.is_running or extension not in ("", "wav"):
        raise not_found(request)
    channels = request.query_params.get("RequestedChannels", "")
    if channels == "2" and recording.plan.channels == 1:
        raise RestError(400, 16113, "Cannot download a dual-channel presentation of a mono recording")
    return Response(recording.wav(int(channels) if channels in ("1", "2") else None), media_type="audio/x-wav")


def _leg(request: Request, sid: str, services: Services) -> Leg:
    leg = services.legs.get(sid)
    if leg is None:
        raise not_found(request)
    return leg


def _recording(request: Request, sid: str, services: Services) -> Recording:
    recording = services.recordings.all.get(sid)
    if recording is None or recording.is_deleted:
        raise not_found(request)
    return recording


def _shared(recording: Recording, services: Services) -> dict[str, Any]:
    return {
        "sid": recording.sid,
        "account_sid": services.account_sid,
        "call_sid": recording.leg.sid,
        "conference_sid": None,
        "api_version": "2010-04-01",
        "channels": recording.plan.channels,
        "date_created": rfc2822(recording.started_at),
        "date_updated": rfc2822(recording.updated_at),
        "start_time": rfc2822(recording.started_at),
        "duration": None if recording.is_running else str(recording.duration_s),
        "price": None,
        "price_unit": "USD",
        "source": recording.plan.source,
        "status": "deleted" if recording.is_deleted else recording.status,
        "error_code": None,
        "encryption_details": None,
    }


def _of_call(recording: Recording, services: Services) -> dict[str, Any]:
    account = f"/2010-04-01/Accounts/{services.account_sid}"
    uri = f"{account}/Calls/{recording.leg.sid}/Recordings/{recording.sid}.json"
    return {**_shared(recording, services), "track": recording.plan.track, "uri": uri}


def _of_account(recording: Recording, services: Services) -> dict[str, Any]:
    uri = f"/2010-04-01/Accounts/{services.account_sid}/Recordings/{recording.sid}"
    return {
        **_shared(recording, services),
        "uri": f"{uri}.json",
        "subresource_uris": {
            "add_on_results": f"{uri}/AddOnResults.json",
            "transcriptions": f"{uri}/Transcriptions.json",
        },
        "media_url": services.recordings.url(recording),
    }
