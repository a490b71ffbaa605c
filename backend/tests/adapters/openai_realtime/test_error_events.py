"""What `error` events and failed responses do to a session, row by row of the protocol sheet's table."""

import pytest

from app.callflow.commands import CancelResponse, RequestResponse, TellEngine, TruncateAssistantTurn
from app.callflow.events import CallerSpoke, CostIncurred, EngineLost, ResponseEnded, ResponseStarted
from app.callflow.words import EngineLoss, ResponseStatus
from tests.adapters.openai_realtime.calling import Call, calling, in_session
from tests.adapters.openai_realtime.scripted_server import Peer, scripted_server

BUSY = "conversation_already_has_active_response"


async def is_alive(peer: Peer, call: Call) -> bool:
    """Whether events of the server still reach the call."""
    await peer.say("input_audio_buffer.speech_started", audio_start_ms=7, item_id="still_here")
    return await call.next(CallerSpoke) == CallerSpoke("still_here", 7)


class TestErrorsOfASession:
    @pytest.mark.parametrize(
        ("code", "kind", "message"),
        [
            ("response_cancel_not_active", "invalid_request_error", ""),
            (BUSY, "invalid_request_error", ""),
            ("input_audio_buffer_commit_empty", "invalid_request_error", ""),
            ("item_truncate_invalid_item_id", "invalid_request_error", ""),
            ("item_create_duplicate_item_id", "invalid_request_error", ""),
            ("item_retrieve_invalid_item_id", "invalid_request_error", ""),
            ("item_delete_invalid_item_id", "invalid_request_error", ""),
            (None, "invalid_request_error", "Audio content of 13600ms is already shorter than 55960ms"),
            ("unknown_parameter", "invalid_request_error", ""),
            ("invalid_value", "invalid_request_error", ""),
            ("missing_required_parameter", "invalid_request_error", ""),
            ("invalid_event", "invalid_request_error", ""),
            ("cannot_update_voice", "invalid_request_error", ""),
            ("invalid_tool_call_id", "invalid_request_error", ""),
            ("server_error", "server_error", ""),
            (None, "server_error", ""),
            ("rate_limit_exceeded", "invalid_request_error", ""),
            ("of_next_year", "of_next_year", ""),
        ],
    )
    async def test_are_survived(self, code: str | None, kind: str, message: str) -> None:
        async with in_session() as (peer, _, call):
            await peer.fail(code, kind, message=message)
            assert await is_alive(peer, call)

        assert not call.all(EngineLost)
        assert not call.all(ResponseEnded)

    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            ("insufficient_quota", "insufficient_quota"),
            ("credit_balance_exhausted", "insufficient_quota"),
            ("of_next_year", "insufficient_quota"),
            (None, "insufficient_quota"),
            ("invalid_api_key", "invalid_request_error"),
            ("account_deactivated", "invalid_request_error"),
            ("billing_hard_limit_reached", "invalid_request_error"),
            ("model_not_found", "invalid_request_error"),
            ("beta_api_shape_disabled", "invalid_request_error"),
        ],
    )
    async def test_that_nothing_can_be_done_about_end_it(self, code: str | None, kind: str) -> None:
        async with in_session() as (peer, _, call):
            await peer.fail(code, kind)
            lost = await call.next(EngineLost)
            await peer.say("input_audio_buffer.speech_started", audio_start_ms=7, item_id="late")
            await peer.hear_all()

        assert lost == EngineLost(EngineLoss.REFUSED, code or kind)
        assert call.events[-1] == lost
        assert peer.connection.close_code == 1000

    async def test_expiry_is_told_once(self) -> None:
        async with in_session() as (peer, _, call):
            await peer.fail("session_expired")
            await peer.connection.close(1001, "Your session hit the maximum duration of 60 minutes.")
            lost = await call.next(EngineLost)

        assert lost == EngineLost(EngineLoss.EXPIRED, "session_expired")
        assert call.all(EngineLost) == [lost]


