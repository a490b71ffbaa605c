"""The parent's end of the espeak-ng process: starts it, asks it, replaces it when it dies or does not answer."""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

_PROGRAM = Path(__file__).with_name("espeak_program.py")
_ANSWER_TIMEOUT_S = 15.0
_END_TIMEOUT_S = 2.0
_ATTEMPTS = 2


class VoiceUnavailable(Exception):
    """No speech can be made; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the program is asked; see its documentation."""

    text: str
    voice: str
    rate: int
    pitch: int
    span: int


@dataclass(frozen=True, slots=True)
class Speech:
    """16-bit little-endian samples at `rate` Hz and espeak-ng's events: kind, character, sample."""

    pcm: bytes
    rate: int
    events: tuple[tuple[int, int, int], ...]


class EspeakLink:
    """One process, one request at a time. The process ends when its stdin does: with close, or with this process."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    @property
    def process_id(self) -> int | None:
        return None if self._process is None else self._process.pid

    async def speak(self, request: Request) -> Speech:
        """Raises VoiceUnavailable when espeak-ng is not installed, refuses, or fails twice in a row."""
        async with self._turn:
            for _ in range(_ATTEMPTS):
                try:
                    async with asyncio.timeout(_ANSWER_TIMEOUT_S):
                        return await self._exchange(request)
                except (OSError, EOFError, TimeoutError):
                    await self._discard()
                except asyncio.CancelledError:
                    await self._discard()  # an answer nobody reads would be taken for the next one
                    raise
        raise VoiceUnavailable("the espeak-ng process ends or hangs when it is asked to speak")

    async def close(self) -> None:
        async with self._turn:
            process, self._process = self._process, None
            if process is None or process.stdin is None:
                return
            process.stdin.close()
            try:
                async with asyncio.timeout(_END_TIMEOUT_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()

    async def _exchange(self, request: Request) -> Speech:
        reader, writer = await self._pipes()
        body = json.dumps(asdict(request)).encode()
        writer.write(len(body).to_bytes(4, "little") + body)
        await writer.drain()
        head = json.loads(await _read_frame(reader))
        pcm = await _read_frame(reader)
        if "error" in head:
            raise VoiceUnavailable(head["error"])
        return Speech(pcm, head["rate"], tuple((kind, at, sample) for kind, at, sample in head["events"]))

    async def _pipes(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """What the running process says and is told; starts one when there is none."""
        process = self._process
        if process is None or process.returncode is not None:
            if find_spec("espeakng_loader") is None:
                raise VoiceUnavailable("espeakng-loader is not installed; it comes with the sandbox extra")
            # -P keeps the program's folder off its path: the modules beside it are not its own.
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", str(_PROGRAM), stdin=PIPE, stdout=PIPE, stderr=DEVNULL
            )
        if process.stdout is None or process.stdin is None:
            raise VoiceUnavailable("the espeak-ng process was started without pipes")
        return process.stdout, process.stdin

    async def _discard(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _read_frame(reader: asyncio.StreamReader) -> bytes:
    length = int.from_bytes(await reader.readexactly(4), "little")
    return await reader.readexactly(length)
