"""Running a journey: ring, act, and hold what was stored against what was expected."""

import asyncio
from collections.abc import Callable, Sequence
from statistics import median
from time import monotonic

import httpx

from sandbox.conversation import Event, Handset, History, ring
from sandbox.journeys.script import Expectation, Finding, Journey, Result, Step
from sandbox.up import Stack

_END_S = 40.0
_STORED_S = 20.0
_NOTICED_S = 0.7
_RESTARTED_S = 5.0


class JourneyRunner:
    """Runs journeys against a running stack."""

    def __init__(self, stack: Stack, show: Callable[[Event], None] = lambda _: None) -> None:
        self._stack = stack
        self._show = show

    async def run(self, journey: Journey) -> Result:
        began = monotonic()
        await self._prepare(journey)
        is_rough = not is_gentle(journey)
        try:
            async with (
                History(self._stack.app_url, self._stack.api_key) as history,
                ring(
                    self._stack.carrier_url,
                    caller=journey.caller,
                    called=journey.called,
                    params=journey.params,
                    network=journey.network,
                ) as handset,
            ):
                for step in journey.steps:
                    if handset.ended.is_set():
                        break
                    await self._act(step, handset, history)
                await handset.until(lambda event: event["event"] == "ended", _END_S)
                has_ended = handset.ended.is_set()
                call = await history.finished(handset.call_sid, _STORED_S)
        finally:
            if is_rough:
                await self._clear_faults()
        result = Result(journey.name, handset.call_sid, monotonic() - began)
        if not has_ended:
            result.findings.append(Finding("end", "the call ends", "it was still up"))
        result.findings += check(journey.expects, call, handset.events)
        return result

    async def _prepare(self, journey: Journey) -> None:
        async with httpx.AsyncClient(timeout=10.0) as client:
            if journey.engine is not None:
                (await client.post(f"{self._stack.speech_url}/sandbox/faults", json=journey.engine)).raise_for_status()
            if journey.carrier is not None:
                (
                    await client.post(f"{self._stack.carrier_url}/sandbox/faults", json=journey.carrier)
                ).raise_for_status()
            if journey.party is not None:
                (await client.post(f"{self._stack.carrier_url}/sandbox/parties", json=journey.party)).raise_for_status()

    async def _clear_faults(self) -> None:
        async with httpx.AsyncClient(timeout=10.0) as client:
            for url in (self._stack.speech_url, self._stack.carrier_url):
                (await client.delete(f"{url}/sandbox/faults")).raise_for_status()

    async def _kill_server_of(self, handset: Handset) -> None:
        """Kill the process that serves this call. From outside they look alike: kill one, see, kill the next."""
        broken = _count(handset, "stream_stopped")
        for app in self._stack.apps:
            app.kill()
            async with asyncio.timeout(_END_S):
                await asyncio.sleep(_NOTICED_S)
                if _count(handset, "stream_stopped") > broken:
                    return
                # The wrong one: it is started again, and must be back before the other goes.
                await asyncio.sleep(_RESTARTED_S)

    async def _act(self, step: Step, handset: Handset, history: History) -> None:
        if step.says is not None:
            await self._say(step, handset)
        elif step.waits_s is not None:
            await handset.until(lambda _: False, step.waits_s)
        elif step.waits_for is not None:
            await self._wait_for(step.waits_for, step.within_s, handset, history)
        elif step.waits_for_end_s is not None:
            await handset.until(lambda event: event["event"] == "ended", step.waits_for_end_s)
        elif step.presses is not None:
            await handset.press(step.presses)
        elif step.breaks is not None:
            await self._break(step.breaks, handset)
        elif step.hangs_up:
            await handset.hang_up()

    async def _say(self, step: Step, handset: Handset) -> None:
        if not step.over:
            await handset.until_quiet(step.after_quiet_s, step.within_s)
        handset.expect_answer()
        if step.then_hangs_up_after_s is None:
            await handset.say(step.says or "", language=step.language, voice=step.voice)
            return
        await handset.say(step.says or "", language=step.language, voice=step.voice, wait=False)
        await asyncio.sleep(step.then_hangs_up_after_s)
        await handset.hang_up()

    async def _wait_for(self, words: str, within_s: float, handset: Handset, history: History) -> None:
        deadline = monotonic() + within_s
        while monotonic() < deadline and not handset.ended.is_set():
            call = await history.call(handset.call_sid)
            if call is not None and words.lower() in _said(call, "assistant"):
                return
            await asyncio.sleep(0.2)

    async def _break(self, what: str, handset: Handset) -> None:
        if what == "app":
            await self._kill_server_of(handset)
            return
        url = self._stack.speech_url if what == "engine" else self._stack.carrier_url
        fault = {"kind": "drop_socket", "after_s": 0} if what == "engine" else {"kind": "drop_stream", "after_s": 0}
        async with httpx.AsyncClient(timeout=10.0) as client:
            (await client.post(f"{url}/sandbox/faults", json=fault)).raise_for_status()


def _count(handset: Handset, kind: str) -> int:
    return sum(event["event"] == kind for event in handset.events)


def is_gentle(journey: Journey) -> bool:
    """Whether a journey disturbs nobody else's call, so that it may run beside others."""
    return not (journey.engine or journey.carrier or any(step.breaks for step in journey.steps))


