"""The wire in both directions: golden frames of the protocol, and hostile ones."""

import json
from base64 import b64encode
from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.openai_realtime.codec import (
    AudioDelta,
    EventError,
    ServerEvent,
    Writer,
    append_audio,
    decode,
    milliseconds,
)
from app.adapters.openai_realtime.translate import Translator
from app.callflow.events import (
    AssistantItemDone,
    AssistantText,
    CallerPaused,
    CallerSaid,
    CallerSpoke,
    CostIncurred,
    EngineEvent,
    ResponseEnded,
    ResponseStarted,
    ToolRequested,
)
from app.callflow.words import ResponseStatus

AUDIO = {
    "type": "response.output_audio.delta",
    "event_id": "event_25",
    "response_id": "resp_1",
    "item_id": "item_a2",
    "output_index": 0,
    "content_index": 0,
    "delta": "f39/f39/f38=",
}
CALL = {
    "id": "item_f1",
    "object": "realtime.item",
    "type": "function_call",
    "status": "completed",
    "name": "take_message",
    "call_id": "call_001",
    "arguments": '{"text":"call me"}',
}
MESSAGE = {
    "id": "item_a2",
    "object": "realtime.item",
    "type": "message",
    "status": "completed",
    "role": "assistant",
    "content": [{"type": "output_audio", "transcript": "Sure, one moment."}],
}
USAGE = {
    "total_tokens": 253,
    "input_tokens": 132,
    "output_tokens": 121,
    "input_token_details": {
        "text_tokens": 119,
        "audio_tokens": 13,
        "image_tokens": 0,
        "cached_tokens": 64,
        "cached_tokens_details": {"text_tokens": 64, "audio_tokens": 0, "image_tokens": 0},
    },
    "output_token_details": {"text_tokens": 30, "audio_tokens": 91},
}


def done(status: str = "completed", **more: object) -> dict[str, object]:
    response = {"object": "realtime.response", "id": "resp_1", "status": status, "output": [], **more}
    return {"type": "response.done", "event_id": "event_31", "response": response}


def translated(*events: Mapping[str, object]) -> list[EngineEvent]:
    translator = Translator("gpt-realtime-2.1", "gpt-transcribe")
    out: list[EngineEvent] = []
    for event in events:
        wire = decode(json.dumps(event).encode())
        assert isinstance(wire, ServerEvent)
        out += translator.translate(wire)
    return out


class TestGoldenFrames:
    def test_audio_takes_the_short_way(self) -> None:
        event = decode(json.dumps(AUDIO, separators=(",", ":")).encode())

        assert isinstance(event, AudioDelta)
        assert (event.response_id, event.item_id, event.delta) == ("resp_1", "item_a2", "f39/f39/f38=")

    def test_audio_with_its_fields_in_another_order_is_audio_too(self) -> None:
        event = decode(json.dumps(dict(reversed(AUDIO.items()))).encode())

        assert isinstance(event, AudioDelta)
        assert event.delta == "f39/f39/f38="

    @pytest.mark.parametrize(
        ("event", "expected"),
        [
            (
                {"type": "input_audio_buffer.speech_started", "audio_start_ms": 1000, "item_id": "item_u2"},
                CallerSpoke("item_u2", 1000),
            ),
            (
                {"type": "input_audio_buffer.speech_stopped", "audio_end_ms": 2000, "item_id": "item_u2"},
                CallerPaused("item_u2", 2000),
            ),
            (
                {"type": "response.created", "response": {"id": "resp_1", "status": "in_progress"}},
                ResponseStarted("resp_1"),
            ),
            (
                {
                    "type": "response.output_audio_transcript.delta",
                    "response_id": "resp_1",
                    "item_id": "item_a2",
                    "delta": "Sure, ",
                },
                AssistantText("resp_1", "item_a2", "Sure, "),
            ),
            (
                {"type": "response.output_item.done", "response_id": "resp_1", "item": MESSAGE},
                AssistantItemDone("resp_1", "item_a2", "Sure, one moment."),
            ),
            (
                {"type": "response.output_item.done", "response_id": "resp_3", "item": CALL},
                ToolRequested("resp_3", "call_001", "take_message", '{"text":"call me"}'),
            ),
            (done(), ResponseEnded("resp_1", ResponseStatus.COMPLETED)),
            (
                done("cancelled", status_details={"type": "cancelled", "reason": "turn_detected"}),
                ResponseEnded("resp_1", ResponseStatus.CANCELLED),
            ),
            (
                done("failed", status_details={"type": "failed", "error": {"type": "server_error", "code": None}}),
                ResponseEnded("resp_1", ResponseStatus.FAILED, "server_error"),
            ),
            (
                {
                    "type": "conversation.item.input_audio_transcription.completed",
                    "item_id": "item_u1",
                    "transcript": "Hey, can you hear me?",
                    "languages": [{"code": "en"}],
                },
                CallerSaid("item_u1", "Hey, can you hear me?", "en"),
            ),
            (
                {"type": "conversation.item.input_audio_transcription.failed", "item_id": "item_u1", "error": {}},
                CallerSaid("item_u1", ""),
            ),
        ],
    )
    def test_become_events_of_the_call(self, event: dict[str, object], expected: EngineEvent) -> None:
        assert translated(event) == [expected]

    def test_usage_is_priced_with_the_cache_taken_out_of_the_input(self) -> None:
        cost, _ = translated(done(usage=USAGE))

        micro_usd = (119 - 64) * 4 + 64 * 0.4 + 13 * 32 + 30 * 24 + 91 * 64
        assert cost == CostIncurred(round(micro_usd), 132, 64, 121)

    def test_a_tool_is_asked_for_once_and_only_when_complete(self) -> None:
        event = {"type": "response.output_item.done", "response_id": "resp_3", "item": CALL}
        cut = {**event, "item": {**CALL, "status": "incomplete", "call_id": "call_2"}}

        assert len(translated(event, event, cut)) == 1

    def test_responses_out_of_band_are_no_part_of_the_call(self) -> None:
        created = {"type": "response.created", "response": {"id": "resp_1", "metadata": {"purpose": "render"}}}
        item = {"type": "response.output_item.done", "response_id": "resp_1", "item": MESSAGE}

        assert translated(created, item, done()) == []

    @pytest.mark.parametrize("kind", ["conversation.created", "rate_limits.updated", "response.dreamt", ""])
    def test_events_that_say_nothing_to_us_pass(self, kind: str) -> None:
        assert translated({"type": kind, "unheard_of": {"a": [1]}}) == []


