"""The carrier's side of the product: webhooks that answer what to do with a call, and the media stream."""

import asyncio

import structlog
from fastapi import APIRouter, Request, WebSocket
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response

from app.adapters.twilio import twiml, webhooks
from app.adapters.twilio.stream import StreamProtocolError, UnsupportedMedia
from app.api.asgi_frames import PumpedSocket, direct_frames
from app.api.carrier_requests import SignedForm, is_upgrade_allowed, xml
from app.calls.models import CarrierStatus, RecordingStatus
from app.calls.reports import RecordingReport
from app.core.config import Settings
from app.core.errors import Forbidden
from app.core.phone import NotAPhoneNumber
from app.live.door import StreamClosed, StreamDoor
from app.live.metrics import STREAMS_REFUSED
from app.live.reception import Answer, Connect, GoOut, Nothing, NotInService, PutThrough, Reception, Voicemail
from app.live.sockets import FrameSocket
from app.live.switchboard import Switchboard

log = structlog.get_logger(__name__)

router = APIRouter(tags=["calls"])

_INTRODUCTION_S = 10.0
_POLICY_VIOLATION = 1008
_TRY_AGAIN_LATER = 1013


class _Words:
    """Writes answers down as TwiML, with every address under PUBLIC_BASE_URL."""

    def __init__(self, settings: Settings) -> None:
        self._base = settings.base_url
        scheme, _, rest = settings.base_url.partition("://")
        self._stream_url = f"{'wss' if scheme == 'https' else 'ws'}://{rest}/audio-stream"

    def __call__(self, answer: Answer) -> str:
        match answer:
            case Connect():
                return twiml.connect_stream(
                    self._stream_url,
                    token=answer.token,
                    after_stream_url=f"{self._base}/calls/after-stream",
                    recording_url=f"{self._base}/calls/recording" if answer.is_recorded else None,
                )
            case Voicemail():
                return twiml.voicemail(
                    answer.text,
                    language=answer.language,
                    action_url=f"{self._base}/calls/after-voicemail",
                    recording_url=f"{self._base}/calls/recording",
                )
            case PutThrough():
                return twiml.transfer(answer.to, caller_id=answer.shown, action_url=f"{self._base}/calls/after-dial")
            case NotInService():
                return twiml.say_and_hang_up(twiml.SORRY)
            case GoOut():
                return twiml.hang_up()
            case Nothing():
                return twiml.empty()


def _reception(request: Request) -> Reception:
    reception: Reception = request.app.state.reception
    return reception


# --- webhooks ------------------------------------------------------------------------------------------------------


@router.post("/calls/inbound", operation_id="answerCall", include_in_schema=False)
async def inbound(request: Request, form: SignedForm) -> Response:
    """Somebody rings: what shall the carrier do?"""
    write = _Words(request.app.state.settings)
    try:
        call = webhooks.inbound_call(form)
    except (webhooks.BadWebhook, NotAPhoneNumber) as error:
        log.warning("webhook not understood", path="/calls/inbound", error=type(error).__name__)
        return xml(write(NotInService()))
    ring = {
        "carrier_call_id": call.carrier_call_id,
        "caller": call.caller,
        "called": call.called,
        "attestation": call.attestation,
        "forwarded_from": call.forwarded_from,
    }
    token = request.headers.get("i-twilio-idempotency-token", "")
    return xml(await _reception(request).ring(ring, token, write))  # type: ignore[arg-type]  # a Ring by its keys


@router.post("/calls/after-stream", operation_id="continueCall", include_in_schema=False)
async def after_stream(request: Request, form: SignedForm) -> Response:
    """The stream has ended: what comes next?"""
    report = webhooks.call_report(form)
    write = _Words(request.app.state.settings)
    return xml(await _reception(request).after_stream(report.carrier_call_id, report.status, write))


@router.post("/calls/after-dial", operation_id="concludeDial", include_in_schema=False)
async def after_dial(request: Request, form: SignedForm) -> Response:
    """The owner's phone has rung."""
    result = webhooks.dial_result(form)
    write = _Words(request.app.state.settings)
    return xml(await _reception(request).after_dial(result.carrier_call_id, result.is_bridged, write))


