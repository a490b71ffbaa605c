"""The sandbox's carrier beside real application processes: it rings them, and is asked by them afterwards."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import httpx
from pydantic import SecretStr

from sandbox.carrier.server import create_carrier
from sandbox.carrier.settings import CarrierSettings
from sandbox.conversation import Event, Handset, ring
from tests.faults.processes import ACCOUNT
from tests.faults.stream_end import PATIENCE_S
from tests.live.server import CALLER, NUMBER, TOKEN, Server
from tests.sandbox.carrier.servers import serving
from tests.sandbox.speech.realtime_wire import tone


@dataclass(frozen=True, slots=True)
class Exchange:
    url: str

    def ring(self) -> AbstractAsyncContextManager[Handset]:
        return ring(self.url, caller=CALLER, called=NUMBER)

    async def lead_astray(self, url: str) -> None:
        """Let the number ask for its document at an address that has none."""
        numbers = f"/api/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers"
        async with httpx.AsyncClient(base_url=self.url, auth=(ACCOUNT, TOKEN), timeout=10) as client:
            found = (await client.get(f"{numbers}.json")).raise_for_status().json()
            sid = found["incoming_phone_numbers"][0]["sid"]
            (await client.post(f"{numbers}/{sid}.json", data={"VoiceUrl": url})).raise_for_status()


@asynccontextmanager
async def exchange(app: Server, port: int, speech_url: str) -> AsyncIterator[Exchange]:
    """A carrier on this port whose number the application answers."""
    settings = CarrierSettings(
        port=port,
        account_sid=ACCOUNT,
        auth_token=SecretStr(TOKEN),
        app_url=app.base,
        speech_url=speech_url,
        number=NUMBER,
        app_key=SecretStr("key"),
        log_level="ERROR",
    )
    async with serving(create_carrier(settings), port, lifespan="on"):
        yield Exchange(settings.public_url)


def is_verb(name: str) -> Callable[[Event], bool]:
    return lambda event: event["event"] == "verb" and event["verb"] == name


async def ended(handset: Handset) -> None:
    async with asyncio.timeout(PATIENCE_S):
        await handset.ended.wait()


async def leave_voicemail(handset: Handset) -> None:
    """Speak to the recording, and hang up."""
    assert await handset.until(is_verb("Record"), PATIENCE_S) is not None
    await handset.play(tone(1200))
    await handset.hang_up()
    await ended(handset)
