"""The whole application on a real port, as the carrier meets it: signed forms in, documents out."""

import asyncio
import hmac
import socket
import xml.etree.ElementTree as ET
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import uvicorn

from app.api.websocket_protocol import PicowsProtocol
from app.core.config import Settings
from app.main import create_app

TOKEN = "test-auth-token"
CALLER, NUMBER = "+15550100001", "+15550001111"


def sign(url: str, form: dict[str, str] | None = None, token: str = TOKEN) -> str:
    """The carrier's signature (twilio-google.md §1.5)."""
    text = url + "".join(name + value for name, value in sorted((form or {}).items()))
    return b64encode(hmac.digest(token.encode(), text.encode(), "sha1")).decode()


def call_sid(number: int) -> str:
    return f"CA{number:032x}"


@dataclass(slots=True)
class Server:
    """The running application and a carrier's view of it."""

    base: str
    client: httpx.AsyncClient

    async def post(
        self, path: str, form: dict[str, str], *, signature: str | None = None, idempotency: str = ""
    ) -> httpx.Response:
        """Post a webhook, signed unless told otherwise."""
        headers = {"x-twilio-signature": signature if signature is not None else sign(f"{self.base}{path}", form)}
        if idempotency:
            headers["i-twilio-idempotency-token"] = idempotency
        return await self.client.post(path, data=form, headers=headers)

    async def ring(self, sid: str, *, to: str = NUMBER, caller: str = CALLER, idempotency: str = "") -> ET.Element:
        """Ring a number; the document that answers."""
        form = {"CallSid": sid, "AccountSid": "AC0", "From": caller, "To": to, "CallStatus": "ringing"}
        answer = await self.post("/calls/inbound", form, idempotency=idempotency)
        assert answer.status_code == 200, answer.text
        return parsed(answer.text)

    @property
    def stream_url(self) -> str:
        return f"{self.base.replace('http', 'ws', 1)}/audio-stream"


@asynccontextmanager
async def serving(database_url: str, **settings: str) -> AsyncIterator[Server]:
    """Serve on a free port. The engine's address leads nowhere unless it is given."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        values = {
            "app_env": "test",
            "log_level": "ERROR",
            "database_url": database_url,
            "public_base_url": base,
            "twilio_auth_token": TOKEN,
            "jwt_secret_key": "test-secret",
            "openai_api_key": "sk-test",
            "openai_base_url": "http://127.0.0.1:9/v1",
            **settings,
        }
        app = create_app(Settings.model_validate(values))
        config = uvicorn.Config(app, ws=PicowsProtocol, log_config=None, timeout_graceful_shutdown=3)
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        async with asyncio.timeout(20):
            while not server.started:  # noqa: ASYNC110 — uvicorn offers a flag, no event
                await asyncio.sleep(0.01)
        try:
            async with httpx.AsyncClient(base_url=base, timeout=20) as client:
                yield Server(base, client)
        finally:
            server.should_exit = True
            await task


def parsed(document: str) -> ET.Element:
    return ET.fromstring(document)  # noqa: S314 — written by our own server


def verbs(document: ET.Element) -> list[str]:
    return [verb.tag for verb in document]
