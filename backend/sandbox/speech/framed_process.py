"""A helper program in a process of its own, asked over pipes; replaced when it dies or does not answer.

Both directions carry frames: four bytes of length (little-endian), then the body. The program must end when its
stdin does, so that it never outlives this process.
"""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from pathlib import Path

_END_TIMEOUT_S = 2.0
_ATTEMPTS = 2


class HelperFailed(Exception):
    """The program ended or hung each time it was asked."""


class FramedProcess:
    """One Python program, started when it is first asked; one exchange at a time."""

    def __init__(self, program: Path, *arguments: str, answer_timeout_s: float) -> None:
        # -P keeps the program's folder off its path: the modules beside it are not its own.
        self._command = (sys.executable, "-P", str(program), *arguments)
        self._answer_timeout_s = answer_timeout_s
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    @property
    def process_id(self) -> int | None:
        return None if self._process is None else self._process.pid

    async def exchange(self, frames: Sequence[bytes], answers: int) -> list[bytes]:
        """Send frames and return that many frames of the answer. Raises HelperFailed."""
        async with self._turn:
            for _ in range(_ATTEMPTS):
                try:
                    async with asyncio.timeout(self._answer_timeout_s):
                        return await self._exchange(frames, answers)
                except (OSError, EOFError, TimeoutError):
                    await self._discard()
                except asyncio.CancelledError:
                    await self._discard()  # an answer nobody reads would be taken for the next one
                    raise
        raise HelperFailed("the helper process ends or hangs when it is asked")

    async def close(self) -> None:
        """End the process; a later exchange starts a new one."""
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

    async def _exchange(self, frames: Sequence[bytes], answers: int) -> list[bytes]:
        reader, writer = await self._pipes()
        for frame in frames:
            writer.write(len(frame).to_bytes(4, "little") + frame)
        await writer.drain()
        return [await _read_frame(reader) for _ in range(answers)]

    async def _pipes(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """What the running process says and is told; starts one when there is none."""
        process = self._process
        if process is None or process.returncode is not None:
            process = self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
            )
        if process.stdout is None or process.stdin is None:
            raise HelperFailed("the helper process was started without pipes")
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
