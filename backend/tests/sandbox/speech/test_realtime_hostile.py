"""Frames of any content: each is answered or ignored, and the session goes on."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.sandbox.speech.realtime_wire import Service, base64, running, tone

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service() -> AsyncIterator[Service]:
    async with running() as service:
        yield service


HOSTILE = [
    "",
    " ",
    "null",
    "5",
    "[]",
    "{}",
    '{"type":5}',
    '{"type":null,"event_id":"e"}',
    '{"type":"session.update"}',
    '{"type":"session.update","session":null}',
    '{"type":"session.update","session":[]}',
    '{"type":"session.update","session":{"type":"realtime","audio":null}}',
    '{"type":"session.update","session":{"type":"realtime","audio":{"input":null}}}',
    '{"type":"input_audio_buffer.append"}',
    '{"type":"input_audio_buffer.append","audio":5}',
    '{"type":"input_audio_buffer.append","audio":null}',
    '{"type":"response.cancel","response_id":{}}',
    '{"type":"conversation.item.create","item":"text"}',
    '{"type":"conversation.item.create","item":{"type":"message","role":{},"content":[]}}',
    '{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[[]]}}',
    '{"type":"no.such.event","event_id":"e"}',
    '{"type":"\\ud800"}',
    '{"type":"session.update","event_id":"\\ud800","session":{}}',
    '{"type":"session.update","session":{"type":"realtime","instructions":"\\ud800"}}',
    '{"type":"response.create","response":{"metadata":{"\\udfff":"x"}}}',
    '{"type":"input_audio_buffer.commit","event_id":"' + "e" * 513 + '"}',
    '{"type":"session.update","session":{"type":"realtime","max_output_tokens":' + "9" * 400 + "}}",
    '{"type":"session.update","session":' + "[" * 5000 + "]" * 5000 + "}",
    "[" * 100_000,
    '{"type":"conversation.item.retrieve","item_id":"' + "x" * 300_000 + '"}',
]


@pytest.mark.parametrize("frame", HOSTILE, ids=lambda frame: frame[:60])
async def test_a_hostile_frame_gets_an_error_and_no_more(service: Service, frame: str) -> None:
    async with service.session() as client:
        await client.socket.send(frame)
        error = await client.receive()
        still_there = await client.update(instructions="Go on.")

    assert error["type"] == "error"
    assert error["error"]["message"]
    assert still_there["session"]["instructions"] == "Go on."


async def test_an_unknown_event_is_told_what_there_is(service: Service) -> None:
    async with service.session() as client:
        await client.send("response.begin", event_id="evt_1")
        error = (await client.next("error"))["error"]

    assert (error["code"], error["param"], error["event_id"]) == ("invalid_value", "type", "evt_1")
    assert error["message"].startswith("Invalid value: 'response.begin'. Supported values are: 'session.update', ")


async def test_what_belongs_to_another_transport_is_refused(service: Service) -> None:
    async with service.session() as client:
        await client.send("output_audio_buffer.clear", event_id="evt_1")
        error = (await client.next("error"))["error"]

    assert (error["code"], error["event_id"]) == ("invalid_event", "evt_1")


async def test_binary_frames_are_refused(service: Service) -> None:
    async with service.session() as client:
        await client.socket.send(b"\xff" * 160)
        error = (await client.next("error"))["error"]
        await client.update()

    assert error["code"] == "invalid_event"


async def test_a_message_of_300_kilobytes_is_kept(service: Service) -> None:
    text = "word " * 60_000
    async with service.session() as client:
        content = [{"type": "input_text", "text": text}]
        await client.send("conversation.item.create", item={"type": "message", "role": "user", "content": content})
        added = await client.next("conversation.item.added")

    assert added["item"]["content"] == content


async def test_leaving_in_the_middle_of_everything_leaves_the_service_well(service: Service) -> None:
    for _ in range(5):
        async with service.session() as client:
            await client.telephone({"type": "server_vad", "idle_timeout_ms": 5000})
            await client.send("response.create")
            await client.send("input_audio_buffer.append", audio=base64(tone(500)))
            client.socket.transport.abort()
    async with service.session() as client:
        end = (await client.respond())[-1]

    assert end["response"]["status"] == "completed"
