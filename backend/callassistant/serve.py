"""`callassistant serve`: the production server from the environment, letting calls finish before it stops."""

import argparse
import asyncio
import gc
import signal
import socket
import sys
from types import FrameType

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from app.api.websocket_protocol import PicowsProtocol
from app.core.config import Settings
from app.core.errors import DomainError
from app.main import create_app

_BACKLOG = 2048
_LINGER_S = 3.0
"""How long a drained process still answers: behind its last stream the carrier asks what comes next."""


class DrainingServer(uvicorn.Server):
    """Stops in two steps: SIGTERM lets live calls finish; a second one, or Ctrl-C, does not wait for them."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, drain_s: float) -> None:
        super().__init__(config)
        self._app = app
        self._drain_s = drain_s
        self._draining: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening; what exists by then lives as long as the process and is kept out of the collector's way."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        gc.collect()
        gc.freeze()
        # Calls make many short-lived objects and hardly any cycles: looking for cycles rarely is enough.
        gc.set_threshold(20_000, 20, 50)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Signal handler: begin to drain, or stop at once."""
        if self._loop is None or self._draining is not None or sig != signal.SIGTERM:
            super().handle_exit(sig, frame)
        else:
            self._loop.call_soon_threadsafe(self._start_draining)

    def _start_draining(self) -> None:
        if self._draining is None and self._loop is not None:
            self._draining = self._loop.create_task(self._drain())

    async def _drain(self) -> None:
        switchboard = self._app.state.switchboard
        had_calls = switchboard.live_calls > 0
        if await switchboard.drain(self._drain_s) == 0 and had_calls:
            await asyncio.sleep(_LINGER_S)
        self.should_exit = True


def listen(settings: Settings) -> socket.socket:
    """The listening socket; with REUSE_PORT the kernel shares connections out among processes on the same port."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if settings.reuse_port:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind((settings.host, settings.port))
    sock.set_inheritable(True)
    return sock


def run(settings: Settings) -> None:
    """Serve until a signal comes. Raises OSError when the address cannot be listened on."""
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        ws=PicowsProtocol if settings.websocket_server == "picows" else "websockets-sansio",
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    sock = listen(settings)
    sock.listen(_BACKLOG)
    DrainingServer(config, app, settings.drain_s).run(sockets=[sock])


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="callassistant serve", description=__doc__)
    parser.add_argument("--host", help="address to listen on (HOST)")
    parser.add_argument("--port", type=int, help="port to listen on (PORT)")
    parser.add_argument("--reuse-port", action="store_true", default=None, help="share the port with other processes")
    given = {name: value for name, value in vars(parser.parse_args(argv)).items() if value is not None}
    try:
        run(Settings(**given))
    except ValidationError as error:
        for problem in error.errors(include_input=False, include_url=False):
            print(f"setting {'.'.join(map(str, problem['loc'])).upper()}: {problem['msg']}", file=sys.stderr)
        return 2
    except DomainError as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"cannot listen: {error.strerror}", file=sys.stderr)
        return 1
    return 0
