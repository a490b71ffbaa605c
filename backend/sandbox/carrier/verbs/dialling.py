"""Dial: ring somebody else and put the caller through (twilio-google.md §2.1)."""

import asyncio
import math
from array import array
from collections.abc import Sequence

from audiokit.mulaw import FRAME_BYTES, SAMPLE_RATE, encode
from sandbox.carrier.callee import Callee, Ear
from sandbox.carrier.leg import Leg, StatusCallback
from sandbox.carrier.recordings import Recording, RecordingPlan
from sandbox.carrier.running import Running
from sandbox.carrier.sids import new_sid
from sandbox.carrier.steps import Fetch, Step
from sandbox.carrier.twiml import Verb

_NOUNS = ("Number", "Client", "Sip")
_MOST_AT_ONCE = 10
_EXTRA_RING_S = 5.0
_SHORTEST_RING_S, _LONGEST_RING_S = 5.0, 600.0


async def dial(running: Running, verb: Verb) -> Step | None:
    """With `action` that is what follows; otherwise the next verb is."""
    dialling = _Dialling(running, verb)
    if "action" in verb.attributes:
        running.last_words = dialling.result
    await dialling.run()
    return dialling.result() if "action" in verb.attributes else None


class RingTone:
    """What a caller hears while it rings: two seconds of 440 and 480 Hz, four of silence."""

    def __init__(self) -> None:
        self._at = 0

    def next_frame(self) -> bytes | None:
        frame = _RING_TONE[self._at : self._at + FRAME_BYTES]
        self._at = (self._at + FRAME_BYTES) % (6 * SAMPLE_RATE)
        return frame or None


