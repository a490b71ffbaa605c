"""A call placed by REST: it rings at somebody, who then meets a document."""

import asyncio

from sandbox.carrier.leg import Leg
from sandbox.carrier.recordings import RecordingPlan
from sandbox.carrier.ringing import end_leg, ring_out
from sandbox.carrier.services import Services
from sandbox.carrier.session import Session
from sandbox.carrier.steps import Step

_QUEUED_S = 0.05


class OutgoingCall:
    """Runs the leg until it is answered; then the session does."""

    def __init__(self, leg: Leg, services: Services, recording: RecordingPlan | None = None) -> None:
        self._leg = leg
        self._recording = recording
        self._services = services
        self._gone = asyncio.Event()
        self._replacement: Step | None = None
        leg.control = self

    async def run(self, first: Step, ring_s: float) -> None:
        """To the end of the leg."""
        ringing = asyncio.get_running_loop().create_task(self._ring(ring_s))
        gone = asyncio.get_running_loop().create_task(self._gone.wait())
        try:
            await asyncio.wait({ringing, gone}, return_when=asyncio.FIRST_COMPLETED)
            is_answered = ringing.done() and ringing.result()
        finally:
            ringing.cancel()
            gone.cancel()
        if is_answered and not self._leg.is_over:
            if self._recording is not None:
                self._services.recordings.start(self._leg, self._recording)
            await Session(self._leg, self._services).run(self._replacement or first)

    def hang_up(self, *, by: str, status: str = "completed") -> None:
        last = status if status != "completed" else "no-answer"
        end_leg(self._leg, self._services, last, by=by)
        self._gone.set()

    def replace(self, step: Step) -> None:
        self._replacement = step

    async def _ring(self, ring_s: float) -> bool:
        await asyncio.sleep(_QUEUED_S)
        self._leg.status = "initiated"
        self._services.callbacks.progress(self._leg, "initiated")
        return await ring_out(self._leg, self._services, self._services.parties.at(self._leg.called), ring_s)