@router.post("/calls/after-voicemail", operation_id="concludeVoicemail", include_in_schema=False)
async def after_voicemail(request: Request, form: SignedForm) -> Response:
    """The voicemail was recorded, or stayed empty."""
    report = webhooks.call_report(form)
    write = _Words(request.app.state.settings)
    recording = _recording_report(webhooks.recording(form))
    return xml(await _reception(request).after_voicemail(report.carrier_call_id, recording, write))


@router.post("/calls/fallback", operation_id="answerInsteadOfInbound", include_in_schema=False)
async def fallback(request: Request, form: SignedForm) -> Response:
    """The carrier got no usable answer from us: voicemail, without touching the database."""
    code = form.get("ErrorCode")
    log.warning("carrier fell back", error_code=code if isinstance(code, str) and code.isdecimal() else "")
    return xml(_Words(request.app.state.settings)(Voicemail()))


@router.post("/calls/status", operation_id="reportCallStatus", include_in_schema=False)
async def status(request: Request, form: SignedForm) -> Response:
    """The carrier reports how a call stands."""
    report = webhooks.call_report(form)
    try:
        carrier_status = CarrierStatus(report.status)
    except ValueError:
        log.warning("unknown carrier status")
        return xml(twiml.empty())
    await _reception(request).status(report.carrier_call_id, carrier_status, report.duration_s)
    return xml(twiml.empty())


@router.post("/calls/recording", operation_id="reportRecording", include_in_schema=False)
async def recording(request: Request, form: SignedForm) -> Response:
    """The carrier reports about a recording."""
    found = webhooks.recording(form)
    report = _recording_report(found)
    if found is not None and report is not None:
        await _reception(request).recording(found.carrier_call_id, report, is_voicemail=found.is_voicemail)
    return xml(twiml.empty())


def _recording_report(form: webhooks.RecordingForm | None) -> RecordingReport | None:
    if form is None:
        return None
    try:
        told = RecordingStatus(form.status)
    except ValueError:
        return None
    return RecordingReport(form.carrier_recording_id, told, form.duration_s, form.channels, form.url)


# --- the media stream ----------------------------------------------------------------------------------------------


@router.websocket("/audio-stream")
async def audio_stream(websocket: WebSocket) -> None:
    """A call's audio. Refused before the handshake unless the carrier signed the upgrade, and after it unless the
    stream presents a one-time token that was issued for its call.
    """
    if not is_upgrade_allowed(websocket):
        log.warning("stream refused: signature invalid")
        STREAMS_REFUSED.labels(reason="signature").inc()
        await websocket.close(_POLICY_VIOLATION)
        return
    await websocket.accept()
    door = StreamDoor()
    socket = direct_frames(websocket, door)
    if socket is not None:
        await _serve(websocket.app.state.switchboard, door, socket)
        return
    pumped = PumpedSocket(websocket, door)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(pumped.pump())
        await _serve(websocket.app.state.switchboard, door, pumped)
        pumped.close()


async def _serve(switchboard: Switchboard, door: StreamDoor, socket: FrameSocket) -> None:
    try:
        started = await door.started(_INTRODUCTION_S)
        preparation = await switchboard.admit(started.parameters.get("token", ""), started.carrier_call_id)
        runner = await switchboard.connect(preparation, started.stream_id, socket)
    except (StreamProtocolError, TimeoutError, Forbidden, StreamClosed) as error:
        reason = "media" if isinstance(error, UnsupportedMedia) else type(error).__name__
        log.warning("stream refused", reason=reason)
        STREAMS_REFUSED.labels(reason=reason).inc()
        socket.close(_POLICY_VIOLATION)
        return
    except (SQLAlchemyError, OSError) as error:
        # The database is away: the carrier runs the step behind the stream, which is voicemail then.
        log.warning("stream not served", error=type(error).__name__)
        socket.close(_TRY_AGAIN_LATER)
        return
    door.hand_over(runner)
    socket.listen(runner)
    await switchboard.serve(runner, preparation)
