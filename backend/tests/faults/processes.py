"""The production server as a process of its own, as an operator runs it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from sandbox.processes import Child
from tests.live.server import TOKEN, Server
from tests.sandbox.carrier.servers import free_port

_READY_S = 30.0
_POLL_S = 0.02
ACCOUNT = "AC" + "0a" * 16


@dataclass(slots=True)
class ServeProcess(Server):
    """`callassistant serve`, and a carrier's view of it."""

    child: Child

    @property
    def address(self) -> str:
        """Where this one process takes streams, whatever address the carrier knows."""
        return f"{str(self.client.base_url).rstrip('/').replace('http', 'ws', 1)}/audio-stream"

    async def readiness(self) -> dict[str, object]:
        found: dict[str, object] = (await self.client.get("/ready")).json()
        return found

    async def idle(self) -> None:
        """Wait until no call is live."""
        await self.until(lambda found: found["live_calls"] == 0)

    async def until(self, holds: Callable[[dict[str, object]], bool]) -> None:
        """Wait until something holds of the process's readiness."""
        async with asyncio.timeout(_READY_S):
            while True:
                if holds(await self.readiness()):
                    return
                await asyncio.sleep(_POLL_S)


@asynccontextmanager
async def serve_process(folder: Path, **environment: str) -> AsyncIterator[ServeProcess]:
    """Run the server until the context ends; `environment` are its variables in lower case."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    base = environment.get("public_base_url", address)
    variables = {
        "app_env": "test",
        "log_level": "INFO",
        "data_dir": str(folder / "data"),
        "public_base_url": base,
        "twilio_account_sid": ACCOUNT,
        "twilio_auth_token": TOKEN,
        "twilio_base_url": "http://127.0.0.1:9",
        "openai_api_key": "sk-test",
        "jwt_secret_key": "test-secret",
        **environment,
    }
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    child = Child(
        f"app-{port}",
        [sys.executable, "-m", "callassistant.cli", "serve", "--port", str(port)],
        inherited | {name.upper(): value for name, value in variables.items()},
        folder / f"app-{port}.log",
    )
    await child.start()
    try:
        async with httpx.AsyncClient(base_url=address, timeout=20) as client:
            await _answering(client, child)
            yield ServeProcess(base, client, child)
    finally:
        await child.stop()


async def _answering(client: httpx.AsyncClient, child: Child) -> None:
    async with asyncio.timeout(_READY_S):
        while True:
            assert child.is_running, child.log_tail()
            try:
                await client.get("/health")
            except httpx.TransportError:
                await asyncio.sleep(_POLL_S)
            else:
                return
