"""Record: the caller's voice after a beep, until they fall silent, press a key or hang up."""

import asyncio

from audiokit.level import level_dbfs
from sandbox.carrier.recordings import QUIET_DBFS, Recording, RecordingPlan
from sandbox.carrier.running import Running, play_out
from sandbox.carrier.steps import Fetch, Step
from sandbox.carrier.twiml import Verb
from sandbox.carrier.voice import tone

_BEEP = tone(ms=500, hz=1000.0)
_FRAME_S = 0.02
_ANY_KEY = "1234567890*#"


class _Listener:
    """Notices what ends the recording: a key, silence, or its greatest length."""

    def __init__(self, verb: Verb) -> None:
        self._finish_keys = verb.get("finishOnKey", _ANY_KEY)
        self._silence_s = verb.number("timeout", 5)
        self._left_s = verb.number("maxLength", 3600)
        self._quiet_s = 0.0
        self.key = ""
        self.over = asyncio.Event()

    def take(self, spoken: bytes, heard: bytes | None) -> None:
        is_quiet = level_dbfs(spoken) <= QUIET_DBFS
        self._quiet_s = self._quiet_s + _FRAME_S if is_quiet else 0.0
        self._left_s -= _FRAME_S
        if self._quiet_s >= self._silence_s or self._left_s <= 0:
            self.over.set()

    def take_key(self, key: str) -> None:
        if key in self._finish_keys:
            self.key = key
            self.over.set()


async def record(running: Running, verb: Verb) -> Step | None:
    """What was recorded goes to the action, by default to the document itself; after an empty recording the next verb
    follows.
    """
    if verb.flag("playBeep", default=True):
        await play_out(running.leg, _BEEP)
    recording = running.services.recordings.start(running.leg, record_plan(running, verb))
    running.last_words = lambda: _result(running, verb, recording, "hangup")
    listener = _Listener(verb)
    leg = running.leg
    leg.sinks.append(listener.take)
    leg.key_listeners.append(listener.take_key)
    try:
        await listener.over.wait()
    finally:
        leg.sinks.remove(listener.take)
        leg.key_listeners.remove(listener.take_key)
        running.services.recordings.finish(recording)
    return _result(running, verb, recording, listener.key)


def record_plan(running: Running, verb: Verb) -> RecordingPlan:
    return RecordingPlan(
        source="RecordVerb",
        track="inbound",
        is_trimmed=verb.get("trim", "trim-silence") == "trim-silence",
        callback_url=running.resolved(verb.get("recordingStatusCallback")),
        callback_method=verb.get("recordingStatusCallbackMethod", "POST"),
        events=frozenset(verb.get("recordingStatusCallbackEvent", "completed").split()),
    )


def _result(running: Running, verb: Verb, recording: Recording, digits: str) -> Fetch | None:
    if recording.status != "completed":
        return None
    fields = {
        "RecordingUrl": running.services.recordings.url(recording),
        "RecordingSid": recording.sid,
        "RecordingDuration": str(recording.duration_s),
        "Digits": digits,
    }
    return running.action(verb, fields)
