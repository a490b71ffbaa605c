"""Everything at once, offline: database, application, carrier and speech service, each a process of its own.

The application is started like any other program and learns of the sandbox only by the addresses in its environment.
"""

import asyncio
import json
import secrets
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from sandbox.processes import Child

ACCOUNT_SID = "AC" + "5a" * 16
AUTH_TOKEN = "sandbox-auth-token"  # noqa: S105 — signs nothing but the sandbox's own webhooks
NUMBER = "+15550001111"
OWNER_PHONE = "+15550002222"

_READY_S = 60.0
_POLL_S = 0.1
_RESTART_S = 0.2
_HOST = "127.0.0.1"
_ADDRESS = "database-address"
"""File in the data folder with the address of the running database, for other commands."""


class StackFailed(Exception):
    """A part did not come up; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Ports:
    app: int = 8000
    carrier: int = 8100
    speech: int = 8101


@dataclass(frozen=True, slots=True)
class StackOptions:
    """`database_url` empty: an embedded database in `data_dir`. `apps` processes share the application's port.

    `environment` is added to that of the application; `base` is what all children inherit.
    """

    base: Mapping[str, str]
    data_dir: Path = Path(".data")
    database_url: str = ""
    ports: Ports = field(default_factory=Ports)
    apps: int = 1
    restart: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)
    speech_environment: Mapping[str, str] = field(default_factory=dict)


class Stack:
    """The running sandbox; use it as an async context manager."""

    def __init__(self, options: StackOptions, say: Callable[[str], None] = lambda _: None) -> None:
        self._options = options
        self._say = say
        self._children: list[Child] = []
        self._watchers: list[asyncio.Task[None]] = []
        self._is_stopping = False
        self.apps: list[Child] = []
        self.database_url = options.database_url
        self.api_key = ""

    @property
    def app_url(self) -> str:
        return f"http://{_HOST}:{self._options.ports.app}"

    @property
    def carrier_url(self) -> str:
        return f"http://{_HOST}:{self._options.ports.carrier}"

    @property
    def speech_url(self) -> str:
        return f"http://{_HOST}:{self._options.ports.speech}"

    async def __aenter__(self) -> "Stack":
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()

    async def adopt(self) -> None:
        """Use a stack that somebody else has started on these ports; it is theirs to end."""
        address = self._options.data_dir / _ADDRESS
        self.database_url = self.database_url or (address.read_text() if address.exists() else "")
        self.api_key = (await self._seed())["api_key"]

    # --- starting --------------------------------------------------------------------------------------------------

    async def _start(self) -> None:
        speech = self._child("speech", "sandbox", "--only", "speech", "--port", str(self._options.ports.speech))
        await self._launch(speech)
        if not self.database_url:
            self._say("starting the database")
            self.database_url = await self._start_database()
        self._say("preparing the demo account")
        self.api_key = (await self._seed())["api_key"]
        self.apps = [self._app(index) for index in range(self._options.apps)]
        for app in self.apps:
            await self._launch(app)
        port = str(self._options.ports.carrier)
        carrier = self._child("carrier", "sandbox", "--only", "carrier", "--port", port)
        await self._launch(carrier)
        self._say("waiting until everything answers")
        await asyncio.gather(
            self._ready(speech, f"{self.speech_url}/sandbox/health"),
            self._ready(carrier, f"{self.carrier_url}/sandbox/health"),
            *(self._ready(app, f"{self.app_url}/ready") for app in self.apps[:1]),
        )

    async def _start_database(self) -> str:
        child = self._child("database", "database")
        process = await child.start(stdout=asyncio.subprocess.PIPE)
        self._children.append(child)
        if process.stdout is None:
            raise StackFailed("the database has no output")
        async with asyncio.timeout(_READY_S):
            address = (await process.stdout.readline()).decode().strip()
        if not address:
            raise StackFailed(f"the database did not start:\n{child.log_tail()}")
        (self._options.data_dir / _ADDRESS).write_text(address)
        return address

    async def _seed(self) -> dict[str, str]:
        child = self._child("seed", "seed-demo", "--number", NUMBER, "--owner-phone", OWNER_PHONE)
        process = await child.start(stdout=asyncio.subprocess.PIPE)
        async with asyncio.timeout(_READY_S):
            printed, _ = await process.communicate()
        if process.returncode != 0:
            raise StackFailed(f"the demo account could not be made:\n{child.log_tail()}")
        made: dict[str, str] = json.loads(printed)
        return made

    def _app(self, index: int) -> Child:
        arguments = ["serve", "--port", str(self._options.ports.app)]
        if self._options.apps > 1:
            arguments.append("--reuse-port")
        return self._child(f"app{index}" if index else "app", *arguments)

    def _child(self, name: str, *arguments: str) -> Child:
        command = [sys.executable, "-m", "callassistant.cli", *arguments]
        return Child(name, command, self._environment(name), self._options.data_dir / "logs" / f"{name}.log")

    def _environment(self, name: str) -> dict[str, str]:
        options = self._options
        environment = {
            **options.base,
            "DATA_DIR": str(options.data_dir),
            "DATABASE_URL": self.database_url,
            "PORT": str(options.ports.app),
            "PUBLIC_BASE_URL": self.app_url,
            "OPENAI_API_KEY": "sk-sandbox",
            "OPENAI_BASE_URL": f"{self.speech_url}/v1",
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            "TWILIO_BASE_URL": self.carrier_url,
            "JWT_SECRET_KEY": _secret(options.data_dir),
            "SANDBOX_APP_URL": self.app_url,
            "SANDBOX_APP_KEY": self.api_key,
            "SANDBOX_SPEECH_URL": self.speech_url,
            "SANDBOX_NUMBER": NUMBER,
        }
        if name.startswith("app"):
            environment |= options.environment
        if name == "speech":
            environment |= options.speech_environment
        return environment

    async def _launch(self, child: Child) -> None:
        await child.start()
        self._children.append(child)
        if self._options.restart:
            self._watchers.append(asyncio.get_running_loop().create_task(self._watch(child)))

    async def _watch(self, child: Child) -> None:
        """Start a child again when it has ended, as a service manager would."""
        while not self._is_stopping:
            status = await child.wait()
            if self._is_stopping:
                return
            self._say(f"{child.name} ended with status {status}, starting it again")
            await asyncio.sleep(_RESTART_S)
            await child.start()

    async def _ready(self, child: Child, url: str) -> None:
        async with httpx.AsyncClient(timeout=2.0) as client:
            try:
                async with asyncio.timeout(_READY_S):
                    while not await _answers(client, url):
                        if not child.is_running and not self._options.restart:
                            raise StackFailed(f"{child.name} ended:\n{child.log_tail()}")
                        await asyncio.sleep(_POLL_S)
            except TimeoutError:
                raise StackFailed(f"{child.name} does not answer:\n{child.log_tail()}") from None

    async def _stop(self) -> None:
        self._is_stopping = True
        for watcher in self._watchers:
            watcher.cancel()
        stops: list[Awaitable[None]] = [child.stop() for child in reversed(self._children) if child.name != "database"]
        await asyncio.gather(*stops)
        for child in self._children:
            if child.name == "database":
                await child.stop()


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).status_code == 200
    except httpx.HTTPError:
        return False


def _secret(data_dir: Path) -> str:
    """A signing secret of this sandbox's own, made once."""
    file = data_dir / "sandbox-secret"
    if not file.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        file.write_text(secrets.token_urlsafe(32))
        file.chmod(0o600)
    return file.read_text()
