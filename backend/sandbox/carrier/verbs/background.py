"""Start and Stop: recordings and one-way streams beside the conversation, which outlive the document."""

from sandbox.carrier.recordings import RecordingPlan
from sandbox.carrier.running import Running
from sandbox.carrier.steps import Step
from sandbox.carrier.twiml import Verb
from sandbox.carrier.verbs import streaming

_CHANNELS = {"mono": 1, "dual": 2}


async def start(running: Running, verb: Verb) -> Step | None:
    for noun in verb.children:
        if noun.name == "Recording":
            running.services.recordings.start(running.leg, _recording_plan(running, noun))
        elif noun.name == "Stream":
            running.services.tasks.spawn(streaming.converse(running, noun, is_two_way=False))
    return None


async def stop(running: Running, verb: Verb) -> Step | None:
    for noun in verb.children:
        close = running.leg.background.pop(noun.get("name"), None) if noun.name == "Stream" else None
        if close is not None:
            close()
    return None


def _recording_plan(running: Running, noun: Verb) -> RecordingPlan:
    return RecordingPlan(
        source="StartCallRecordingAPI",
        channels=_CHANNELS.get(noun.get("channels"), 2),
        track=noun.get("track", "both"),
        is_trimmed=noun.get("trim") == "trim-silence",
        callback_url=running.resolved(noun.get("recordingStatusCallback")),
        callback_method=noun.get("recordingStatusCallbackMethod", "POST"),
        events=frozenset(noun.get("recordingStatusCallbackEvent", "completed").split()),
    )
