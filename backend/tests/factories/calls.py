"""Calls that have come in."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.calls.models import Call
from app.calls.reports import Ring
from app.calls.service import CarrierCalls
from app.core.phone import E164, CallerIdentity, CallerNumber
from app.numbers.service import Line
from tests.factories.lines import NOW

CALLER = E164("+15550100001")


def a_ring(carrier_call_id: str = "CA1", caller: CallerNumber | None = None) -> Ring:
    """What the carrier tells; from +15550100001 unless said otherwise."""
    return Ring(
        carrier_call_id=carrier_call_id,
        caller=caller or CallerNumber(CallerIdentity.NUMBER, CALLER),
        called=E164("+15550001111"),
        attestation="TN-Validation-Passed-A",
        forwarded_from=None,
    )


async def a_call(session: AsyncSession, line: Line, carrier_call_id: str = "CA1", *, at: datetime = NOW) -> Call:
    """A call that rings."""
    call, _ = await CarrierCalls(session).receive(line, now=at, **a_ring(carrier_call_id))
    return call