class TestRequestsForAResponse:
    @pytest.mark.parametrize("code", ["server_error", "rate_limit_exceeded", "invalid_value"])
    async def test_that_is_not_taken_is_told_as_a_failed_response(self, code: str) -> None:
        async with in_session() as (peer, session, call):
            session.perform(RequestResponse())
            asked = await peer.hear("response.create")
            await peer.fail(code, event_id=asked["event_id"])
            ended = await call.next(ResponseEnded)

            session.perform(RequestResponse("once more"))
            again = await peer.hear("response.create")

        assert ended == ResponseEnded("", ResponseStatus.FAILED, code)
        assert again["response"]["instructions"] == "once more"

    async def test_that_is_not_taken_is_forgotten_for_a_newer_one(self) -> None:
        async with in_session() as (peer, session, call):
            session.perform(RequestResponse("old"))
            session.perform(RequestResponse("new"))
            asked = await peer.hear("response.create")
            await peer.fail("server_error", event_id=asked["event_id"])
            again = await peer.hear("response.create")

        assert again["response"]["instructions"] == "new"
        assert not call.all(ResponseEnded)

    async def test_that_lost_the_race_is_made_again_when_the_other_response_has_ended(self) -> None:
        async with in_session() as (peer, session, call):
            session.perform(RequestResponse("ours"))
            asked = await peer.hear("response.create")
            await peer.fail(BUSY, event_id=asked["event_id"])
            await peer.say("response.created", response={"id": "resp_other"})
            await peer.finish("resp_other")
            again = await peer.hear("response.create")
            await peer.say("response.created", response={"id": "resp_ours"})
            await peer.finish("resp_ours")
            assert await is_alive(peer, call)
            assert await call_started(call) == ["resp_other", "resp_ours"]

        assert again["response"]["instructions"] == "ours"
        requests = [event for event in peer.heard if event["type"] == "response.create"]
        assert len(requests) == 2

    async def test_a_cancelled_request_is_not_made_again(self) -> None:
        async with in_session() as (peer, session, call):
            session.perform(RequestResponse("first"))
            await peer.respond("resp_1")
            await call.next(ResponseStarted)
            session.perform(RequestResponse("second"))
            session.perform(CancelResponse("resp_1"))
            cancelled = await peer.hear("response.cancel")
            await peer.finish("resp_1", "cancelled")
            await call.next(ResponseEnded)
            session.perform(TellEngine("the end"))
            await peer.hear("conversation.item.create")

        assert cancelled["response_id"] == "resp_1"
        assert [event["type"] for event in peer.heard].count("response.create") == 1


async def call_started(call: Call) -> list[str]:
    return [event.response_id for event in call.all(ResponseStarted)]


class TestFailedResponses:
    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            ("server_error", "server_error"),
            ("inference_rate_limit_exceeded", "invalid_request_error"),
            ("inference_service_unavailable_error", "server_error"),
        ],
    )
    async def test_that_may_be_tried_again_leave_the_session(self, code: str, kind: str) -> None:
        async with in_session() as (peer, _, call):
            error = {"type": kind, "code": code, "message": "m"}
            await peer.say("response.created", response={"id": "resp_1"})
            await peer.finish("resp_1", "failed", status_details={"type": "failed", "error": error})
            ended = await call.next(ResponseEnded)
            assert await is_alive(peer, call)

        assert ended == ResponseEnded("resp_1", ResponseStatus.FAILED, code)

    @pytest.mark.parametrize(
        ("code", "kind"), [("insufficient_quota", "invalid_request_error"), ("new_word", "insufficient_quota")]
    )
    async def test_that_nothing_can_be_done_about_end_the_session(self, code: str, kind: str) -> None:
        usage = {"input_token_details": {"text_tokens": 1000}, "output_token_details": None}
        async with in_session() as (peer, _, call):
            details = {"type": "failed", "error": {"type": kind, "code": code, "message": "m"}}
            await peer.finish("resp_1", "failed", status_details=details, usage=usage)
            lost = await call.next(EngineLost)

        assert lost == EngineLost(EngineLoss.REFUSED, code)
        assert [type(event) for event in call.events[-2:]] == [CostIncurred, EngineLost]

    async def test_without_details(self) -> None:
        async with in_session() as (peer, _, call):
            await peer.finish("resp_1", "failed", status_details=None)
            ended = await call.next(ResponseEnded)

        assert ended == ResponseEnded("resp_1", ResponseStatus.FAILED)


