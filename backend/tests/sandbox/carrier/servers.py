"""Real servers on loopback, in the loop of the test."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

_START_S = 10.0


class _QuietServer(uvicorn.Server):
    """Leaves the signals of the process to pytest."""

    def install_signal_handlers(self) -> None:
        return


@asynccontextmanager
async def serving(app: ASGIApp, port: int = 0, *, lifespan: str = "off") -> AsyncIterator[int]:
    """Serve `app` on a port of 127.0.0.1, a free one by default, until the context ends."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        config = uvicorn.Config(
            app,
            lifespan="on" if lifespan == "on" else "off",
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            log_level="error",
            timeout_graceful_shutdown=1,
        )
        server = _QuietServer(config)
        task = asyncio.get_running_loop().create_task(server._serve([listener]))
        async with asyncio.timeout(_START_S):
            while not server.started:
                if task.done():
                    await task
                await asyncio.sleep(0.01)
        yield listener.getsockname()[1]
        server.should_exit = True
        await task


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
