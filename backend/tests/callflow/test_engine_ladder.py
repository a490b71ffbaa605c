"""What happens when the engine refuses, is slow, breaks or has to be replaced; and when a call resumes."""

from dataclasses import replace

from app.callflow.commands import (
    AnswerTool,
    CloseEngine,
    Command,
    LeaveStream,
    OpenEngine,
    PlayPhrase,
    ReportTrouble,
    RequestResponse,
    SwitchEngine,
    TellEngine,
    TruncateAssistantTurn,
)
from app.callflow.events import (
    AssistantAudio,
    AssistantText,
    CallerPaused,
    CallerSaid,
    CallerSpoke,
    EngineLost,
    EngineReady,
    ResponseEnded,
    ResponseStarted,
    StreamStarted,
    ToolFinished,
    ToolRequested,
)
from app.callflow.plan import Past
from app.callflow.transitions import Phase
from app.callflow.words import EngineLoss, EngineTraits, NextStep, PhraseKey, ResponseStatus, Speaker, ToolRecord
from tests.callflow.driver import PLAN, Drive, audio, only

READY = EngineReady(EngineTraits(), lasts_s=3600)


def played(drive: Drive) -> list[PhraseKey]:
    return [c.key for c in drive.all if isinstance(c, PlayPhrase)]


class TestRefusal:
    def test_goes_to_voicemail_without_another_try(self) -> None:
        drive = Drive()
        drive.tell(StreamStarted())
        drive.tell(EngineLost(EngineLoss.REFUSED, "invalid_api_key"))

        drive.wait(6)

        assert len(only(OpenEngine, drive.all)) == 1
        assert ReportTrouble("engine_refused", "invalid_api_key") in drive.all
        assert drive.all[-1] == LeaveStream(NextStep.VOICEMAIL)
        assert PhraseKey.VOICEMAIL in played(drive)


