"""Every server event is one that the vendor has published."""

from audiokit.mulaw import silence
from sandbox.speech.parts import Speak, UseTool
from tests.sandbox.speech.realtime_schema import faults_of, needs_schema
from tests.sandbox.speech.realtime_wire import PCMU, Client, Event, ScriptedBrain, ScriptedEars, base64, running, tone

TOOL = {"type": "function", "name": "take_message", "description": "Store it.", "parameters": {"type": "object"}}
QUIET = silence(1000)
LONG = Speak("word " * 40)


async def configure(client: Client) -> None:
    listening = {
        "format": PCMU,
        "noise_reduction": {"type": "near_field"},
        "transcription": {"model": "gpt-transcribe", "languages": ["en"]},
        "turn_detection": {"type": "semantic_vad"},
    }
    await client.update(
        audio={"input": listening, "output": {"format": PCMU, "voice": "cedar", "speed": 1.1}},
        instructions="You are Ava.",
        tools=[TOOL],
        tool_choice="auto",
        max_output_tokens=1024,
        include=["item.input_audio_transcription.logprobs"],
        truncation={"type": "retention_ratio", "retention_ratio": 0.8, "token_limits": {"post_instructions": 16000}},
        tracing="auto",
        reasoning={"effort": "low"},
    )
    await client.send("session.update", event_id="evt_bad", session={"type": "realtime", "voice": "ash"})
    await client.next("error")


async def talk(client: Client) -> Event:
    """A turn answered by speech and a tool, an interruption, an out-of-band response, a failure; the first answer."""
    await client.append(QUIET + tone(600) + QUIET)
    answer: Event = (await client.next("response.done"))["response"]
    output = {"type": "function_call_output", "call_id": answer["output"][1]["call_id"], "output": "{}"}
    await client.send("conversation.item.create", item=output)
    await client.send("response.create")
    await client.next("response.output_audio.delta")
    await client.append(QUIET + tone(600) + QUIET)
    await client.next("response.done")
    await client.next("response.done")
    await client.respond(conversation="none", output_modalities=["text"], metadata={"purpose": "spam"}, input=[])
    await client.respond(max_output_tokens=20)
    return answer


async def edit(client: Client, answer: Event) -> None:
    """Every kind of item, retrieved, truncated, deleted; the buffer by hand."""
    message = answer["output"][0]["id"]
    text = [{"type": "input_text", "text": "Hi"}]
    audio = [{"type": "input_audio", "audio": base64(tone(100))}]
    image = [{"type": "input_image", "image_url": "data:image/png;base64,AAAA"}]
    for item in (
        {"type": "message", "role": "system", "content": text},
        {"type": "message", "role": "user", "content": text + audio + image},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]},
        {"type": "function_call", "name": "f", "arguments": "{}"},
        {"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": True},
    ):
        await client.send("conversation.item.create", item=item)
        await client.next("conversation.item.done")
    await client.send("conversation.item.truncate", item_id=message, content_index=0, audio_end_ms=300)
    await client.send("conversation.item.retrieve", item_id=message)
    await client.send("conversation.item.delete", item_id=message)
    await client.send("input_audio_buffer.append", audio=base64(tone(200)))
    await client.send("input_audio_buffer.commit")
    await client.send("input_audio_buffer.clear")
    await client.settle()


@needs_schema
async def test_every_event_of_a_rich_session_is_valid() -> None:
    note = UseTool("take_message", {"text": "Please call back", "urgency": "normal"})
    brain = ScriptedBrain([[Speak("Let me note that."), note], [LONG], [Speak("Yes.")], [Speak("spam")], [LONG]])
    ears = ScriptedEars(["Hello, this is Bob.", "Wait!"])
    async with running(ears=ears, brain=brain) as service, service.session() as client:
        await configure(client)
        answer = await talk(client)
        await edit(client, answer)
        await service.fault("fail_transcription")
        await service.fault("fail_response")
        await client.append(QUIET + tone(600) + QUIET)
        await client.next("response.done")
        async with service.client("intent=transcription") as other:
            await other.send("session.update", session={"type": "transcription", "audio": {"input": {"format": PCMU}}})
            await other.next("session.updated")

    log = client.log + other.log
    wrong = {fault for event in log for fault in faults_of(event)}
    assert sorted(wrong) == []
    assert {event["type"] for event in log} >= EXPECTED
    outcomes = {event["response"]["status"] for event in log if event["type"] == "response.done"}
    assert outcomes == {"completed", "cancelled", "incomplete", "failed"}


EXPECTED = {
    "conversation.item.added",
    "conversation.item.deleted",
    "conversation.item.done",
    "conversation.item.input_audio_transcription.completed",
    "conversation.item.input_audio_transcription.delta",
    "conversation.item.input_audio_transcription.failed",
    "conversation.item.retrieved",
    "conversation.item.truncated",
    "error",
    "input_audio_buffer.cleared",
    "input_audio_buffer.committed",
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "rate_limits.updated",
    "response.content_part.added",
    "response.content_part.done",
    "response.created",
    "response.done",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.output_audio.delta",
    "response.output_audio.done",
    "response.output_audio_transcript.delta",
    "response.output_audio_transcript.done",
    "response.output_item.added",
    "response.output_item.done",
    "response.output_text.delta",
    "response.output_text.done",
    "session.created",
    "session.updated",
}
"""All but those of MCP, WebRTC and SIP, and the idle timeout, which has its own test."""