async def run_all(
    runner: JourneyRunner, journeys: Sequence[Journey], *, at_once: int, show: Callable[[Result], None]
) -> list[Result]:
    """Gentle journeys side by side, then those that break something, one by one. Results in the order given."""
    results: dict[str, Result] = {}
    places = asyncio.Semaphore(at_once)

    async def run(journey: Journey) -> None:
        async with places:
            results[journey.name] = await runner.run(journey)
            show(results[journey.name])

    async with asyncio.TaskGroup() as tasks:
        for journey in filter(is_gentle, journeys):
            tasks.create_task(run(journey))
    for journey in journeys:
        if not is_gentle(journey):
            await run(journey)
    return [results[journey.name] for journey in journeys]


def check(expects: Expectation, call: Event | None, events: list[Event]) -> list[Finding]:
    """What does not hold of a stored call and the carrier's events."""
    if call is None:
        return [Finding("call", "is stored", "nothing was stored")]
    findings = [*_check_end(expects, call, events), *_check_words(expects, call), *_check_tools(expects, call)]
    return [*findings, *_check_times(expects, call, events)]


def _is(expected: str | list[str], found: object) -> bool:
    return found in (expected if isinstance(expected, list) else [expected])


def _check_end(expects: Expectation, call: Event, events: list[Event]) -> list[Finding]:
    out = []
    for name in ("disposition", "hang_up_reason"):
        expected = getattr(expects, name)
        if expected is not None and not _is(expected, call[name]):
            out.append(Finding(name, str(expected), str(call[name])))
    found = [trouble["what"] for trouble in call["troubles"]]
    out += [Finding("trouble", what, str(found)) for what in expects.troubles if what not in found]
    if expects.no_troubles and not expects.troubles and found:
        out.append(Finding("troubles", "none", str(found)))
    ended = next((event for event in events if event["event"] == "ended"), {})
    if expects.ended_by is not None and ended.get("by") != expects.ended_by:
        out.append(Finding("ended by", expects.ended_by, str(ended.get("by"))))
    if expects.messages is not None and len(call["messages"]) != expects.messages:
        out.append(Finding("messages", str(expects.messages), str(len(call["messages"]))))
    kinds = [message["kind"] for message in call["messages"]]
    if expects.message_kind is not None and expects.message_kind not in kinds:
        out.append(Finding("message", expects.message_kind, str(kinds)))
    dialled = [event.get("to") for event in events if event["event"] == "dial"]
    if expects.transferred_to is not None and expects.transferred_to not in dialled:
        out.append(Finding("dialled", expects.transferred_to, str(dialled)))
    return out


def _said(call: Event, speaker: str) -> str:
    return " ".join(turn["text"] for turn in call["turns"] if turn["speaker"] == speaker).lower()


def _check_words(expects: Expectation, call: Event) -> list[Finding]:
    assistant, caller = _said(call, "assistant"), _said(call, "caller")
    out = [Finding("assistant says", w, assistant) for w in expects.assistant_says if w.lower() not in assistant]
    out += [
        Finding("assistant never says", w, assistant) for w in expects.assistant_never_says if w.lower() in assistant
    ]
    out += [Finding("caller was heard saying", w, caller) for w in expects.caller_heard if w.lower() not in caller]
    was_interrupted = any(turn["was_interrupted"] for turn in call["turns"])
    if expects.interrupted is not None and was_interrupted is not expects.interrupted:
        out.append(Finding("interrupted", str(expects.interrupted), str(was_interrupted)))
    return out


def _check_tools(expects: Expectation, call: Event) -> list[Finding]:
    done = [tool["name"] for tool in call["tool_calls"] if tool["status"] == "done"]
    out = []
    if expects.tools is not None and done != expects.tools:
        out.append(Finding("tools", str(expects.tools), str(done)))
    out += [Finding("tool not used", name, str(done)) for name in expects.no_tools if name in done]
    for name, words in expects.arguments.items():
        arguments = " ".join(tool["arguments"] for tool in call["tool_calls"] if tool["name"] == name)
        if words.lower() not in arguments.lower():
            out.append(Finding(f"arguments of {name}", words, arguments))
    return out


def _check_times(expects: Expectation, call: Event, events: list[Event]) -> list[Finding]:
    out = []
    first = call["first_audio_ms"]
    if expects.first_audio_ms is not None and (first is None or first > expects.first_audio_ms):
        out.append(Finding("first audio ms", f"<= {expects.first_audio_ms}", str(first)))
    answers = [turn["response_ms"] for turn in call["turns"] if turn["response_ms"] is not None]
    if expects.response_ms is not None and (not answers or median(answers) > expects.response_ms):
        out.append(Finding("median response ms", f"<= {expects.response_ms}", str(answers)))
    if expects.gap_s is not None:
        gap = _longest_gap(events)
        if gap is None or gap > expects.gap_s:
            out.append(Finding("silence after the break in s", f"<= {expects.gap_s}", str(gap)))
    return out


def _longest_gap(events: list[Event]) -> float | None:
    """From the end of a broken stream to the first sound after it."""
    gaps = []
    for index, event in enumerate(events):
        if event["event"] != "stream_stopped":
            continue
        later = (e["at"] for e in events[index:] if e["event"] in ("playing", "said"))
        sound = next(later, None)
        if sound is not None:
            gaps.append(sound - event["at"])
    return max(gaps, default=None)
