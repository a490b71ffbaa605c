"""What was overheard is sent again: it opens nothing, whoever sends it."""

import pytest
from sqlalchemy import text
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from app.numbers.service import Line
from app.store.database import Database
from tests.faults.stream_end import stream, token_of
from tests.live.server import CALLER, NUMBER, call_sid, serving, sign, verbs

SID = call_sid(1)
OVER = {"CallSid": SID, "CallStatus": "completed", "CallDuration": "9"}
_POLICY_VIOLATION = 1008


async def test_ring_of_a_call_that_is_over_connects_nobody(database: Database, line: Line) -> None:
    async with serving(database.url) as server:
        await server.ring(SID, idempotency="once")
        await server.post("/calls/status", OVER)
        async with database.sessions.begin() as session:
            await session.execute(text("DELETE FROM webhook_receipts"))

        assert verbs(await server.ring(SID, idempotency="once")) == []


async def test_token_is_worthless_when_its_call_is_over(database: Database, line: Line) -> None:
    async with serving(database.url) as server:
        token = token_of(await server.ring(SID))
        await server.post("/calls/status", OVER)
        async with stream(server, SID, token) as end:
            assert await end.close_code() == _POLICY_VIOLATION


async def test_signature_is_good_for_its_form_and_address_only(database: Database, line: Line) -> None:
    form = {"CallSid": SID, "AccountSid": "AC0", "From": CALLER, "To": NUMBER, "CallStatus": "ringing"}
    async with serving(database.url) as server:
        signature = sign(f"{server.base}/calls/inbound", form)
        attempts = [
            ("/calls/inbound", form | {"From": "+15550100009"}),
            ("/calls/inbound", form | {"Extra": "1"}),
            ("/calls/inbound?x=1", form),
            ("/calls/status", form),
        ]
        answers = [await server.post(path, sent, signature=signature) for path, sent in attempts]

        assert [answer.status_code for answer in answers] == [403] * len(attempts)
        assert (await server.post("/calls/inbound", form, signature=signature)).status_code == 200


@pytest.mark.parametrize("path", ["/audio-stream?x=1", "/audio-stream"])
async def test_upgrade_is_signed_for_its_own_address(database: Database, line: Line, path: str) -> None:
    async with serving(database.url) as server:
        url = f"{server.stream_url.removesuffix('/audio-stream')}{path}"
        signed = sign(server.stream_url if "?" in path else f"{server.base}/calls/inbound")
        with pytest.raises(InvalidStatus) as refused:
            async with connect(url, additional_headers={"x-twilio-signature": signed}):
                pass

    assert refused.value.response.status_code == 403
