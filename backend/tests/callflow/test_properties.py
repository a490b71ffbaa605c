"""Whatever comes in whatever order: the session never fails, never invents, and always comes to an end."""

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from app.callflow.commands import (
    Command,
    LeaveStream,
    MarkPlayback,
    PlayPhrase,
    PlayToCaller,
    RunTool,
    SaveOutcome,
    SaveTurn,
    TruncateAssistantTurn,
)
from app.callflow.events import (
    AssistantAudio,
    AssistantItemDone,
    AssistantText,
    CallerAudio,
    CallerPaused,
    CallerSaid,
    CallerSpoke,
    DeadlinePassed,
    DigitPressed,
    EngineLost,
    EngineReady,
    Event,
    PlaybackReached,
    ResponseEnded,
    ResponseStarted,
    StreamStarted,
    StreamStopped,
    ToolFinished,
    ToolRequested,
)
from app.callflow.journal import Journal, replay
from app.callflow.session import CallSession
from app.callflow.words import Disposition, EngineLoss, EngineTraits, NextStep, ResponseStatus
from tests.callflow.driver import FRAME, PLAN, Drive, audio

ids = st.sampled_from(["a", "b", "c"])
texts = st.sampled_from(["", "mm-hm", "Stop", "This is Bob about the invoice", "bye bye", "?!"])
events: st.SearchStrategy[Event] = st.one_of(
    st.just(StreamStarted()),
    st.just(CallerAudio(FRAME)),
    st.builds(PlaybackReached, st.builds(lambda g, n: f"{g}:{n}", st.integers(0, 3), st.integers(0, 30))),
    st.builds(DigitPressed, st.sampled_from("0123456789*#")),
    st.builds(EngineReady, st.builds(EngineTraits, st.booleans(), st.booleans()), st.sampled_from([None, 5.0, 3600.0])),
    st.builds(EngineLost, st.sampled_from(EngineLoss), st.just("x")),
    st.builds(ResponseStarted, ids),
    st.builds(AssistantAudio, ids, ids, st.just(audio(400)), st.just(400.0)),
    st.builds(AssistantText, ids, ids, st.just("word ")),
    st.builds(AssistantItemDone, ids, ids, st.just("Some words that were said.")),
    st.builds(ToolRequested, ids, ids, st.just("take_message"), st.just("{}")),
    st.builds(ResponseEnded, ids, st.sampled_from(ResponseStatus)),
    st.builds(CallerSpoke, ids, st.just(0)),
    st.builds(CallerPaused, ids, st.just(0)),
    st.builds(CallerSaid, ids, texts, st.sampled_from(["", "en", "de"])),
    st.builds(
        ToolFinished,
        ids,
        st.just("{}"),
        st.booleans(),
        st.sampled_from([None, *NextStep]),
        st.sampled_from([None, Disposition.MESSAGE_TAKEN, Disposition.ANSWERED, Disposition.SCREENED_OUT]),
    ),
    st.just(DeadlinePassed()),
    st.just(StreamStopped()),
)
steps = st.lists(st.tuples(events, st.sampled_from([0.0, 0.02, 0.3, 0.5, 2.6, 9.0])), max_size=60)
calm = settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def run(script: list[tuple[Event, float]]) -> tuple[CallSession, list[Command]]:
    session, now, out = CallSession(PLAN), 100.0, list[Command]()
    for event, gap in [(StreamStarted(), 0.0), *script]:
        now += gap
        due = session.deadline()
        if due is not None and due <= now:
            out += session.handle(DeadlinePassed(), now)
        out += session.handle(event, now)
    return session, out


