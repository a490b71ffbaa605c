"""Reading what clients send: any frame at all is understood or refused, nothing else."""

import json
from collections.abc import Callable

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.speech.realtime.client_events import EVENT_TYPES, check_event, read_head, read_object
from sandbox.speech.realtime.refusal import Refusal
from sandbox.speech.realtime.session_config import RealtimeConfig, updated

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
WORDS = st.sampled_from(
    [
        *("type", "realtime", "session", "audio", "input", "output", "format", "audio/pcmu", "turn_detection"),
        *("server_vad", "semantic_vad", "tools", "function", "name", "item", "message", "role", "user", "content"),
        *("input_text", "text", "input_audio", "item_id", "response", "instructions", "voice", "marin", "event_id"),
        *("threshold", "idle_timeout_ms", "transcription", "model", "max_output_tokens", "inf", "tool_choice"),
    ]
)
NEARLY_JSON = st.recursive(
    WORDS | st.none() | st.booleans() | st.integers(-1, 40_000) | st.floats(0, 2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=15,
)
EVENTS = st.builds(
    lambda kind, members: {**members, "type": kind},
    st.sampled_from(EVENT_TYPES),
    st.dictionaries(WORDS | st.sampled_from(["previous_item_id", "audio_end_ms", "content_index"]), NEARLY_JSON),
)


def outcome(action: Callable[[], object]) -> object:
    """What an action returns, or the refusal it raises; anything else it raises fails the test."""
    try:
        return action()
    except Refusal as refusal:
        return refusal.wire()


@settings(max_examples=1000, deadline=None)
@given(frame=st.text() | JSON.map(json.dumps) | st.one_of(EVENTS, NEARLY_JSON).map(json.dumps))
def test_reading_a_frame_never_fails_otherwise_than_by_refusal(frame: str) -> None:
    read_head(frame)

    assert msgspec.json.encode(outcome(lambda: check_event(read_object(frame))))


@settings(max_examples=1000, deadline=None)
@given(changes=NEARLY_JSON | JSON)
def test_an_update_is_applied_or_refused(changes: object) -> None:
    session = RealtimeConfig(id="sess_1", model="gpt-realtime-2.1", expires_at=0)
    named = {**changes, "type": "realtime"} if isinstance(changes, dict) else changes

    assert msgspec.json.encode(outcome(lambda: updated(session, named, has_spoken=False)))
