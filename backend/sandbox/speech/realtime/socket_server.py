"""uvicorn's WebSocket protocol, with a way to break a connection as a network does."""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

BREAK_EXTENSION = "sandbox.break"
"""The ASGI extension under which a connection finds the function that breaks it without a closing frame."""


class BreakableWebSocket(WebSocketsSansIOProtocol):
    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            extensions = self.scope["extensions"] or {}
            self.scope["extensions"] = {**extensions, BREAK_EXTENSION: self.transport.abort}  # type: ignore[dict-item]