class _Dialling:
    """One <Dial> from its first ring to its end."""

    def __init__(self, running: Running, verb: Verb) -> None:
        self._running = running
        self._services = running.services
        self._leg = running.leg
        self._verb = verb
        self._callees = [self._callee(noun) for noun in _nouns(verb)]
        self._chosen: Callee | None = None
        self._is_bridged = False
        self._status = "failed"
        self._recording: Recording | None = None

    async def run(self) -> None:
        """Returns when the caller is on their own again."""
        if not self._callees or not self._may_show(self._caller_id()):
            return
        self._leg.source = RingTone()
        try:
            self._chosen = await self._reach()
            if self._chosen is not None:
                self._status = "completed"
                await self._talk(self._chosen)
            else:
                self._status = _outcome(self._callees)
        finally:
            self._leg.source = None
            for callee in self._callees:
                callee.let_go()
            self._tell(self._status)

    def result(self) -> Fetch | None:
        """What came of it, for the action."""
        fields = {"DialCallStatus": self._status, "DialBridged": "true" if self._is_bridged else "false"}
        told = self._chosen or (self._callees[-1] if self._callees else None)
        if told is not None:
            fields |= {"DialCallSid": told.leg.sid, "DialCallDuration": str(told.leg.duration_s)}
        if self._recording is not None:
            fields |= {
                "RecordingUrl": self._services.recordings.url(self._recording),
                "RecordingSid": self._recording.sid,
                "RecordingDuration": str(self._recording.duration_s),
            }
        return self._running.action(self._verb, fields)

    # --- ringing ---------------------------------------------------------------------------------------------------

    async def _reach(self) -> Callee | None:
        """Whoever answers first; the others stop ringing."""
        if self._verb.flag("sequential", default=False):
            for callee in self._callees:
                if await callee.ring(self._ring_s()):
                    return callee
            return None
        chosen = await _first_answer(self._callees, self._ring_s())
        for callee in self._callees:
            if callee is not chosen:
                callee.let_go()
        return chosen

    def _ring_s(self) -> float:
        """The vendor lets it ring five seconds longer than it is asked to."""
        asked = min(max(self._verb.number("timeout", 30), _SHORTEST_RING_S), _LONGEST_RING_S)
        return asked + _EXTRA_RING_S

    def _callee(self, noun: Verb) -> Callee:
        wanted = noun.get("statusCallback")
        leg = Leg(
            new_sid("CA"),
            self._caller_id(),
            noun.text,
            "outbound-dial",
            status="initiated",
            parent_sid=self._leg.sid,
            status_callback=StatusCallback(
                self._running.resolved(wanted),
                noun.get("statusCallbackMethod", "POST"),
                frozenset(noun.get("statusCallbackEvent", "completed").split()),
            )
            if wanted
            else None,
        )
        return Callee(leg, self._services, noun)

    def _caller_id(self) -> str:
        return self._verb.get("callerId") or self._leg.caller

    def _may_show(self, caller_id: str) -> bool:
        owned = self._services.numbers.get(caller_id) is not None
        return owned or caller_id in (self._leg.caller, self._leg.called)

    # --- talking ---------------------------------------------------------------------------------------------------

    async def _talk(self, callee: Callee) -> None:
        """Whisper to the callee, who may decline, then let both talk until one of them has enough."""
        whisper_url = callee.noun.get("url")
        if whisper_url:
            step = Fetch(self._running.resolved(whisper_url), callee.noun.get("method", "POST"))
            if not await callee.unless_gone(self._running.whisper(callee.leg, step)):
                return
        if callee.leg.is_over:
            return
        self._running.answer()
        self._is_bridged = True
        self._tell("in-progress")
        self._leg.source, callee.leg.source = Ear(callee.leg), Ear(self._leg)
        self._start_recording()
        self._leg.key_listeners.append(self._take_key)
        try:
            await callee.unless_gone(asyncio.sleep(self._verb.number("timeLimit", 14400)))
        finally:
            self._leg.key_listeners.remove(self._take_key)
            if self._recording is not None:
                self._services.recordings.finish(self._recording)

    def _take_key(self, key: str) -> None:
        if key == "*" and self._verb.flag("hangupOnStar", default=False) and self._chosen is not None:
            self._chosen.hang_up(by="caller")

    def _start_recording(self) -> None:
        asked = self._verb.get("record", "do-not-record")
        if not asked.startswith("record-"):
            return
        plan = RecordingPlan(
            source="DialVerb",
            channels=2 if asked.endswith("-dual") else 1,
            track=self._verb.get("recordingTrack", "both"),
            is_trimmed=self._verb.get("trim") == "trim-silence",
            callback_url=self._running.resolved(self._verb.get("recordingStatusCallback")),
            callback_method=self._verb.get("recordingStatusCallbackMethod", "POST"),
            events=frozenset(self._verb.get("recordingStatusCallbackEvent", "completed").split()),
        )
        self._recording = self._services.recordings.start(self._leg, plan)

    def _tell(self, status: str) -> None:
        told = self._chosen or self._callees[0]
        self._leg.handset.tell("dial", to=told.leg.called, status=status, bridged=self._is_bridged)


async def _first_answer(callees: Sequence[Callee], ring_s: float) -> Callee | None:
    loop = asyncio.get_running_loop()
    ringing = {loop.create_task(callee.ring(ring_s)): callee for callee in callees}
    try:
        while ringing:
            done, _ = await asyncio.wait(ringing, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                callee = ringing.pop(task)
                if task.result():
                    return callee
        return None
    finally:
        for task in ringing:
            task.cancel()


def _outcome(callees: Sequence[Callee]) -> str:
    """Nobody answered: what the caller is told of several numbers is what happened to all of them."""
    statuses = {callee.leg.status for callee in callees}
    return statuses.pop() if len(statuses) == 1 else "no-answer"


def _nouns(verb: Verb) -> list[Verb]:
    """Whom to ring; a number may also be the text of <Dial> itself."""
    nouns = [child for child in verb.children if child.name in _NOUNS and child.text]
    if not nouns and not verb.children and verb.text:
        nouns = [Verb("Number", text=verb.text)]
    return nouns[:_MOST_AT_ONCE]


def _ring_tone() -> bytes:
    step = 2 * math.pi / SAMPLE_RATE
    samples = (int(3000 * (math.sin(440 * step * n) + math.sin(480 * step * n))) for n in range(2 * SAMPLE_RATE))
    return encode(array("h", samples))


_RING_TONE = _ring_tone()
