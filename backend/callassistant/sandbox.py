"""`callassistant sandbox`: run everything offline, or one part of the sandbox alone."""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

from sandbox.carrier.server import serve as serve_carrier
from sandbox.carrier.settings import CarrierSettings
from sandbox.speech.server import serve as serve_speech
from sandbox.speech.settings import SpeechSettings
from sandbox.up import NUMBER, Ports, Stack, StackFailed, StackOptions


async def run_all(options: StackOptions) -> None:
    """Run until a signal comes. Raises StackFailed."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with Stack(options, lambda text: print(f"  {text}", flush=True)) as stack:
        print(f"\nRing {NUMBER} from the softphone:  {stack.carrier_url}/")
        print(f"Application: {stack.app_url}   Speech: {stack.speech_url}   Logs: {options.data_dir / 'logs'}")
        print("Ctrl-C ends everything.", flush=True)
        await stop.wait()
        print("\nstopping", flush=True)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="callassistant sandbox", description=__doc__)
    parser.add_argument("--only", choices=("carrier", "speech"), help="run one part alone")
    parser.add_argument("--port", type=int, help="port of the one part")
    parser.add_argument("--app-port", type=int, default=8000)
    parser.add_argument("--carrier-port", type=int, default=8100)
    parser.add_argument("--speech-port", type=int, default=8101)
    parser.add_argument("--data-dir", type=Path, default=Path(os.environ.get("DATA_DIR", ".data")))
    arguments = parser.parse_args(argv)
    port = {} if arguments.port is None else {"port": arguments.port}
    try:
        with contextlib.suppress(KeyboardInterrupt):
            match arguments.only:
                case "carrier":
                    asyncio.run(serve_carrier(CarrierSettings(**port)))
                case "speech":
                    asyncio.run(serve_speech(SpeechSettings(**port)))
                case _:
                    ports = Ports(arguments.app_port, arguments.carrier_port, arguments.speech_port)
                    database_url = os.environ.get("DATABASE_URL", "")
                    asyncio.run(
                        run_all(StackOptions(dict(os.environ), arguments.data_dir.resolve(), database_url, ports))
                    )
    except StackFailed as error:
        print(f"callassistant sandbox: {error}", file=sys.stderr)
        return 1
    return 0
