"""The sandbox's own control interface of the carrier."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Request, Response, WebSocket
from pydantic import BaseModel, Field

from sandbox.carrier import exchange
from sandbox.carrier.faults import KINDS, Fault
from sandbox.carrier.leg import Leg, Network
from sandbox.carrier.line import Line
from sandbox.carrier.parties import Behaviour, Party
from sandbox.carrier.services import Services

router = APIRouter(prefix="/sandbox")

_NO_SUCH_CALL = 4404


class NetworkOrder(BaseModel):
    jitter_ms: float = Field(0, ge=0, le=2000)
    loss_pct: float = Field(0, ge=0, le=100)


class RingOrder(BaseModel):
    caller: Annotated[str, Field(alias="from", min_length=1, max_length=64)]
    called: Annotated[str, Field(alias="to", min_length=1, max_length=64)]
    params: dict[str, str] = {}
    network: NetworkOrder = NetworkOrder()


class PartyOrder(BaseModel):
    number: str = Field(min_length=1, max_length=64)
    behaviour: Behaviour = "answer"
    says: str = ""
    presses: str = Field("", pattern="^[0-9*#]*$")
    language: str = "en"
    voice: str = "caller2"
    after_s: float = Field(1.0, ge=0, le=600)
    for_s: float = Field(0.0, ge=0, le=86400)


@router.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@router.post("/calls", status_code=201)
async def ring(request: Request, order: RingOrder) -> dict[str, str]:
    """A caller rings a number now."""
    network = Network(order.network.jitter_ms, order.network.loss_pct)
    try:
        leg = exchange.ring(_services(request), exchange.Ring(order.caller, order.called, order.params, network))
    except exchange.NotInService:
        raise HTTPException(404, f"The number {order.called} is not in service.") from None
    return {"call_sid": leg.sid}


@router.get("/calls")
async def list_calls(request: Request) -> dict[str, list[dict[str, Any]]]:
    """All calls, newest first, without their events."""
    return {"calls": [_summary(leg) for leg in _services(request).legs]}


@router.get("/calls/{call_sid}")
async def get_call(request: Request, call_sid: str) -> dict[str, Any]:
    leg = _leg(request, call_sid)
    found = _services(request).recordings
    recordings = [
        {"sid": it.sid, "status": it.status, "duration_s": it.duration_s, "url": found.url(it)}
        for it in found.of_leg(leg)
    ]
    return {**_summary(leg), "events": leg.handset.events, "recordings": recordings}


@router.get("/calls/{call_sid}/audio.wav")
async def get_audio(request: Request, call_sid: str) -> Response:
    """The whole call in stereo: left the caller, right what the caller heard."""
    return Response(_leg(request, call_sid).tape.wav(), media_type="audio/wav")


@router.websocket("/calls/{call_sid}/line")
async def line(socket: WebSocket, call_sid: str) -> None:
    services: Services = socket.app.state.services
    leg = services.legs.get(call_sid)
    if leg is None:
        await socket.close(_NO_SUCH_CALL)
        return
    await Line(socket, leg, services.voice).serve()


@router.post("/parties", status_code=204)
async def add_party(request: Request, order: PartyOrder) -> None:
    """Who answers a <Dial> or a call placed by REST."""
    _services(request).parties.add(Party(**order.model_dump()))


@router.get("/messages")
async def list_messages(request: Request) -> dict[str, list[dict[str, Any]]]:
    """The inboxes of all phones, newest first: text messages and verification codes."""
    messages = [
        {"sid": it.sid, "from": it.sender, "to": it.recipient, "body": it.body, "status": it.status}
        for it in _services(request).messages
    ]
    return {"messages": messages}


@router.post("/faults", status_code=204)
async def add_fault(request: Request, order: dict[str, Any]) -> None:
    kind = order.pop("kind", None)
    if kind not in KINDS:
        raise HTTPException(422, f"A fault is one of {', '.join(sorted(KINDS))}.")
    count = order.pop("count", 1)
    if not isinstance(count, int) or count < 1:
        raise HTTPException(422, "The count of a fault is a whole number from 1.")
    _services(request).faults.add(Fault(kind, order, count))


@router.delete("/faults", status_code=204)
async def clear_faults(request: Request) -> None:
    _services(request).faults.clear()


def _summary(leg: Leg) -> dict[str, Any]:
    return {
        "call_sid": leg.sid,
        "from": leg.caller,
        "to": leg.called,
        "status": leg.status,
        "duration_s": leg.duration_s,
        "started_at": leg.created_at.isoformat(),
    }


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def _leg(request: Request, call_sid: str) -> Leg:
    leg = _services(request).legs.get(call_sid)
    if leg is None:
        raise HTTPException(404, f"There is no call {call_sid}.")
    return leg
