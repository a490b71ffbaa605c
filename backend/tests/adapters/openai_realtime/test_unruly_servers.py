"""Frames as a well-behaved server never sends them: the session goes on, or the call is told that it is lost."""

import asyncio
import json

import pytest

from app.callflow.commands import AnswerTool, RequestResponse, TellEngine
from app.callflow.events import (
    AssistantAudio,
    AssistantItemDone,
    AssistantText,
    CallerSpoke,
    EngineLost,
    ResponseEnded,
    ResponseStarted,
    ToolRequested,
)
from app.callflow.words import EngineLoss
from tests.adapters.openai_realtime.calling import Call, in_session
from tests.adapters.openai_realtime.scripted_server import PATIENCE_S, Event, Peer

CALL = {
    "id": "item_f1",
    "type": "function_call",
    "status": "completed",
    "name": "take_message",
    "call_id": "call_1",
    "arguments": '{"text":"call me"}',
}
SPEECH_STARTED = {"type": "input_audio_buffer.speech_started", "audio_start_ms": 7, "item_id": "item_u"}


async def goes_on(peer: Peer, call: Call) -> None:
    await peer.say("input_audio_buffer.speech_started", audio_start_ms=9, item_id="still_here")
    async with asyncio.timeout(PATIENCE_S):
        while (await call.next(CallerSpoke)).item_id != "still_here":
            pass


