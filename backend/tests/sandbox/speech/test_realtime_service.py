"""The service with its real ears, brain and voice, as it runs in the sandbox."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import httpx

from audiokit.mulaw import silence
from sandbox.speech.brain import build_brain
from sandbox.speech.ears import build_ears
from sandbox.speech.settings import SpeechSettings
from sandbox.speech.voice import EspeakVoice
from tests.sandbox.speech.realtime_wire import PATIENCE_S, Client, Event, Service, audio_of, running

COMPLETED = "conversation.item.input_audio_transcription.completed"
BACKEND = Path(__file__).parents[3]
TOOL = {
    "type": "function",
    "name": "take_message",
    "description": "Store a message for the owner.",
    "parameters": {
        "type": "object",
        "properties": {"caller_name": {"type": "string"}, "text": {"type": "string"}, "urgency": {"type": "string"}},
        "required": ["text", "urgency"],
    },
}


@asynccontextmanager
async def real_service() -> AsyncIterator[Service]:
    voice = EspeakVoice()
    ears = build_ears(voice)
    settings = SpeechSettings(pacing=20, log_level="WARNING")
    try:
        async with running(settings, ears=ears, brain=build_brain(), voice=voice) as service:
            yield service
    finally:
        await ears.close()
        await voice.close()


async def line(service: Service, text: str) -> bytes:
    """A caller's line as the carrier gets it: spoken, between silences."""
    async with httpx.AsyncClient(base_url=service.http_url) as http:
        spoken = await http.post("/sandbox/voice", json={"text": text, "language": "en", "voice": "caller"})
    return silence(500) + spoken.content + silence(900)


async def answer_to(client: Client, said: bytes) -> tuple[str, Event, list[Event]]:
    """What was understood, the response to it, and its events."""
    await client.append(said)
    events = await client.until("response.done")
    transcripts = [event["transcript"] for event in events if event["type"] == COMPLETED]
    if not transcripts:
        transcripts = [(await client.next(COMPLETED))["transcript"]]
    return transcripts[0], events[-1]["response"], events


async def test_a_typed_line_is_understood_to_the_letter_and_answered() -> None:
    said = "Hello, this is Bob Miller. Please take a message: I will be ten minutes late."
    async with real_service() as service, service.session() as client:
        await client.telephone({"type": "semantic_vad"}, transcription={"model": "gpt-transcribe"})
        await client.update(instructions="You are Ava, the receptionist of Miller Dental.", tools=[TOOL])
        understood, response, events = await answer_to(client, await line(service, said))
        (listed, *_) = (await service.get("/sandbox/sessions"))["sessions"]

    assert understood == said
    assert response["status"] == "completed"
    assert len(audio_of(events)) > 8000
    assert listed["conversation"][0]["understood"] == {"role": "user", "text": said}


async def test_a_line_that_is_cut_off_yields_the_words_that_were_said() -> None:
    async with real_service() as service, service.session() as client:
        await client.telephone({"type": "semantic_vad"}, transcription={"model": "gpt-transcribe"})
        spoken = await line(service, "I am calling because my tooth hurts terribly since yesterday evening")
        understood, _, _ = await answer_to(client, spoken[: len(spoken) // 2] + silence(900))

    assert understood.startswith("I am calling because")
    assert "evening" not in understood


async def test_runs_as_a_process_until_it_is_told_to_end() -> None:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = (
        "import asyncio; from sandbox.speech.server import serve; from sandbox.speech.settings import SpeechSettings;"
        f"asyncio.run(serve(SpeechSettings(port={port})))"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=BACKEND, stderr=-3)
    try:
        async with asyncio.timeout(3 * PATIENCE_S), httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            await _is_up(http)
            spoken = await http.post("/sandbox/voice", json={"text": "Hello"})
        process.terminate()
        status = await asyncio.wait_for(process.wait(), PATIENCE_S)
    finally:
        if process.returncode is None:
            process.kill()

    assert len(spoken.content) > 1000
    assert status in (0, -15)


async def _is_up(http: httpx.AsyncClient) -> None:
    while True:
        try:
            answer = await http.get("/sandbox/health")
        except httpx.TransportError:
            await asyncio.sleep(0.05)
        else:
            answer.raise_for_status()
            return