class TestRefusedConfiguration:
    async def test_is_followed_by_the_minimal_one(self) -> None:
        async with scripted_server() as server:
            with calling(server.base_url) as (session, call):
                session.perform(TellEngine("kept until then"))
                peer = await server.peer()
                whole = await peer.hear("session.update")
                await peer.fail("unknown_parameter", param="session.reasoning", event_id=whole["event_id"])
                minimal = await peer.accept()
                told = await peer.hear("conversation.item.create")
                assert await is_alive(peer, call)

        assert {"reasoning", "truncation", "max_output_tokens"} <= set(whole["session"])
        assert not {"reasoning", "truncation", "max_output_tokens"} & set(minimal)
        assert minimal["instructions"] == whole["session"]["instructions"]
        assert minimal["tools"] == whole["session"]["tools"]
        assert told["item"]["content"][0]["text"] == "kept until then"

    async def test_that_cannot_be_written_down_goes_without(self) -> None:
        transcription = "session.audio.input.transcription.model"
        async with scripted_server() as server:
            with calling(server.base_url) as (_, call):
                peer = await server.peer()
                for _ in range(2):
                    asked = await peer.hear("session.update")
                    await peer.fail("invalid_value", param=transcription, event_id=asked["event_id"])
                taken = await peer.accept()
                assert await is_alive(peer, call)

        assert asked["session"]["audio"]["input"]["transcription"] == {"model": "gpt-transcribe"}
        assert taken["audio"]["input"]["transcription"] is None
        assert taken["audio"]["input"]["format"] == {"type": "audio/pcmu"}

    async def test_that_stays_refused_ends_it(self) -> None:
        async with scripted_server() as server:
            with calling(server.base_url) as (_, call):
                peer = await server.peer()
                for _ in range(4):
                    asked = await peer.hear("session.update")
                    await peer.fail("invalid_value", param="session.tools", event_id=asked["event_id"])
                lost = await call.next(EngineLost)

        assert call.events == [lost]
        assert lost == EngineLost(EngineLoss.REFUSED, "invalid_value")

    async def test_by_a_server_in_trouble_is_no_refusal_for_good(self) -> None:
        async with scripted_server() as server:
            with calling(server.base_url) as (_, call):
                peer = await server.peer()
                asked = await peer.hear("session.update")
                await peer.fail("server_error", "server_error", event_id=asked["event_id"])
                lost = await call.next(EngineLost)

        assert lost == EngineLost(EngineLoss.BROKEN, "server_error")

    async def test_for_a_wrong_model_is_not_tried_again(self) -> None:
        async with scripted_server() as server:
            with calling(server.base_url) as (_, call):
                peer = await server.peer()
                asked = await peer.hear("session.update")
                await peer.fail("model_not_found", event_id=asked["event_id"])
                lost = await call.next(EngineLost)
                await peer.hear_all()

        assert lost == EngineLost(EngineLoss.REFUSED, "model_not_found")
        assert [event["type"] for event in peer.heard] == ["session.update"]

    async def test_is_told_apart_from_a_refused_item(self) -> None:
        async with in_session() as (peer, session, call):
            session.perform(TruncateAssistantTurn("item_1", 20))
            cut = await peer.hear("conversation.item.truncate")
            await peer.fail("invalid_value", event_id=cut["event_id"])
            assert await is_alive(peer, call)

        assert [event["type"] for event in peer.heard].count("session.update") == 1


class TestUnansweredConfiguration:
    async def test_leaves_the_session_unready_and_commands_waiting(self) -> None:
        async with scripted_server() as server:
            with calling(server.base_url) as (session, call):
                peer = await server.peer()
                await peer.say("session.created", session={"id": "sess_1"})
                update = await peer.hear("session.update")
                session.perform(RequestResponse("first"))
                session.perform(TellEngine("second"))
                await peer.say("rate_limits.updated", rate_limits=[])
                await peer.say("conversation.created", conversation={"id": "conv_1"})
                assert await call_started(call) == []
                assert call.events == []

                await peer.say("session.updated", session=update["session"])
                await peer.hear("conversation.item.create")

        kinds = [event["type"] for event in peer.heard]
        assert kinds == ["session.update", "response.create", "conversation.item.create"]