class TestFrames:
    @pytest.mark.parametrize(
        "frame",
        [
            "",
            "null",
            "[]",
            "5",
            "{}",
            '"text"',
            '{"type":5}',
            '{"type":null}',
            '{"type":"response.done","response":"x"}',
            '{"type":"response.done","response":null}',
            '{"type":"response.created","response":{"id":5}}',
            '{"type":"response.output_item.done","item":[]}',
            '{"type":"response.output_audio.delta"}',
            '{"type":"response.output_audio.delta","response_id":1,"item_id":2,"delta":3}',
            '{"type":"error"}',
            '{"type":"error","error":null}',
            '{"type":"error","error":"broken"}',
            '{"type":"session.updated"}',
            '{"type":"x","item":' + "[" * 20_000,
            '{"type":"' + "x" * 1000,
        ],
    )
    async def test_that_are_no_events_are_passed_over(self, frame: str) -> None:
        async with in_session() as (peer, _, call):
            await peer.connection.send(frame)
            await goes_on(peer, call)

        assert not call.all(EngineLost)

    async def test_that_are_not_utf_8(self) -> None:
        async with in_session() as (peer, _, call):
            await peer.connection.send(b'{"type":"error","error":{"message":"\xff\xfe"}}', text=True)
            await goes_on(peer, call)

    async def test_of_binary_kind_and_pings(self) -> None:
        async with in_session() as (peer, _, call):
            await peer.connection.send(json.dumps(SPEECH_STARTED).encode())
            pong = await peer.connection.ping()
            await asyncio.wait_for(pong, PATIENCE_S)
            await goes_on(peer, call)

        assert len(call.all(CallerSpoke)) == 1

    async def test_of_300_kilobytes(self) -> None:
        async with in_session() as (peer, _, call):
            await peer.say("conversation.item.done", item={"id": "item_1", "type": "message", "blob": "x" * 300_000})
            await peer.say("response.output_audio.delta", response_id="resp_1", item_id="item_1", delta="f39/" * 75_000)
            audio = await call.next(AssistantAudio)
            await goes_on(peer, call)

        assert audio.ms == 75_000 * 3 / 8

    async def test_in_pieces(self) -> None:
        whole = json.dumps(SPEECH_STARTED)
        async with in_session() as (peer, _, call):
            await peer.connection.send([whole[:10], whole[10:11], whole[11:]])
            heard = await call.next(CallerSpoke)
            await goes_on(peer, call)

        assert heard == CallerSpoke("item_u", 7)

    @pytest.mark.parametrize("pieces", [1, 40])
    async def test_greater_than_anybody_sends(self, pieces: int) -> None:
        piece = "x" * ((9 << 20) // pieces)
        async with in_session() as (peer, _, call):
            sending = asyncio.ensure_future(peer.connection.send([piece] * pieces))
            lost = await call.next(EngineLost)
            await asyncio.gather(sending, return_exceptions=True)

        assert lost.loss is EngineLoss.BROKEN

    @pytest.mark.parametrize("raw", [b"\x83\x00", b"\x81\x82\x00\x00\x00\x00{}", b"\x88\x01\x00"], ids=bytes.hex)
    async def test_against_the_rules_of_websockets(self, raw: bytes) -> None:
        async with in_session() as (peer, _, call):
            peer.connection.transport.write(raw)
            lost = await call.next(EngineLost)

        assert lost.loss is EngineLoss.BROKEN

    async def test_behind_a_closing_frame_are_not_told(self) -> None:
        late = json.dumps(SPEECH_STARTED).encode()
        async with in_session() as (peer, _, call):
            closing = b"\x88\x02\x03\xf3"
            peer.connection.transport.write(closing + b"\x81" + bytes([len(late)]) + late)
            lost = await call.next(EngineLost)
            await asyncio.sleep(0.05)

        assert lost == EngineLost(EngineLoss.BROKEN, "close_1011")
        assert call.events[-1] == lost


class TestEvents:
    async def test_of_unknown_types_and_with_unknown_members(self) -> None:
        async with in_session() as (peer, _, call):
            await peer.say("response.dreamt", response={"id": "r"}, item={"id": "i"}, error={"code": "c"})
            await peer.say("conversation.item.created", item={"id": "i", "type": "hologram", "content": []})
            await peer.say("response.created", response={"id": "resp_1", "phase": "commentary", "audio": {"x": 1}})
            started = await call.next(ResponseStarted)
            await goes_on(peer, call)

        assert started == ResponseStarted("resp_1")
        assert len(call.events) == 3

    async def test_that_come_twice_ask_for_a_tool_once(self) -> None:
        async with in_session() as (peer, _, call):
            for _ in range(3):
                await peer.say("response.output_item.done", response_id="resp_1", item=CALL)
            await goes_on(peer, call)

        assert call.all(ToolRequested) == [ToolRequested("resp_1", "call_1", "take_message", '{"text":"call me"}')]

    @pytest.mark.parametrize(
        "cut",
        [
            {"status": "incomplete", "arguments": '{"text":"cal'},
            {"status": "in_progress"},
            {"status": None},
            {"type": "mcp_call"},
        ],
    )
    async def test_with_an_unfinished_tool_call_ask_for_nothing(self, cut: Event) -> None:
        async with in_session() as (peer, _, call):
            done = {"item_id": "item_f1", "call_id": "call_1", "name": "take_message", "arguments": '{"text":"cal'}
            await peer.say("response.function_call_arguments.done", response_id="resp_1", **done)
            await peer.say("response.output_item.done", response_id="resp_1", item={**CALL, **cut})
            await goes_on(peer, call)

        assert not call.all(ToolRequested)

    async def test_in_another_order_keep_their_items_apart(self) -> None:
        def message(item_id: str, words: str) -> Event:
            content = [{"type": "output_audio", "transcript": words}]
            return {"id": item_id, "type": "message", "status": "completed", "role": "assistant", "content": content}

        async with in_session() as (peer, _, call):
            of_first = {"response_id": "resp_1", "item_id": "item_1"}
            of_second = {"response_id": "resp_1", "item_id": "item_2"}
            await peer.say("response.output_audio.delta", **of_second, delta="f39/")
            await peer.say("response.output_item.done", response_id="resp_1", item=message("item_2", "Second."))
            await peer.say("response.output_audio_transcript.delta", **of_first, delta="First.")
            await peer.say("response.output_audio.delta", **of_first, delta="f39/f39/")
            await peer.say("response.created", response={"id": "resp_1"})
            await peer.say("response.output_item.done", response_id="resp_1", item=message("item_1", "First."))
            await peer.finish("resp_1")
            await call.next(ResponseEnded)

        assert [(audio.item_id, audio.ms) for audio in call.all(AssistantAudio)] == [
            ("item_2", 0.375),
            ("item_1", 0.75),
        ]
        assert call.all(AssistantText) == [AssistantText("resp_1", "item_1", "First.")]
        assert [done.text for done in call.all(AssistantItemDone)] == ["Second.", "First."]

    async def test_of_a_response_nobody_asked_for_do_not_stop_ours(self) -> None:
        async with in_session() as (peer, session, call):
            await peer.finish("resp_unheard_of")
            session.perform(RequestResponse())
            await peer.respond("resp_1")
            assert (await call.next(ResponseStarted)).response_id == "resp_1"

    async def test_answers_of_tools_nobody_asked_for_are_sent_all_the_same(self) -> None:
        async with in_session() as (peer, session, _):
            session.perform(AnswerTool("call_of_another_session", '{"ok":true}'))
            sent = await peer.hear("conversation.item.create")

        assert sent["item"]["call_id"] == "call_of_another_session"


class TestCongestion:
    async def test_drops_audio_and_keeps_commands(self) -> None:
        frames, frame = 4000, "f39/" * 1000
        async with in_session() as (peer, session, call):
            peer.connection.transport.pause_reading()
            for number in range(frames):
                session.send_audio(frame)
                if number % 1000 == 999:
                    session.perform(TellEngine(str(number)))
            peer.connection.transport.resume_reading()
            for expected in ("999", "1999", "2999", "3999"):
                told = await peer.hear("conversation.item.create")
                assert told["item"]["content"][0]["text"] == expected
            passed = [event["type"] for event in peer.heard].count("input_audio_buffer.append")
            session.send_audio("f39/")
            after = await peer.hear("input_audio_buffer.append")
            await goes_on(peer, call)

        assert 0 < passed < frames
        assert after["audio"] == "f39/"
