"""Servers on free ports: the sandbox's own carrier, and the application it calls."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import uvicorn
from pydantic import SecretStr
from websockets.asyncio.client import connect

from sandbox.carrier.server import create_carrier
from sandbox.carrier.settings import CarrierSettings
from tests.softphone.application import Application


@dataclass(frozen=True, slots=True)
class Carrier:
    """The carrier's control interface, as far as tests ask it themselves."""

    url: str

    async def told(self, sid: str, kind: str, count: int = 1) -> list[dict[str, Any]]:
        """The first events of a kind in a call, once there are as many."""
        found: list[dict[str, Any]] = []
        address = f"{self.url.replace('http', 'ws', 1)}/sandbox/calls/{sid}/line"
        async with asyncio.timeout(20), connect(address, proxy=None) as line:
            async for message in line:
                if isinstance(message, str) and (event := json.loads(message))["event"] == kind:
                    found.append(event)
                    if len(found) == count:
                        return found
        raise AssertionError(f"{len(found)} of {count} events {kind} in the whole call")


@contextlib.asynccontextmanager
async def running_application() -> AsyncIterator[Application]:
    application = Application()
    with _free_port() as listening:
        application.url = _url(listening)
        async with _serving(uvicorn.Config(application.asgi(), lifespan="off", log_level="error"), listening):
            yield application


@contextlib.asynccontextmanager
async def running_carrier(application: Application) -> AsyncIterator[Carrier]:
    """A carrier for one application; without a speech service its own voice speaks typed lines."""
    with _free_port() as listening:
        url = _url(listening)
        settings = CarrierSettings(
            app_url=application.url,
            app_key=SecretStr("key"),
            carrier_url=url,
            speech_url=f"{application.url}/no-speech",
        )
        config = uvicorn.Config(create_carrier(settings), ws="websockets-sansio", log_level="error")
        async with _serving(config, listening):
            yield Carrier(url)


@contextlib.asynccontextmanager
async def _serving(config: uvicorn.Config, listening: socket.socket) -> AsyncIterator[None]:
    config.timeout_graceful_shutdown = 1
    server = uvicorn.Server(config)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve([listening]))
        try:
            yield
        finally:
            server.should_exit = True


def _free_port() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def _url(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}"
