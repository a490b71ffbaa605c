"""The rules around the wire: one response at a time, what errors mean, what is configured, what it costs."""

import json
from typing import Any

import pytest

from app.adapters.openai_realtime.codec import Writer
from app.adapters.openai_realtime.errors import Verdict, loss_of_close, loss_of_status, verdict_of
from app.adapters.openai_realtime.pricing import Usage, micro_usd, price_of, transcription_micro_usd
from app.adapters.openai_realtime.responses import Responses
from app.adapters.openai_realtime.session_config import configuration, is_reasoning, minimal_configuration, seed_items
from app.callflow.commands import RequestResponse
from app.callflow.engine import EnginePersona, ToolSpec
from app.callflow.words import EngineLoss, Seed, Speaker, ToolRecord

PERSONA = EnginePersona(
    "You are Ava.", "marin", ("en", "de"), ("Miller",), (ToolSpec("hang_up", "End.", '{"type":"object"}'),)
)


class TestResponses:
    def test_a_second_request_waits_for_the_end_of_the_first(self) -> None:
        sent: list[RequestResponse] = []
        responses = Responses(sent.append)
        responses.request(RequestResponse("one"))
        responses.started("resp_1")
        responses.request(RequestResponse("two"))
        responses.request(RequestResponse("three"))
        assert sent == [RequestResponse("one")]

        responses.ended("resp_1")

        assert sent == [RequestResponse("one"), RequestResponse("three")]

    def test_a_request_that_lost_the_race_is_made_again(self) -> None:
        sent: list[RequestResponse] = []
        responses = Responses(sent.append)
        responses.request(RequestResponse("one"))
        responses.refused()
        responses.started("resp_other")

        responses.ended("resp_other")

        assert sent == [RequestResponse("one"), RequestResponse("one")]

    def test_nothing_is_asked_before_every_tool_is_answered(self) -> None:
        sent: list[RequestResponse] = []
        responses = Responses(sent.append)
        responses.started("resp_1")
        responses.tool_asked("a")
        responses.tool_asked("b")
        responses.ended("resp_1")
        responses.request(RequestResponse())
        responses.tool_answered("a")
        assert sent == []

        responses.tool_answered("b")

        assert sent == [RequestResponse()]

    def test_a_withdrawn_request_is_not_made(self) -> None:
        sent: list[RequestResponse] = []
        responses = Responses(sent.append)
        responses.started("resp_1")
        responses.request(RequestResponse())
        responses.withdraw()

        responses.ended("resp_1")

        assert sent == []


class TestErrors:
    @pytest.mark.parametrize(
        ("code", "kind", "message", "verdict"),
        [
            ("response_cancel_not_active", "invalid_request_error", "", Verdict.BENIGN),
            ("", "invalid_request_error", "Audio content of 13600ms is already shorter than 55960ms", Verdict.BENIGN),
            ("conversation_already_has_active_response", "invalid_request_error", "", Verdict.BUSY),
            ("unknown_parameter", "invalid_request_error", "", Verdict.OURS),
            ("", "server_error", "", Verdict.TRANSIENT),
            ("credit_balance_exhausted", "insufficient_quota", "", Verdict.FATAL),
            ("a_new_code", "insufficient_quota", "", Verdict.FATAL),
            ("session_expired", "invalid_request_error", "", Verdict.EXPIRED),
        ],
    )
    def test_are_judged_by_code_or_type(self, code: str, kind: str, message: str, verdict: Verdict) -> None:
        assert verdict_of(code, kind, message) is verdict

    @pytest.mark.parametrize(
        ("code", "reason", "loss"),
        [
            (1001, "Your session hit the maximum duration of 60 minutes.", EngineLoss.EXPIRED),
            (1001, "going away", EngineLoss.BROKEN),
            (1006, "", EngineLoss.BROKEN),
            (1011, "", EngineLoss.BROKEN),
            (3000, "invalid_request_error.invalid_api_key", EngineLoss.REFUSED),
            (4000, "invalid_request_error.beta_api_shape_disabled", EngineLoss.REFUSED),
        ],
    )
    def test_close_codes(self, code: int, reason: str, loss: EngineLoss) -> None:
        assert loss_of_close(code, reason) is loss

    @pytest.mark.parametrize(
        ("status", "loss"), [(401, EngineLoss.REFUSED), (429, EngineLoss.BROKEN), (503, EngineLoss.BROKEN)]
    )
    def test_refused_upgrades(self, status: int, loss: EngineLoss) -> None:
        assert loss_of_status(status) is loss


def config(model: str = "gpt-realtime-2.1") -> dict[str, Any]:
    return configuration(PERSONA, model=model, transcription_model="gpt-transcribe")


class TestConfiguration:
    def test_is_the_same_bytes_for_every_call(self) -> None:
        assert json.dumps(config()) == json.dumps(config())

    def test_mulaw_both_ways_without_a_rate(self) -> None:
        audio = config()["audio"]

        assert audio["input"]["format"] == audio["output"]["format"] == {"type": "audio/pcmu"}

    def test_the_call_decides_about_turns(self) -> None:
        turns = config()["audio"]["input"]["turn_detection"]

        assert turns["type"] == "semantic_vad"
        assert (turns["create_response"], turns["interrupt_response"]) == (False, False)

    def test_transcription_knows_languages_and_names(self) -> None:
        expected = {"model": "gpt-transcribe", "languages": ["en", "de"], "keywords": ["Miller"]}

        assert config()["audio"]["input"]["transcription"] == expected

    def test_reasoning_only_where_the_model_takes_it(self) -> None:
        assert config()["reasoning"] == {"effort": "low"}
        assert "reasoning" not in config("gpt-realtime-1.5")
        assert not is_reasoning("gpt-realtime")

    def test_minimal_configuration_keeps_what_a_call_cannot_do_without(self) -> None:
        assert {"type", "instructions", "tools", "audio"} <= set(
            minimal_configuration(PERSONA, transcription_model="gpt-transcribe")
        )

    def test_seed_follows_as_items(self) -> None:
        seed = Seed(
            "It is Monday.",
            ((Speaker.ASSISTANT, "Hello."), (Speaker.CALLER, "Bob here.")),
            (ToolRecord("call_1", "take_message", "{}", '{"ok":true}'),),
        )
        items = [json.loads(frame)["item"] for frame in seed_items(Writer(), seed)]

        assert [item.get("role", item["type"]) for item in items] == [
            "system",
            "function_call",
            "function_call_output",
            "assistant",
            "user",
        ]


class TestPricing:
    def test_cached_input_costs_a_fraction(self) -> None:
        fresh = micro_usd("gpt-realtime-2.1", Usage(audio_in=1000))
        cached = micro_usd("gpt-realtime-2.1", Usage(audio_in=1000, cached_audio=1000))

        assert (fresh, cached) == (32_000, 400)

    def test_unknown_models_are_taken_for_full_sized_ones(self) -> None:
        assert price_of("gpt-realtime-9") == price_of("gpt-realtime-2.1")
        assert price_of("gpt-realtime-2.1-mini").audio_in < price_of("gpt-realtime-2.1").audio_in

    def test_transcription_is_priced_by_the_minute(self) -> None:
        assert transcription_micro_usd("gpt-transcribe", 60) == 4500
