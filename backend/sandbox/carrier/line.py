"""The handset's WebSocket: what somebody sends is the caller, what they receive is what the caller hears."""

import asyncio
from base64 import b64decode

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.carrier.handset import Event
from sandbox.carrier.leg import Leg
from sandbox.carrier.voice import Voice

_MOST_WAITING = 3000
"""Messages a listener may be behind, a minute of frames; a slower one loses frames, never events."""
_KEYS = frozenset("0123456789*#ABCD")


class Order(msgspec.Struct):
    """What a handset is told to do."""

    do: str
    id: str = ""
    text: str = ""
    language: str = "en"
    voice: str = "caller"
    audio: str = ""
    digits: str = ""


class Line:
    """One listener of one leg."""

    def __init__(self, socket: WebSocket, leg: Leg, voice: Voice) -> None:
        self._socket = socket
        self._leg = leg
        self._voice = voice
        self._outgoing: asyncio.Queue[bytes | Event] = asyncio.Queue()
        self._sayings: asyncio.Queue[tuple[Order, bytes | None]] = asyncio.Queue()

    async def serve(self) -> None:
        """Until the call has ended and everything was told, or the listener goes away."""
        await self._socket.accept()
        detach = self._leg.handset.attach(self._enqueue)
        tasks = [asyncio.ensure_future(work()) for work in (self._send, self._receive, self._speak)]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            detach()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # --- down ------------------------------------------------------------------------------------------------------

    def _enqueue(self, message: bytes | Event) -> None:
        if isinstance(message, bytes) and self._outgoing.qsize() > _MOST_WAITING:
            return
        self._outgoing.put_nowait(message)

    async def _send(self) -> None:
        try:
            while True:
                message = await self._outgoing.get()
                if isinstance(message, bytes):
                    await self._socket.send_bytes(message)
                    continue
                await self._socket.send_text(msgspec.json.encode(message).decode())
                if message["event"] == "ended":
                    await self._socket.close()
                    return
        except (WebSocketDisconnect, RuntimeError):
            return

    # --- up --------------------------------------------------------------------------------------------------------

    async def _receive(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if message.get("bytes") is not None:
                self._leg.handset.speak_live(message["bytes"])
            elif message.get("text"):
                self._obey(message["text"])

    def _obey(self, text: str) -> None:
        try:
            order = msgspec.json.decode(text, type=Order)
        except msgspec.DecodeError as error:
            self._refuse(f"not an order: {error}")
            return
        match order.do:
            case "say":
                self._sayings.put_nowait((order, None))
            case "play":
                self._play(order)
            case "press" if set(order.digits) <= _KEYS:
                self._leg.press(order.digits)
            case "stop_talking":
                self._leg.handset.stop_talking()
            case "hang_up":
                if self._leg.control is not None:
                    self._leg.control.hang_up(by="caller")
            case _:
                self._refuse(f"not an order: {order.do} {order.digits}")

    def _play(self, order: Order) -> None:
        try:
            audio = b64decode(order.audio, validate=True)
        except ValueError:
            self._refuse("the audio is no base64")
            return
        self._sayings.put_nowait((order, audio))

    def _refuse(self, detail: str) -> None:
        self._enqueue({"event": "problem", "at": 0.0, "detail": detail})

    async def _speak(self) -> None:
        """Render lines one after another, so that they are said in the order they were given."""
        while True:
            order, audio = await self._sayings.get()
            if audio is None:
                audio = await self._voice.render(order.text, language=order.language, voice=order.voice)
            self._leg.handset.speak(order.id, audio, order.text)