class TestOurFrames:
    def test_audio_is_taken_as_it_is(self) -> None:
        frame = json.loads(append_audio("f39/f39/f38="))

        assert frame == {"type": "input_audio_buffer.append", "audio": "f39/f39/f38="}

    def test_every_other_event_has_an_id_of_its_own(self) -> None:
        writer = Writer()
        frames = [
            writer.message("system", "Caller ID says …"),
            writer.message("assistant", "Hi."),
            writer.tool_request("call_1", "take_message", "{}"),
            writer.tool_output("call_1", '{"ok":true}'),
            writer.truncate("item_1", 1500),
            writer.delete("item_2"),
            writer.cancel("resp_1"),
            writer.respond("", may_use_tools=True)[1],
            writer.respond("Say goodbye.", may_use_tools=False)[1],
        ]
        events = [json.loads(frame) for frame in frames]

        assert len({event["event_id"] for event in events}) == len(events)
        assert events[0]["item"]["content"] == [{"type": "input_text", "text": "Caller ID says …"}]
        assert events[1]["item"]["content"] == [{"type": "output_text", "text": "Hi."}]
        assert events[4] | {"event_id": ""} == {
            "type": "conversation.item.truncate",
            "event_id": "",
            "item_id": "item_1",
            "content_index": 0,
            "audio_end_ms": 1500,
        }
        assert "response" not in events[7]
        assert events[8]["response"] == {"instructions": "Say goodbye.", "tool_choice": "none"}

    @pytest.mark.parametrize("size", [0, 1, 2, 3, 160, 161, 162, 1600])
    def test_length_of_audio_is_read_without_decoding(self, size: int) -> None:
        assert milliseconds(b64encode(b"\xff" * size).decode()) == size / 8


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
kinds = st.sampled_from(
    ["response.output_audio.delta", "response.done", "response.output_item.done", "error", "session.updated", "x"]
)
fields = st.dictionaries(
    st.sampled_from(["response", "item", "delta", "error", "session", "response_id", "item_id", "usage", "languages"]),
    json_values,
    max_size=4,
)


class TestHostileFrames:
    @settings(max_examples=6000, deadline=None)
    @given(st.binary(max_size=200))
    def test_any_bytes_are_an_event_or_a_clear_error(self, frame: bytes) -> None:
        try:
            event = decode(frame)
        except EventError:
            return
        assert isinstance(event, ServerEvent | AudioDelta)

    @settings(max_examples=6000, deadline=None)
    @given(kinds, fields)
    def test_any_json_is_translated_or_a_clear_error(self, kind: str, members: dict[str, object]) -> None:
        frame = msgspec.json.encode({"type": kind, **members})
        try:
            event = decode(frame)
        except EventError:
            return
        if isinstance(event, ServerEvent):
            for translated_event in Translator("gpt-realtime-2.1", "gpt-transcribe").translate(event):
                assert translated_event is not None

    def test_nesting_without_end_is_a_clear_error(self) -> None:
        with pytest.raises(EventError):
            decode(b'{"type":"x","item":' + b"[" * 100_000)
