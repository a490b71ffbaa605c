"""The course of a call: greeting, turns, barge-in, silence, the end."""

from dataclasses import replace

from app.callflow.commands import (
    AnswerTool,
    CancelResponse,
    ClearPlayback,
    CloseEngine,
    ForgetItem,
    LeaveStream,
    PlayPhrase,
    PlayToCaller,
    ReportTrouble,
    RequestResponse,
    RunTool,
    SaveOutcome,
    SendToEngine,
    TellEngine,
    TruncateAssistantTurn,
)
from app.callflow.events import (
    CallerAudio,
    CallerPaused,
    CallerSaid,
    CallerSpoke,
    DigitPressed,
    EngineReady,
    StreamStarted,
    StreamStopped,
    ToolFinished,
    ToolRequested,
)
from app.callflow.transitions import Phase
from app.callflow.words import Disposition, EngineTraits, HangUpReason, NextStep, PhraseKey, Speaker
from tests.callflow.driver import FRAME, PLAN, Drive, only


class TestGreeting:
    def test_plays_notice_and_greeting_before_the_engine_is_ready(self) -> None:
        drive = Drive()

        commands = drive.tell(StreamStarted())

        assert only(PlayPhrase, commands) == [PlayPhrase(PhraseKey.NOTICE), PlayPhrase(PhraseKey.GREETING)]
        assert drive.session.phase is Phase.GREETING

    def test_tells_the_engine_what_was_said(self) -> None:
        drive = Drive().greeted()

        told = [c.text for c in drive.all if isinstance(c, TellEngine)]

        assert told == [PLAN.texts[PhraseKey.NOTICE], PLAN.texts[PhraseKey.GREETING]]
        assert drive.session.phase is Phase.CONVERSING

    def test_notice_cannot_be_talked_away(self) -> None:
        drive = Drive().start()
        drive.wait(0.3)

        commands = drive.tell(CallerSpoke("u", 0)) + drive.wait(0.5)

        assert not only(ClearPlayback, commands)

    def test_whoever_still_speaks_after_the_notice_interrupts_the_greeting(self) -> None:
        drive = Drive().start()
        drive.wait(0.6)
        drive.tell(CallerSpoke("u", 0))

        commands = drive.wait(1.0)

        assert only(ClearPlayback, commands)
        assert drive.session.phase is Phase.CONVERSING

    def test_a_concern_spoken_into_the_notice_makes_the_greeting_superfluous(self) -> None:
        drive = Drive().start()
        drive.wait(0.1)
        drive.caller_says("I need to speak to Robin", seconds=0.4)

        commands = drive.wait(2)

        assert only(ClearPlayback, commands)
        assert only(RequestResponse, commands) == [RequestResponse()]

    def test_is_spoken_by_the_engine_when_nothing_is_rendered(self) -> None:
        drive = Drive(replace(PLAN, rendered={}))
        drive.tell(StreamStarted())

        commands = drive.tell(EngineReady(EngineTraits()))

        (request,) = [c for c in commands if isinstance(c, RequestResponse)]
        assert PLAN.texts[PhraseKey.NOTICE] in request.instructions
        assert not request.may_use_tools
        drive.answers("greeting", 1000)
        drive.wait(2)
        assert drive.session.phase is Phase.CONVERSING