class TestSlowness:
    def test_session_that_does_not_become_ready_is_tried_once_more_with_a_filler(self) -> None:
        drive = Drive()
        drive.tell(StreamStarted())

        drive.wait(2.6)
        assert len(only(OpenEngine, drive.all)) == 2
        drive.wait(6)

        assert PhraseKey.ONE_MOMENT in played(drive)
        assert drive.all[-1] == LeaveStream(NextStep.VOICEMAIL)

    def test_answer_that_does_not_come_gets_a_filler_then_a_fresh_session_then_voicemail(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("This is Bob about the invoice")

        drive.wait(2.6)
        assert played(drive)[-1] is PhraseKey.ONE_MOMENT
        commands = drive.wait(2.5)
        (opened,) = [c for c in commands if isinstance(c, OpenEngine)]
        assert opened.seed.answer_now
        drive.tell(READY)
        drive.wait(12)

        assert drive.all[-1] == LeaveStream(NextStep.VOICEMAIL)

    def test_answer_in_time_clears_the_record(self) -> None:
        drive = Drive().greeted()
        for _ in range(5):
            drive.caller_says("This is Bob about the invoice")
            drive.wait(2.6)
            drive.answers("I see.", 400)
            drive.wait(2)

        assert drive.session.phase is Phase.CONVERSING
        assert len(only(OpenEngine, drive.all)) == 1


def speak_half(drive: Drive) -> None:
    """The engine speaks two seconds, of which half a second is heard, and more is to come."""
    drive.tell(ResponseStarted("r1"))
    for _ in range(10):
        drive.tell(AssistantAudio("r1", "i1", audio(200), 200))
    drive.tell(AssistantText("r1", "i1", "I will look that up"))
    drive.wait(0.5)


class TestLoss:
    def test_reseeds_with_what_was_heard_and_answers_an_open_question(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("This is Bob about the invoice")

        commands = drive.tell(EngineLost(EngineLoss.BROKEN, "1006"))

        (opened,) = [c for c in commands if isinstance(c, OpenEngine)]
        assert opened.seed.turns[-1] == (Speaker.CALLER, "This is Bob about the invoice")
        assert opened.seed.answer_now
        assert opened.after_s == 0
        assert drive.phase() is Phase.RECOVERING
        drive.tell(READY)
        assert drive.phase() is Phase.CONVERSING

    def test_sentence_that_broke_off_is_told_as_it_will_be_heard_and_continued(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("This is Bob about the invoice")
        speak_half(drive)

        commands = drive.tell(EngineLost(EngineLoss.BROKEN, "1006"))

        (opened,) = [c for c in commands if isinstance(c, OpenEngine)]
        assert opened.seed.turns[-1] == (Speaker.ASSISTANT, "I will look that up")
        assert opened.seed.answer_now
        commands = drive.tell(READY) + drive.wait(3)
        assert not only(TellEngine, commands)
        assert drive.turns()[-1].text == "I will look that up"

    def test_caller_who_talks_into_what_is_left_of_it_is_told_of(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("This is Bob about the invoice")
        speak_half(drive)
        drive.tell(EngineLost(EngineLoss.BROKEN, "1006"))
        drive.tell(READY)

        commands = drive.caller_says("No wait, it is another one")

        (told,) = [c.text for c in commands if isinstance(c, TellEngine)]
        assert told.endswith("heard only: I")
        assert not only(TruncateAssistantTurn, commands)

    def test_three_tries_take_less_than_1_7_seconds(self) -> None:
        drive = Drive().greeted()
        delays = []
        for _ in range(3):
            commands = drive.tell(EngineLost(EngineLoss.BROKEN, "1006"))
            delays += [c.after_s for c in commands if isinstance(c, OpenEngine)]

        commands = drive.tell(EngineLost(EngineLoss.BROKEN, "1006"))

        assert sum(delays) < 1.7
        assert not only(OpenEngine, commands)
        drive.wait(5)
        assert drive.all[-1] == LeaveStream(NextStep.VOICEMAIL)

    def test_caller_who_waits_hears_a_filler(self) -> None:
        drive = Drive().greeted()
        drive.tell(EngineLost(EngineLoss.BROKEN, "1006"))

        drive.wait(1.1)

        assert played(drive)[-1] is PhraseKey.ONE_MOMENT

    def test_expired_session_is_replaced_without_counting_as_a_failure(self) -> None:
        drive = Drive().greeted()
        for _ in range(10):
            drive.tell(EngineLost(EngineLoss.EXPIRED, "session_expired"))
            drive.tell(READY)

        assert drive.session.phase is Phase.CONVERSING

    def test_result_of_a_tool_asked_for_by_the_lost_session_is_not_lost(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("Please take a message")
        drive.tell(ToolRequested("r1", "c1", "take_message", "{}"))
        drive.tell(EngineLost(EngineLoss.BROKEN, "1006"))
        drive.tell(READY)

        commands = drive.tell(ToolFinished("c1", '{"ok":true}', True))

        assert not only(AnswerTool, commands)
        assert [c.text for c in commands if isinstance(c, TellEngine)] == ['Result of take_message: {"ok":true}']
        assert only(RequestResponse, commands)

    def test_interrupted_assistant_stays_interrupted(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("Tell me about the hours please")
        drive.answers("We are open every day from nine to five.", 4000)
        drive.wait(1)
        drive.tell(CallerSpoke("u9", 0))
        drive.tell(EngineLost(EngineLoss.BROKEN, "1006"))
        drive.tell(READY)
        drive.wait(1)

        assert drive.turns()[-1].was_interrupted


FAILED = ResponseStatus.FAILED


def fail(drive: Drive, response: str = "r1") -> list[Command]:
    """A response begins and fails without a word."""
    drive.tell(ResponseStarted(response))
    return drive.tell(ResponseEnded(response, FAILED, "server_error"))


class TestFailedResponse:
    def test_is_asked_for_once_more_after_a_second(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("This is Bob")

        at_once = fail(drive)
        early, later = drive.wait(0.9), drive.wait(0.2)

        assert at_once == []
        assert early == []
        assert later == [RequestResponse()]
        drive.answers("Hello Bob.", 400)
        drive.wait(2)
        assert drive.phase() is Phase.CONVERSING
        assert not only(ReportTrouble, drive.all)

    def test_keeps_its_instructions(self) -> None:
        drive = Drive(replace(PLAN, rendered={}))
        drive.tell(StreamStarted())
        (first,) = only(RequestResponse, drive.tell(READY))
        fail(drive)

        assert only(RequestResponse, drive.wait(1.1)) == [first]

    def test_that_fails_twice_opens_a_fresh_session(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("This is Bob")
        fail(drive, "r1")
        drive.wait(1.1)

        commands = fail(drive, "r2")

        assert only(CloseEngine, commands)
        assert ReportTrouble("engine_broken", "server_error") in commands
        (opened,) = [c for c in commands if isinstance(c, OpenEngine)]
        assert opened.seed.answer_now

    def test_that_goes_on_failing_ends_in_voicemail(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("This is Bob")
        fail(drive, "r1")
        drive.wait(1.1)
        for number in range(4):
            fail(drive, f"again{number}")
            drive.wait(0.6)
            drive.tell(READY)

        drive.wait(6)

        assert drive.all[-1] == LeaveStream(NextStep.VOICEMAIL)

    def test_is_forgiven_once_a_response_was_complete(self) -> None:
        drive = Drive().greeted()
        for number in range(5):
            drive.caller_says("This is Bob about the invoice")
            fail(drive, f"r{number}")
            drive.wait(1.1)
            drive.answers("I see.", 400)
            drive.wait(2)

        assert len(only(OpenEngine, drive.all)) == 1
        assert drive.phase() is Phase.CONVERSING

    def test_told_twice_is_one_failure(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("This is Bob")
        fail(drive)

        commands = drive.tell(ResponseEnded("r1", FAILED, "server_error"))

        assert commands == []

    def test_in_the_middle_of_a_sentence_is_continued(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("This is Bob about the invoice")
        speak_half(drive)

        commands = drive.tell(ResponseEnded("r1", FAILED, "server_error"))
        again = drive.wait(1.1)

        (told,) = [c.text for c in commands if isinstance(c, TellEngine)]
        assert told.startswith("Your last turn broke off.")
        assert only(RequestResponse, again) == [RequestResponse()]
        drive.wait(1)
        assert drive.turns()[-1].text == "I will look that up"

    def test_is_not_asked_for_over_the_caller(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("This is Bob")
        fail(drive)
        drive.wait(0.8)
        drive.tell(CallerSpoke("u9", 0))

        commands = drive.wait(3) + drive.tell(CallerPaused("u9", 0)) + drive.wait(0.1)

        assert only(RequestResponse, commands) == [RequestResponse()]
        assert not only(RequestResponse, drive.wait(1.5))

    def test_is_not_asked_for_while_a_tool_of_it_runs(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("Please take a message")
        drive.tell(ResponseStarted("r1"))
        drive.tell(ToolRequested("r1", "c1", "take_message", "{}"))
        drive.tell(ResponseEnded("r1", FAILED, "server_error"))
        assert not only(RequestResponse, drive.wait(2.5))

        commands = drive.tell(ToolFinished("c1", '{"ok":true}', True)) + drive.wait(1.5)

        assert only(RequestResponse, commands) == [RequestResponse()]

    def test_is_not_asked_for_in_a_session_that_is_gone(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("This is Bob")
        fail(drive)

        commands = drive.tell(EngineLost(EngineLoss.BROKEN, "1006")) + drive.wait(1.5)

        assert not only(RequestResponse, commands)
        (opened,) = [c for c in commands if isinstance(c, OpenEngine)]
        assert opened.seed.answer_now

    def test_of_an_engine_that_drives_turns_opens_a_fresh_session(self) -> None:
        drive = Drive()
        drive.tell(StreamStarted())
        drive.tell(EngineReady(EngineTraits(drives_turns=True)))
        drive.wait(2.5)
        drive.caller_says("This is Bob.")

        assert only(OpenEngine, fail(drive))

    def test_that_was_cancelled_is_nobodys_business(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("Tell me about your hours")
        drive.answers("", 1000, "r1", ends=False)
        drive.wait(0.5)
        drive.tell(CallerSpoke("u9", 0))
        drive.wait(0.5)

        commands = drive.tell(ResponseEnded("r1", FAILED, "server_error")) + drive.wait(1.5)

        assert not only(RequestResponse, commands)
        assert not only(OpenEngine, commands)


LONG = replace(PLAN, max_duration_s=7200, silence_s=9000, wordless_s=9000)


class TestRotation:
    def test_happens_in_a_pause_before_the_session_ends(self) -> None:
        drive = Drive(LONG).greeted()
        drive.caller_says("This is Bob")
        drive.answers("Hello.", 400)

        commands = drive.wait(3600 - 119)

        opened = next(c for c in commands if isinstance(c, OpenEngine))
        assert opened.is_rotation
        assert not opened.seed.answer_now
        assert (Speaker.CALLER, "This is Bob") in opened.seed.turns
        assert SwitchEngine() in drive.tell(READY)
        assert drive.session.phase is Phase.CONVERSING

    def test_is_called_off_when_somebody_speaks_meanwhile(self) -> None:
        drive = Drive(LONG).greeted()
        drive.wait(3600 - 121)
        assert any(c.is_rotation for c in drive.all if isinstance(c, OpenEngine))
        drive.tell(CallerSpoke("u1", 0))
        assert not only(SwitchEngine, drive.tell(READY))
        drive.wait(1)
        drive.tell(CallerPaused("u1", 0))
        drive.tell(CallerSaid("u1", "Are you there"))
        drive.answers("Yes.", 400)

        commands = drive.wait(3)

        (opened,) = [c for c in commands if isinstance(c, OpenEngine)]
        assert opened.is_rotation
        assert opened.seed.turns[-2:] == ((Speaker.CALLER, "Are you there"), (Speaker.ASSISTANT, "Yes."))
        assert SwitchEngine() in drive.tell(READY)

    def test_is_called_off_when_the_successor_has_missed_something(self) -> None:
        drive = Drive(LONG).greeted()
        drive.wait(3600 - 121)
        drive.caller_says("Quick question", seconds=0.1)
        drive.answers("Yes.", 200)
        drive.wait(0.4)

        assert not only(SwitchEngine, drive.tell(READY))

    def test_goes_on_when_the_successor_does_not_come(self) -> None:
        drive = Drive(LONG).greeted()

        commands = drive.wait(3600 - 121 + 6)

        assert len([c for c in commands if isinstance(c, OpenEngine) and c.is_rotation]) > 2
        assert not only(CloseEngine, commands)
        assert drive.phase() is Phase.CONVERSING

    def test_of_short_sessions_comes_half_way(self) -> None:
        drive = Drive(LONG)
        drive.tell(StreamStarted())
        drive.tell(EngineReady(EngineTraits(), lasts_s=60))

        assert not any(c.is_rotation for c in drive.wait(29) if isinstance(c, OpenEngine))
        assert any(c.is_rotation for c in drive.wait(2) if isinstance(c, OpenEngine))

    def test_does_not_trust_a_clock_that_says_it_is_over(self) -> None:
        drive = Drive(LONG)
        drive.tell(StreamStarted())
        drive.tell(EngineReady(EngineTraits(), lasts_s=-3600))

        assert not any(c.is_rotation for c in drive.wait(600) if isinstance(c, OpenEngine))

    def test_waits_while_somebody_speaks(self) -> None:
        drive = Drive(LONG).greeted()
        drive.tell(CallerSpoke("u1", 0))
        drive.wait(3600 - 115)
        assert not any(c.is_rotation for c in drive.all if isinstance(c, OpenEngine))
        drive.tell(CallerPaused("u1", 0))
        drive.tell(CallerSaid("u1", "Hello you"))
        drive.answers("Hello.", 400)

        drive.wait(3)

        assert any(c.is_rotation for c in drive.all if isinstance(c, OpenEngine))


class TestResumedCall:
    PAST = Past(
        turns=((Speaker.ASSISTANT, "How can I help?"), (Speaker.CALLER, "This is Bob.")),
        tools=(ToolRecord("c1", "take_message", "{}", '{"ok":true}'),),
        elapsed_s=60,
        next_ordinal=4,
    )

    def test_goes_on_where_it_broke(self) -> None:
        drive = Drive(replace(PLAN, past=self.PAST))

        commands = drive.tell(StreamStarted())

        assert drive.session.phase is Phase.CONVERSING
        assert only(PlayPhrase, commands) == [PlayPhrase(PhraseKey.RESUMED)]
        (opened,) = [c for c in commands if isinstance(c, OpenEngine)]
        assert opened.seed.turns == self.PAST.turns
        assert opened.seed.tools == self.PAST.tools
        assert opened.seed.answer_now

    def test_turns_go_on_counting(self) -> None:
        drive = Drive(replace(PLAN, past=self.PAST)).start()

        drive.wait(2)

        assert drive.turns()[0].ordinal == 4
