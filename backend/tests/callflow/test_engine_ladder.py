"""What happens when the engine refuses, is slow, breaks or has to be replaced; and when a call resumes."""

from dataclasses import replace

from app.callflow.commands import (
    AnswerTool,
    CloseEngine,
    LeaveStream,
    OpenEngine,
    PlayPhrase,
    ReportTrouble,
    RequestResponse,
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

    def test_sentence_of_a_response_that_failed_is_continued(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("This is Bob about the invoice")
        speak_half(drive)

        commands = drive.tell(ResponseEnded("r1", ResponseStatus.FAILED, "server_error"))

        (opened,) = [c for c in commands if isinstance(c, OpenEngine)]
        assert opened.seed.answer_now

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

    def test_failed_response_opens_a_fresh_session(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("This is Bob")
        drive.tell(ResponseStarted("r1"))

        commands = drive.tell(ResponseEnded("r1", ResponseStatus.FAILED, "server_error"))

        assert only(CloseEngine, commands)
        assert only(OpenEngine, commands)

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


class TestRotation:
    def test_happens_in_a_pause_before_the_session_ends(self) -> None:
        drive = Drive(replace(PLAN, max_duration_s=7200, silence_s=9000, wordless_s=9000)).greeted()
        drive.caller_says("This is Bob")
        drive.answers("Hello.", 400)

        commands = drive.wait(3600 - 119)

        opened = next(c for c in commands if isinstance(c, OpenEngine))
        assert opened.is_rotation
        assert (Speaker.CALLER, "This is Bob") in opened.seed.turns
        drive.tell(READY)
        assert drive.session.phase is Phase.CONVERSING

    def test_waits_while_somebody_speaks(self) -> None:
        drive = Drive(replace(PLAN, max_duration_s=7200, silence_s=9000, wordless_s=9000)).greeted()
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
