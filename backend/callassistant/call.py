"""`callassistant call`: place a simulated call in the terminal and print the conversation as it happens."""

import argparse
import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from audiokit.mulaw import encode
from audiokit.resample import resample
from audiokit.wav import WavError, read_wav
from sandbox.conversation import CallFailed, Handset, History, ring
from sandbox.journeys.run import JourneyRunner
from sandbox.journeys.script import BadScript, load
from sandbox.up import NUMBER, Ports, Stack, StackFailed, StackOptions

DEFAULT_LINES = (
    "Hi, this is Bob Carter. I am calling about the invoice from last week.",
    "Please tell Robin that the invoice is paid. He can call me back any time.",
    "No, that is all. Thank you, goodbye.",
)
_TURN_FIELDS = ("speaker", "text", "heard_ms", "unheard", "response_ms", "started_ms", "was_interrupted")
_POLL_S = 0.3
_QUIET_S = 0.9
_ANSWER_S = 25.0
_END_S = 30.0
_STORED_S = 20.0


class Printer:
    """Prints each turn and tool call once, when it is stored: for people, or one JSON object a line."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._console = Console(highlight=False, soft_wrap=True)
        self._turns: dict[int, str] = {}
        self._tools: dict[str, str] = {}

    def note(self, text: str) -> None:
        if not self._as_json:
            self._console.print(f"[dim]{text}[/dim]")

    def progress(self, call: dict[str, Any], *, is_over: bool = False) -> None:
        """Print what is new. A turn is final, and printed, once another follows it or the call is over."""
        turns = call["turns"]
        for turn in turns if is_over else turns[:-1]:
            if turn["ordinal"] not in self._turns:
                self._turns[turn["ordinal"]] = turn["text"]
                self._turn(turn)
        for tool in call["tool_calls"]:
            if tool["status"] != "requested" and tool["tool_call_id"] not in self._tools:
                self._tools[tool["tool_call_id"]] = tool["status"]
                self._tool(tool)

    def _turn(self, turn: dict[str, Any]) -> None:
        if self._as_json:
            shown = {
                name: turn[name] for name in ("speaker", "text", "heard_ms", "unheard", "response_ms", "started_ms")
            }
            print(json.dumps({"type": "turn", **shown}, ensure_ascii=False), flush=True)
            return
        who = "Caller   " if turn["speaker"] == "caller" else "Assistant"
        cut = f" [dim]— interrupted, unheard: {turn['unheard']}[/dim]" if turn["was_interrupted"] else ""
        waited = f" [dim]({turn['response_ms']} ms)[/dim]" if turn["response_ms"] is not None else ""
        color = "cyan" if turn["speaker"] == "caller" else "green"
        self._console.print(f"[{color}]{who}[/{color}]  {turn['text']}{cut}{waited}")

    def _tool(self, tool: dict[str, Any]) -> None:
        if self._as_json:
            shown = {name: tool[name] for name in ("tool_call_id", "name", "arguments", "output", "status")}
            print(json.dumps({"type": "tool_call", **shown}, ensure_ascii=False), flush=True)
            return
        self._console.print(f"[yellow]Tool[/yellow]       {tool['name']} {tool['arguments']} → {tool['status']}")

    def end(self, call: dict[str, Any], *, is_good: bool) -> None:
        if self._as_json:
            print(json.dumps({"type": "call", **call}, ensure_ascii=False), flush=True)
            return
        troubles = ", ".join(trouble["what"] for trouble in call["troubles"]) or "none"
        color = "green" if is_good else "red"
        self._console.print(
            f"[{color}]Call[/{color}]       disposition {call['disposition']}, ended by {call['hang_up_reason']}, "
            f"{call['duration_s']} s, first audio after {call['first_audio_ms']} ms, troubles: {troubles}"
        )


def is_in_good_order(call: dict[str, Any] | None) -> bool:
    """Answered, ended, and with an outcome that is no failure."""
    if call is None or call["answered_at"] is None or call["ended_at"] is None:
        return False
    return call["disposition"] not in (None, "failed")


# --- a stack to call -----------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def running_stack(options: StackOptions, printer: Printer) -> AsyncIterator[Stack]:
    """The stack that is up already, or one for the length of this call. Raises StackFailed."""
    stack = Stack(options, printer.note)
    if await _is_up(stack):
        await stack.adopt()
        yield stack
        return
    async with stack:
        yield stack


async def _is_up(stack: Stack) -> bool:
    async with httpx.AsyncClient(timeout=2.0) as client:
        try:
            for url in (f"{stack.app_url}/health", f"{stack.carrier_url}/sandbox/health"):
                (await client.get(url)).raise_for_status()
        except httpx.HTTPError:
            return False
    return True


# --- the caller ----------------------------------------------------------------------------------------------------


async def talk(handset: Handset, arguments: argparse.Namespace) -> None:
    """Say the lines, each after the other side has finished, or play the recording."""
    if arguments.wav is not None:
        await handset.until_quiet(_QUIET_S, _ANSWER_S)
        await handset.play(mulaw_of(arguments.wav))
        await handset.until(lambda event: event["event"] == "ended", _END_S)
        return
    for line in arguments.say or DEFAULT_LINES:
        if not await handset.until_quiet(_QUIET_S, _ANSWER_S) and handset.ended.is_set():
            return
        handset.expect_answer()
        await handset.say(line, language=arguments.language)
    await handset.until(lambda event: event["event"] == "ended", _END_S)


def mulaw_of(path: Path) -> bytes:
    """A WAV file as G.711 mu-law at 8 kHz. Raises OSError or WavError."""
    wav = read_wav(path.read_bytes())
    return encode(resample(wav.mono(), wav.sample_rate, 8000))


async def place(arguments: argparse.Namespace, options: StackOptions, printer: Printer) -> int:
    async with running_stack(options, printer) as stack, History(stack.app_url, stack.api_key) as history:
        async with ring(stack.carrier_url, caller=arguments.caller, called=arguments.to) as handset:
            printer.note(f"ringing {arguments.to} as {arguments.caller} ({handset.call_sid})")
            watching = asyncio.create_task(watch(history, handset.call_sid, printer))
            try:
                await talk(handset, arguments)
            finally:
                watching.cancel()
        call = await history.finished(handset.call_sid, _STORED_S)
    if call is None:
        printer.note("nothing was stored")
        return 1
    is_good = is_in_good_order(call)
    printer.progress(call, is_over=True)
    printer.end(call, is_good=is_good)
    return 0 if is_good else 1


async def watch(history: History, call_sid: str, printer: Printer) -> None:
    while True:
        call = await history.call(call_sid)
        if call is not None:
            printer.progress(call)
        await asyncio.sleep(_POLL_S)


async def run_script(path: Path, options: StackOptions, printer: Printer) -> int:
    journey = load(path)
    async with running_stack(options, printer) as stack, History(stack.app_url, stack.api_key) as history:
        result = await JourneyRunner(stack).run(journey)
        call = await history.call(result.call_sid)
    if call is not None:
        printer.progress(call, is_over=True)
        printer.end(call, is_good=result.is_good)
    for finding in result.findings:
        print(f"{finding.what}: expected {finding.expected}, found {finding.found}", file=sys.stderr)
    return 0 if result.is_good else 1


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="callassistant call", description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--say", nargs="+", metavar="TEXT", help="the caller's lines, one after the other")
    what.add_argument("--wav", type=Path, metavar="FILE", help="a recording that the caller plays")
    what.add_argument("--script", type=Path, metavar="FILE", help="a journey to run (YAML)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, the stored call last")
    parser.add_argument("--from", dest="caller", default="+15550100001", help="the caller's number")
    parser.add_argument("--to", default=NUMBER, help="the number that is rung")
    parser.add_argument("--language", default="en", help="language in which the lines are spoken")
    parser.add_argument("--app-port", type=int, default=int(os.environ.get("PORT", "8000")))
    parser.add_argument("--carrier-port", type=int, default=8100)
    parser.add_argument("--speech-port", type=int, default=8101)
    parser.add_argument("--data-dir", type=Path, default=Path(os.environ.get("DATA_DIR", ".data")))
    arguments = parser.parse_args(argv)
    ports = Ports(arguments.app_port, arguments.carrier_port, arguments.speech_port)
    options = StackOptions(
        dict(os.environ), arguments.data_dir.resolve(), os.environ.get("DATABASE_URL", ""), ports, restart=False
    )
    printer = Printer(as_json=arguments.json)
    try:
        if arguments.script is not None:
            return asyncio.run(run_script(arguments.script, options, printer))
        return asyncio.run(place(arguments, options, printer))
    except (StackFailed, CallFailed, BadScript, WavError, OSError) as error:
        print(f"callassistant call: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
