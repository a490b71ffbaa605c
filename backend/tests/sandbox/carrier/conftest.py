"""A carrier and an application it calls, both real servers."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import httpx
import pytest
from pydantic import SecretStr

from sandbox.carrier.server import create_carrier
from sandbox.carrier.settings import CarrierSettings
from sandbox.conversation import Handset, ring
from tests.sandbox.carrier.called import CalledApp
from tests.sandbox.carrier.servers import free_port, serving

TOKEN = "12345"
ACCOUNT = "AC" + "0a" * 16
NUMBER = "+15550001111"
CALLER = "+15550100001"


@dataclass
class Carrier:
    """A running carrier."""

    url: str
    http: httpx.AsyncClient

    def ring(
        self, *, params: dict[str, str] | None = None, network: dict[str, float] | None = None
    ) -> AbstractAsyncContextManager[Handset]:
        return ring(self.url, caller=CALLER, called=NUMBER, params=params, network=network)


@pytest.fixture
async def app() -> AsyncIterator[CalledApp]:
    called = CalledApp()
    async with serving(called.asgi) as port:
        called.port = port
        yield called


@pytest.fixture
async def carrier(app: CalledApp) -> AsyncIterator[Carrier]:
    port = free_port()
    settings = CarrierSettings(
        port=port,
        account_sid=ACCOUNT,
        auth_token=SecretStr(TOKEN),
        app_url=app.url,
        speech_url="http://127.0.0.1:9",
        number=NUMBER,
        app_key=SecretStr("key"),
    )
    async with (
        serving(create_carrier(settings), port, lifespan="on"),
        httpx.AsyncClient(base_url=settings.public_url, timeout=10) as http,
    ):
        yield Carrier(settings.public_url, http)
