"""The telephone exchange: who rings whom, and which legs there are."""

from dataclasses import dataclass, field

from sandbox.carrier.leg import Leg, Network, StatusCallback
from sandbox.carrier.numbers import Number, Numbers
from sandbox.carrier.running import Fetch, Step
from sandbox.carrier.services import Services
from sandbox.carrier.session import Session
from sandbox.carrier.sids import new_sid


class NotInService(Exception):
    """Nobody has that number."""


@dataclass(frozen=True, slots=True)
class Ring:
    """Somebody dials one of our numbers; `fields` go along in the webhooks."""

    caller: str
    called: str
    fields: dict[str, str] = field(default_factory=dict)
    network: Network = field(default_factory=Network)


class Exchange:
    """All legs of this carrier, newest last."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._sessions: dict[str, Session] = {}
        self.numbers = Numbers()
        self.legs: dict[str, Leg] = {}
        settings = services.settings
        app = settings.app_url.rstrip("/")
        self.numbers.add(
            Number(
                settings.number,
                voice_url=f"{app}/calls/inbound",
                fallback_url=f"{app}/calls/fallback",
                status_callback=f"{app}/calls/status",
            )
        )

    def ring(self, order: Ring) -> Leg:
        """Let a number ring. Raises NotInService."""
        number = self.numbers.get(order.called)
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
        self._keep(leg)
        if number.voice_url:
            self._run(leg, Fetch(number.voice_url, number.voice_method))
        else:
            leg.end("failed", by="carrier")
        return leg

    def session(self, sid: str) -> Session | None:
        """Who runs a leg; None when it is over or unknown."""
        return self._sessions.get(sid)

    def _run(self, leg: Leg, first: Step) -> None:
        session = Session(leg, self._services)
        self._sessions[leg.sid] = session
        task = self._services.tasks.spawn(session.run(first))
        task.add_done_callback(lambda _: self._sessions.pop(leg.sid, None))

    def _keep(self, leg: Leg) -> None:
        self.legs[leg.sid] = leg
        over = [sid for sid, kept in self.legs.items() if kept.is_over]
        for sid in over[: max(len(over) - self._services.settings.kept_calls, 0)]:
            del self.legs[sid]
