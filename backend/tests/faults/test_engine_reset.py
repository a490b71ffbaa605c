"""The engine's connection is reset in the middle of a call: a new session goes on, knowing what the caller heard."""

from app.callflow.words import Speaker
from app.numbers.service import Line
from app.store.database import Database
from sandbox.speech.parts import Speak
from sandbox.speech.settings import SpeechSettings
from tests.faults.records import stored, troubles
from tests.faults.relay import relay
from tests.faults.settings import engine_at
from tests.faults.stream_end import call
from tests.faults.voice import WORD_MS, HastyVoice
from tests.live.server import call_sid, parsed, serving, verbs
from tests.sandbox.speech.realtime_wire import Event, ScriptedBrain, ScriptedEars, Service, running

SID = call_sid(1)
COUNTING = " ".join(str(number) for number in range(1, 101))
SLOWLY = SpeechSettings(pacing=2, log_level="WARNING", seed=1)


def spoken(session: Event, role: str) -> list[str]:
    """What the engine's session knows to have been said."""
    messages = (item for item in session["conversation"] if item.get("role") == role)
    return [part.get("text") or part.get("transcript") or "" for item in messages for part in item["content"]]


async def test_next_session_knows_what_was_heard_and_goes_on(
    database: Database, line: Line, ears: ScriptedEars, brain: ScriptedBrain
) -> None:
    ears.lines = ["please count to a hundred"]
    brain.turns = [[Speak(COUNTING)], [Speak("and so on.")]]
    async with (
        running(SLOWLY, ears=ears, brain=brain, voice=HastyVoice()) as speech,
        relay(speech.port) as network,
        serving(database.url, **engine_at(network.port)) as server,
        call(server, SID) as end,
    ):
        await end.ask()
        before = end.played_ms
        await end.until(lambda it: it.played_ms > before + 1000)
        network.reset()
        heard_ms = end.played_ms
        await end.until(lambda it: it.played_ms > heard_ms)
        newest = (await speech.get("/sandbox/sessions"))["sessions"][0]
        await end.hang_up()
        found = await stored(database, SID, lambda it: it.disposition is not None)

    said = [turn.text for turn in found.call.turns if turn.speaker is Speaker.ASSISTANT]
    (counted,) = [text for text in spoken(newest, "assistant") if text.startswith("1 2 3")]
    assert COUNTING.startswith(counted)
    assert 1000 < len(counted.split()) * WORD_MS < 100 * WORD_MS
    assert counted in said
    assert "please count to a hundred" in spoken(newest, "user")
    assert troubles(found.call) == ["engine_broken"]


async def test_caller_hears_a_filler_while_the_next_session_takes_long(
    database: Database, line: Line, speech: Service, ears: ScriptedEars, brain: ScriptedBrain
) -> None:
    ears.lines = ["when are you open", "thank you"]
    brain.turns = [[Speak("From nine to five.")], [Speak("You are welcome.")]]
    async with (
        relay(speech.port) as network,
        serving(database.url, **engine_at(network.port)) as server,
        call(server, SID) as end,
    ):
        await end.ask()
        network.hold()
        network.reset()
        # Nothing but the filler can be heard now.
        await end.answer()
        network.release()
        await stored(database, SID, lambda it: it.turns[-1].text == "One moment, please.")
        await end.ask()
        await end.hang_up()
        found = await stored(database, SID, lambda it: it.disposition is not None)

    assert found.call.turns[-2].text == "thank you"
    assert troubles(found.call) == ["engine_broken"]


async def test_engine_that_stays_away_leads_to_voicemail(
    database: Database, line: Line, speech: Service, ears: ScriptedEars, brain: ScriptedBrain
) -> None:
    async with (
        relay(speech.port) as network,
        serving(database.url, **engine_at(network.port) | {"engine_ready_s": "0.5"}) as server,
        call(server, SID) as end,
    ):
        await end.ask()
        network.hold()
        network.reset()
        # Our side closes the stream; the carrier then asks what comes next.
        assert await end.close_code() == 1000
        answer = await server.post("/calls/after-stream", {"CallSid": SID, "CallStatus": "in-progress"})

    assert verbs(parsed(answer.text)) == ["Say", "Record", "Redirect"]
    assert troubles((await stored(database, SID)).call) == ["engine_broken", "engine_slow"]
