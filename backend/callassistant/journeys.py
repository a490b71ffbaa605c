"""`callassistant journeys`: run callers from scripts against the whole stack and say what did not hold."""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from sandbox.journeys.run import JourneyRunner, run_all
from sandbox.journeys.script import BadScript, Journey, Result, load_all
from sandbox.up import Ports, Stack, StackFailed, StackOptions

CALLERS = Path(__file__).parents[1] / "sandbox" / "journeys" / "callers"


def show(result: Result) -> None:
    """One line a journey, and one for each thing that did not hold."""
    print(
        f"{'ok  ' if result.is_good else 'FAIL'}  {result.journey}  ({result.seconds:.0f} s, {result.call_sid})",
        flush=True,
    )
    for finding in result.findings:
        print(f"        {finding.what}: expected {finding.expected}, found {finding.found}", flush=True)


async def run(journeys: list[Journey], options: StackOptions, at_once: int) -> list[Result]:
    """Bring up a stack of its own and run the journeys in it."""
    async with Stack(options) as stack:
        return await run_all(JourneyRunner(stack), journeys, at_once=at_once, show=show)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="callassistant journeys", description=__doc__)
    parser.add_argument("names", nargs="*", help="journeys to run (default: all)")
    parser.add_argument("--folder", type=Path, default=CALLERS, help="where the scripts are")
    parser.add_argument("--at-once", type=int, default=4, help="calls side by side (default %(default)s)")
    parser.add_argument("--app-port", type=int, default=8200)
    parser.add_argument("--carrier-port", type=int, default=8201)
    parser.add_argument("--speech-port", type=int, default=8202)
    parser.add_argument("--data-dir", type=Path, help="where logs and the database go (default: a temporary folder)")
    arguments = parser.parse_args(argv)
    try:
        journeys = [j for j in load_all(arguments.folder) if not arguments.names or j.name in arguments.names]
        if not journeys:
            print("callassistant journeys: there is no such journey", file=sys.stderr)
            return 2
        with tempfile.TemporaryDirectory() as temporary:
            options = StackOptions(
                dict(os.environ),
                (arguments.data_dir or Path(temporary)).resolve(),
                os.environ.get("DATABASE_URL", ""),
                Ports(arguments.app_port, arguments.carrier_port, arguments.speech_port),
                apps=2,
            )
            results = asyncio.run(run(journeys, options, arguments.at_once))
    except (StackFailed, BadScript) as error:
        print(f"callassistant journeys: {error}", file=sys.stderr)
        return 1
    good = sum(result.is_good for result in results)
    print(f"{good} of {len(results)} journeys went as expected")
    return 0 if good == len(results) else 1
