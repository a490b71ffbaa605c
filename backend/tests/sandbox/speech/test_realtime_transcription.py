"""What the client is told of the caller's words: beside the conversation, late, or not at all (points 6 and 10)."""

from audiokit.mulaw import silence
from sandbox.speech.parts import Said
from tests.sandbox.speech.realtime_wire import (
    Client,
    Event,
    ScriptedBrain,
    ScriptedEars,
    base64,
    running,
    tone,
    types,
)

PREFIX = "conversation.item.input_audio_transcription"
GPT = {"model": "gpt-transcribe"}


async def spoken(client: Client, **audio_input: object) -> Event:
    """A turn of 400 ms, committed by hand; returns the event of its commit."""
    await client.telephone(**audio_input)
    await client.append(tone(400))
    await client.send("input_audio_buffer.commit")
    return await client.next("input_audio_buffer.committed")


async def test_words_come_as_deltas_and_then_whole() -> None:
    ears = ScriptedEars(["Hey, can you hear me?"])
    async with running(ears=ears) as service, service.session() as client:
        committed = await spoken(client, transcription=GPT | {"languages": ["en", "es"]})
        events = (await client.until(f"{PREFIX}.completed"))[2:]
        await client.send("conversation.item.retrieve", item_id=committed["item_id"])
        retrieved = await client.next("conversation.item.retrieved")

    completed = events[-1]
    assert types(events[:-1]) == [f"{PREFIX}.delta"] * 5
    assert "".join(event["delta"] for event in events[:-1]) == completed["transcript"] == "Hey, can you hear me?"
    assert {event["item_id"] for event in events} == {committed["item_id"]}
    assert completed["content_index"] == 0
    assert completed["usage"] == {"type": "duration", "seconds": 0.4}
    assert completed["languages"] == [{"code": "en"}]
    assert completed["logprobs"] is None
    assert ears.languages == [("en", "es")]
    content = {"type": "input_audio", "transcript": "Hey, can you hear me?", "audio": base64(tone(400))}
    assert retrieved["item"]["content"] == [content]


async def test_older_models_are_billed_by_the_token() -> None:
    async with running(ears=ScriptedEars(["Hey there"])) as service, service.session() as client:
        await spoken(client, transcription={"model": "gpt-4o-transcribe"})
        completed = await client.next(f"{PREFIX}.completed")

    assert completed["usage"] == {
        "type": "tokens",
        "total_tokens": 7,
        "input_tokens": 4,
        "input_token_details": {"text_tokens": 0, "audio_tokens": 4},
        "output_tokens": 3,
    }


async def test_log_probabilities_are_included_where_asked_for() -> None:
    async with running(ears=ScriptedEars(["Hey"])) as service, service.session() as client:
        await client.update(include=["item.input_audio_transcription.logprobs"])
        await spoken(client, transcription=GPT)
        completed = await client.next(f"{PREFIX}.completed")

    assert completed["logprobs"] == [{"token": "Hey", "bytes": [72, 101, 121], "logprob": -0.01}]


async def test_the_brain_understands_without_transcription_being_told() -> None:
    brain = ScriptedBrain()
    async with running(ears=ScriptedEars(["call me back"]), brain=brain) as service, service.session() as client:
        await spoken(client, transcription=None)
        events = await client.respond()

    assert [name for name in types(events) if name.startswith(PREFIX)] == []
    assert brain.situations[0].items == (Said("user", "call me back"),)


async def test_a_slow_transcription_does_not_hold_up_the_response_being_created() -> None:
    ears, brain = ScriptedEars(["yes"], delay_s=0.3), ScriptedBrain()
    async with running(ears=ears, brain=brain) as service, service.session() as client:
        vad = {"type": "server_vad", "silence_duration_ms": 500}
        await client.telephone(vad, transcription=GPT)
        await client.append(tone(500) + silence(1000))
        events = await client.until("response.done")

    names = types(events)
    assert names.index("response.created") < names.index(f"{PREFIX}.completed")
    assert brain.situations[0].items == (Said("user", "yes"),)


async def test_a_late_transcription_comes_after_the_answer() -> None:
    async with running() as service, service.session() as client:
        await service.fault("late_transcription", delay_s=0.8)
        await spoken(client, transcription=GPT)
        answer = await client.respond()
        completed = await client.next(f"{PREFIX}.completed")

    assert f"{PREFIX}.completed" not in types(answer)
    assert completed["transcript"] == "hello"


async def test_ears_that_fail_leave_the_caller_not_understood() -> None:
    brain = ScriptedBrain()
    async with running(ears=ScriptedEars([OSError("no model")]), brain=brain) as service, service.session() as client:
        await spoken(client, transcription=GPT)
        failed = await client.next(f"{PREFIX}.failed")
        await client.respond()

    assert failed["error"]["type"] == "transcription_error"
    assert brain.situations[0].items == ()


async def test_a_transcription_can_be_made_to_fail() -> None:
    brain = ScriptedBrain()
    async with running(brain=brain) as service, service.session() as client:
        await service.fault("fail_transcription")
        await spoken(client, transcription=GPT)
        failed = await client.next(f"{PREFIX}.failed")
        await client.respond()

    assert failed["error"]["code"] == "audio_unintelligible"
    assert brain.situations[0].items == (Said("user", "hello"),)


async def test_recorded_audio_may_be_put_into_the_conversation() -> None:
    ears = ScriptedEars(["from a recording"])
    async with running(ears=ears) as service, service.session() as client:
        await client.telephone(transcription=GPT)
        content = [{"type": "input_text", "text": "Listen:"}, {"type": "input_audio", "audio": base64(tone(200))}]
        await client.send("conversation.item.create", item={"type": "message", "role": "user", "content": content})
        completed = await client.next(f"{PREFIX}.completed")

    assert completed["transcript"] == "from a recording"
    assert completed["content_index"] == 1
    assert ears.heard == [tone(200)]
