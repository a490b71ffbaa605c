"""The telephone exchange: somebody rings one of our numbers, or one of our numbers rings somebody."""

from dataclasses import dataclass, field

from sandbox.carrier.fields import incoming_fields
from sandbox.carrier.leg import Leg, Network, StatusCallback
from sandbox.carrier.outgoing import OutgoingCall
from sandbox.carrier.recordings import RecordingPlan
from sandbox.carrier.services import Services
from sandbox.carrier.session import Session
from sandbox.carrier.sids import new_sid
from sandbox.carrier.steps import Fetch, Step


class NotInService(Exception):
    """Nobody has that number."""


@dataclass(frozen=True, slots=True)
class Ring:
    """Somebody dials one of our numbers; `fields` go along in the webhooks."""

    caller: str
    called: str
    fields: dict[str, str] = field(default_factory=dict)
    network: Network = field(default_factory=Network)


def ring(services: Services, order: Ring) -> Leg:
    """Let one of our numbers ring. Raises NotInService."""
    number = services.numbers.get(order.called)
    if number is None:
        raise NotInService
    leg = Leg(
        new_sid("CA"),
        order.caller,
        order.called,
        "inbound",
        number_sid=number.sid,
        extra_fields=dict(order.fields),
        network=order.network,
        fallback=(number.fallback_url, number.fallback_method),
        status_callback=StatusCallback(number.status_callback, number.status_method),
    )
    leg.handset.tell("ringing")
    services.legs.add(leg)
    if number.voice_url:
        first = Fetch(number.voice_url, number.voice_method, incoming_fields(leg))
        services.tasks.spawn(Session(leg, services).run(first))
    else:
        leg.end("failed", by="carrier")
    return leg


def place(services: Services, leg: Leg, first: Step, *, ring_s: float, recording: RecordingPlan | None = None) -> None:
    """Let a queued leg go out; whoever answers meets the first document, and is recorded when that is planned."""
    services.legs.add(leg)
    services.tasks.spawn(OutgoingCall(leg, services, recording).run(first, ring_s))