class TestTurns:
    def test_caller_audio_goes_to_the_engine_unchanged(self) -> None:
        drive = Drive().greeted()

        assert drive.tell(CallerAudio(FRAME)) == [SendToEngine(FRAME)]

    def test_audio_before_the_engine_is_ready_is_kept_up_to_four_seconds(self) -> None:
        drive = Drive()
        drive.tell(StreamStarted())
        for index in range(300):
            assert drive.tell(CallerAudio(str(index))) == []

        commands = drive.tell(EngineReady(EngineTraits()))

        sent = [c.payload for c in commands if isinstance(c, SendToEngine)]
        assert sent == [str(index) for index in range(100, 300)]

    def test_every_turn_of_the_caller_is_answered_once(self) -> None:
        drive = Drive().greeted()

        commands = drive.caller_says("This is Bob, about the invoice.")

        assert only(RequestResponse, commands) == [RequestResponse()]

    def test_engine_that_drives_turns_is_not_asked(self) -> None:
        drive = Drive()
        drive.tell(StreamStarted())
        drive.tell(EngineReady(EngineTraits(drives_turns=True)))
        drive.wait(2.5)

        assert not only(RequestResponse, drive.caller_says("This is Bob."))

    def test_stores_turns_in_order_with_response_time(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("This is Bob.")
        drive.wait(0.3)
        drive.answers("Hello Bob.", 1000)
        drive.wait(2)

        turns = drive.turns()

        assert [t.speaker for t in turns] == [Speaker.ASSISTANT] * 2 + [Speaker.CALLER, Speaker.ASSISTANT]
        assert turns[-1].text == "Hello Bob."
        assert turns[-1].response_ms == 300
        assert turns[-1].heard_ms == 1000


class TestBargeIn:
    def test_silences_the_assistant_at_once_and_truncates_when_confirmed(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("Tell me about your opening hours")
        drive.answers("We are open from Monday to Friday from nine to five.", 4000, "r1")
        drive.wait(1.5)

        at_once = drive.tell(CallerSpoke("u9", 0))
        later = drive.wait(0.5)

        assert only(ClearPlayback, at_once)
        assert not only(TruncateAssistantTurn, at_once)
        (cut,) = [c for c in later if isinstance(c, TruncateAssistantTurn)]
        assert cut.item_id == "item_r1"
        assert abs(cut.heard_ms - 1500) <= 20
        turn = drive.turns()[-1]
        assert turn.was_interrupted
        assert turn.text.startswith("We are open")
        assert turn.unheard.endswith("five.")

    def test_unheard_items_are_forgotten(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("Hello there my friend")
        drive.answers("First.", 2000, "r1")
        drive.answers("Second.", 2000, "r2")
        drive.wait(1.0)
        drive.tell(CallerSpoke("u9", 0))

        commands = drive.wait(0.5)

        assert [c.item_id for c in commands if isinstance(c, ForgetItem)] == ["item_r2"]
        assert [c.item_id for c in commands if isinstance(c, TruncateAssistantTurn)] == ["item_r1"]

    def test_a_cough_gives_the_floor_back(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("Tell me about your opening hours")
        drive.answers("We are open from nine to five.", 4000, "r1")
        drive.wait(1.0)
        drive.tell(CallerSpoke("u9", 0))
        drive.wait(0.2)
        drive.tell(CallerPaused("u9", 0))

        commands = drive.tell(CallerSaid("u9", ""))

        replayed = sum(len(c.payload) for c in commands if isinstance(c, PlayToCaller)) * 3 / 32
        assert abs(replayed - 3000) <= 20
        assert not only(TruncateAssistantTurn, drive.all)
        drive.wait(4)
        assert drive.turns()[-1].heard_ms in range(3980, 4020)
        assert not drive.turns()[-1].was_interrupted

    def test_mm_hm_does_not_interrupt(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("Tell me about your opening hours")
        drive.answers("We are open from nine to five.", 4000, "r1")
        drive.wait(1.0)

        commands = drive.caller_says("Mm-hm.", seconds=0.2)

        assert only(PlayToCaller, commands)
        assert not only(RequestResponse, commands)

    def test_a_short_stop_interrupts(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("Tell me about your opening hours")
        drive.answers("We are open from nine to five.", 4000, "r1")
        drive.wait(1.0)

        commands = drive.caller_says("Stop.", seconds=0.2)

        assert only(TruncateAssistantTurn, commands)
        assert only(RequestResponse, commands) == [RequestResponse()]

    def test_marks_returned_by_a_clear_are_not_heard(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("Tell me about your opening hours")
        drive.answers("A long answer with many words in it.", 4000, "r1")
        drive.wait(0.7)
        drive.tell(CallerSpoke("u9", 0))

        drive.wait(3)

        assert drive.turns()[-1].heard_ms in range(680, 720)

    def test_a_running_response_is_cancelled_and_its_stale_audio_dropped(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("Tell me about your opening hours")
        drive.answers("", 1000, "r1", ends=False)
        drive.wait(0.5)
        drive.tell(CallerSpoke("u9", 0))
        commands = drive.wait(0.5)

        assert only(CancelResponse, commands) == [CancelResponse("r1")]
        assert not only(PlayToCaller, drive.answers("late", 400, "r1"))

    def test_greeting_that_was_cut_is_told_as_far_as_heard(self) -> None:
        drive = Drive().start()
        drive.wait(1.5)
        drive.tell(CallerSpoke("u", 0))

        commands = drive.wait(0.5)

        (told,) = [c for c in commands if isinstance(c, TellEngine)]
        assert told.text
        assert PLAN.texts[PhraseKey.GREETING].startswith(told.text)
        assert told.text != PLAN.texts[PhraseKey.GREETING]


class TestSilence:
    def test_two_prompts_then_goodbye(self) -> None:
        drive = Drive().greeted()

        commands = drive.wait(40)

        played = [c.key for c in commands if isinstance(c, PlayPhrase)]
        assert played == [PhraseKey.STILL_THERE, PhraseKey.STILL_THERE, PhraseKey.GOODBYE]
        assert SaveOutcome(Disposition.ABANDONED, HangUpReason.SILENCE) in commands
        assert commands[-1] == LeaveStream(NextStep.HANG_UP)

    def test_clock_starts_at_the_end_of_playback(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("Read me everything you have got")
        drive.answers("A very long answer indeed.", 10_000)

        before = drive.wait(10 + 7.9)
        after = drive.wait(0.2)

        assert not only(PlayPhrase, before)
        assert only(PlayPhrase, after) == [PlayPhrase(PhraseKey.STILL_THERE)]

    def test_clock_stands_still_while_a_tool_runs(self) -> None:
        drive = Drive(replace(PLAN, tool_limit_s=60)).greeted()
        drive.tell(ToolRequested("r1", "c1", "take_message", "{}"))

        commands = drive.wait(20)

        assert [c.key for c in commands if isinstance(c, PlayPhrase)] == [PhraseKey.ONE_MOMENT]

    def test_noise_without_words_does_not_hold_the_line(self) -> None:
        drive = Drive().greeted()
        for index in range(40):
            drive.tell(CallerSpoke(f"n{index}", 0))
            drive.wait(0.2)
            drive.tell(CallerPaused(f"n{index}", 0))
            drive.answers("Sorry?", 200)
            drive.wait(2)

        assert drive.session.phase in (Phase.CLOSING, Phase.LEAVING)


class TestEnd:
    def test_goodbye_is_heard_to_its_last_word(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("That is all, thank you.")
        drive.answers("Goodbye and have a nice day.", 2000, "r1")
        drive.tell(ToolRequested("r1", "c1", "hang_up", "{}"))
        commands = drive.tell(ToolFinished("c1", "{}", True, NextStep.HANG_UP))
        assert not only(LeaveStream, commands)

        assert not only(LeaveStream, drive.wait(3.3))
        commands = drive.wait(0.5)

        assert commands == [
            SaveOutcome(Disposition.ANSWERED, HangUpReason.ASSISTANT),
            CloseEngine(),
            LeaveStream(NextStep.HANG_UP),
        ]

    def test_oh_wait_reopens_once(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("That is all.")
        drive.tell(ToolRequested("r1", "c1", "hang_up", "{}"))
        drive.tell(ToolFinished("c1", "{}", True, NextStep.HANG_UP))
        drive.answers("Goodbye.", 1000)
        drive.wait(1.5)

        commands = drive.caller_says("Oh wait, one more thing")

        assert drive.session.phase is Phase.CONVERSING
        assert only(RequestResponse, commands) == [RequestResponse()]

    def test_bye_bye_does_not_reopen(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("That is all.")
        drive.tell(ToolRequested("r1", "c1", "hang_up", "{}"))
        drive.tell(ToolFinished("c1", "{}", True, NextStep.HANG_UP))
        drive.answers("Goodbye.", 1000)
        drive.wait(1.2)
        drive.caller_says("Bye bye, thanks", seconds=0.5)

        drive.wait(3)

        assert drive.session.phase is Phase.LEAVING

    def test_transfer_announces_then_leaves_at_once(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("It is his mother, it is urgent")
        drive.tell(ToolRequested("r1", "c1", "transfer_call", "{}"))
        commands = drive.tell(ToolFinished("c1", "{}", True, NextStep.TRANSFER, Disposition.TRANSFERRED))
        assert only(RequestResponse, commands)
        drive.answers("I am connecting you.", 1000)

        commands = drive.wait(1.1)

        assert commands[-1] == LeaveStream(NextStep.TRANSFER)
        assert not only(SaveOutcome, drive.all)

    def test_caller_who_hangs_up_in_mid_sentence_has_abandoned(self) -> None:
        drive = Drive().greeted()
        drive.tell(CallerSpoke("u", 0))

        commands = drive.tell(StreamStopped())

        assert SaveOutcome(Disposition.ABANDONED, HangUpReason.CALLER) in commands
        assert drive.session.phase is Phase.ENDED
        assert drive.session.deadline() is None

    def test_message_decides_the_disposition(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("Please tell him Bob called")
        drive.tell(ToolRequested("r1", "c1", "take_message", "{}"))
        drive.tell(ToolFinished("c1", '{"ok":true}', True, settles=Disposition.MESSAGE_TAKEN))

        commands = drive.tell(StreamStopped())

        assert SaveOutcome(Disposition.MESSAGE_TAKEN, HangUpReason.CALLER) in commands

    def test_long_call_is_warned_and_ended(self) -> None:
        drive = Drive(replace(PLAN, max_duration_s=70)).greeted()
        for _ in range(12):
            drive.caller_says("And another thing I have to say")
            drive.answers("I see.", 400)
            drive.wait(6)

        assert [c.text for c in drive.all if isinstance(c, TellEngine) and c.speaker is None]
        assert SaveOutcome(Disposition.ANSWERED, HangUpReason.TOO_LONG) in drive.all


class TestTools:
    def test_every_request_is_run_and_answered_once(self) -> None:
        drive = Drive().greeted()
        first = drive.tell(ToolRequested("r1", "c1", "take_message", '{"text":"hi"}'))
        again = drive.tell(ToolRequested("r1", "c1", "take_message", '{"text":"hi"}'))
        done = drive.tell(ToolFinished("c1", '{"ok":true}', True))
        late = drive.tell(ToolFinished("c1", '{"ok":true}', True))

        assert only(RunTool, first) == [RunTool("c1", "take_message", '{"text":"hi"}')]
        assert not only(RunTool, again)
        assert only(AnswerTool, done) == [AnswerTool("c1", '{"ok":true}')]
        assert only(RequestResponse, done)
        assert not only(AnswerTool, late)

    def test_tool_that_never_returns_is_answered_for(self) -> None:
        drive = Drive().greeted()
        drive.tell(ToolRequested("r1", "c1", "take_message", "{}"))

        commands = drive.wait(16)

        assert only(AnswerTool, commands)
        assert ReportTrouble("tool_timeout", "take_message") in commands

    def test_digits_are_gathered_and_told(self) -> None:
        drive = Drive().greeted()
        for digit in "42":
            drive.tell(DigitPressed(digit))

        commands = drive.wait(2.1)

        assert TellEngine("[caller pressed 42]", Speaker.CALLER) in commands
        assert only(RequestResponse, commands)

    def test_language_of_the_caller_decides_how_set_sentences_are_spoken(self) -> None:
        drive = Drive().greeted()
        drive.caller_says("Guten Tag, hier ist Jürgen", language="de")
        drive.answers("Guten Tag.", 400)

        commands = drive.wait(9)

        assert not only(PlayPhrase, commands)
        assert only(RequestResponse, commands)