@calm
@given(steps)
def test_nothing_an_outside_party_sends_is_an_error_and_claims_stay_true(script: list[tuple[Event, float]]) -> None:
    _, commands = run(script)

    assert sum(isinstance(c, SaveOutcome) for c in commands) <= 1
    assert sum(isinstance(c, LeaveStream) for c in commands) <= 1
    sent: dict[str, float] = {}
    for event, _ in script:
        if isinstance(event, AssistantAudio):
            sent[event.item_id] = sent.get(event.item_id, 0.0) + event.ms
    for command in commands:
        if isinstance(command, TruncateAssistantTurn):
            assert 0 < command.heard_ms <= sent[command.item_id]
        if isinstance(command, SaveTurn):
            assert command.turn.heard_ms <= command.turn.total_ms or not command.turn.was_interrupted
            assert command.turn.heard_ms <= max(sent.values(), default=0) or command.turn.heard_ms <= 1000
    marks = [c.mark for c in commands if isinstance(c, MarkPlayback)]
    assert len(marks) == len(set(marks))
    tools = [c.tool_call_id for c in commands if isinstance(c, RunTool)]
    asked = [e.tool_call_id for e, _ in script if isinstance(e, ToolRequested)]
    assert len(tools) <= len(asked)


@calm
@given(steps)
def test_nothing_is_played_after_the_end(script: list[tuple[Event, float]]) -> None:
    session, _ = run([*script, (StreamStopped(), 0.0)])

    after = [c for event, _ in script for c in session.handle(event, 10_000.0)]

    assert after == []
    assert session.deadline() is None


@calm
@given(steps)
def test_a_call_left_alone_comes_to_an_end(script: list[tuple[Event, float]]) -> None:
    drive = Drive()
    drive.start()
    for event, gap in script:
        drive.wait(gap)
        if not isinstance(event, DeadlinePassed):
            drive.tell(event)

    drive.wait(1000)

    left = any(isinstance(c, LeaveStream) for c in drive.all)
    assert left or any(isinstance(e, StreamStopped) for e, _ in script)


@settings(max_examples=300, deadline=None)
@given(steps)
def test_a_recorded_call_replays_to_the_same_commands(script: list[tuple[Event, float]]) -> None:
    session, journal, now = CallSession(PLAN), Journal(PLAN), 5.0
    for event, gap in [(StreamStarted(), 0.0), *script]:
        now += gap
        journal.record(event, now, session.handle(event, now))
    lines = journal.take().splitlines()

    final = None
    for replayed, step in replay(lines):
        final = replayed
        if not isinstance(step.event, CallerAudio):
            assert step.names == step.recorded

    assert final is not None
    assert final.phase is session.phase
    assert not any(FRAME in line for line in lines)


pieces = st.builds(AssistantAudio, ids, ids, st.just(audio(24)), st.just(24.0))
talk = st.lists(st.tuples(st.one_of(pieces, pieces, pieces, events), st.sampled_from([0.0, 0.02, 0.03, 0.5])))


@calm
@given(talk)
def test_speech_that_flows_past_the_session_changes_nothing(script: list[tuple[Event, float]]) -> None:
    greeted: list[tuple[Event, float]] = [(StreamStarted(), 0.0), (EngineReady(EngineTraits()), 0.1), *script]
    asked, flowing, journal, now = CallSession(PLAN), CallSession(PLAN), Journal(PLAN), 100.0
    flowed = 0
    for event, gap in greeted:
        now += gap
        commands = asked.handle(event, now)
        if isinstance(event, AssistantAudio) and flowing.flow.take(event.item_id, event.payload, event.ms, now):
            flowed += 1
            assert commands == [PlayToCaller(event.payload)]
            continue
        if not isinstance(event, CallerAudio):
            journal.record_flow(flowing.flow)
        assert flowing.handle(event, now) == commands
        journal.record(event, now, commands)
        assert flowing.deadline() == asked.deadline()

    journal.record_flow(flowing.flow)
    assert flowing.snapshot()["phase"] is asked.phase
    lines = journal.take().splitlines()
    assert all(step.names == step.recorded for _, step in replay(lines) if not isinstance(step.event, CallerAudio))
    note(f"{flowed} pieces flowed")


def test_heard_audio_never_exceeds_what_was_sent() -> None:
    drive = Drive().greeted()
    drive.answers("A long answer with many words.", 4000, "r1")
    sent = sum(len(c.payload) * 3 / 32 for c in drive.all if isinstance(c, PlayToCaller))
    drive.wait(30)

    heard = [turn.heard_ms for turn in drive.turns() if turn.text.startswith("A long")]

    assert len(heard) == 1
    assert abs(heard[0] - sent) <= 5
    assert any(isinstance(c, PlayPhrase) for c in drive.all)
