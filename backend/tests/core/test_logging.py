"""What reaches the log, and what never does."""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from pydantic import SecretStr

from app.core.config import Settings
from app.core.logging import configure_logging

SECRET = "sk-proj-0123456789"
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Leave logging as it was for the tests that follow."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    """Production logging; gives the lines written since it was last asked."""
    tokens = SecretStr("first-auth-token, second-auth-token")
    configure_logging(Settings(app_env="production", openai_api_key=SecretStr(SECRET), twilio_auth_token=tokens))

    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


class TestProductionLogs:
    def test_are_one_json_object_a_line(self, lines: Lines) -> None:
        structlog.get_logger("app.test").info("call ended", call_id="c1", duration_s=3)

        (line,) = lines()
        assert (line["event"], line["level"], line["logger"]) == ("call ended", "info", "app.test")
        assert (line["call_id"], line["duration_s"]) == ("c1", 3)
        assert line["timestamp"].endswith("Z")

    def test_take_in_what_libraries_write(self, lines: Lines) -> None:
        logging.getLogger("some.library").warning("took %d ms", 7)

        (line,) = lines()
        assert (line["event"], line["logger"]) == ("took 7 ms", "some.library")

    def test_leave_out_what_is_below_the_level(self, lines: Lines) -> None:
        structlog.get_logger("app.test").debug("detail")
        logging.getLogger("httpx").info("HTTP Request: GET https://example.com")

        assert lines() == []

    @pytest.mark.parametrize(
        "key", ["token", "stream_token", "password", "api_key", "x-twilio-signature", "Authorization"]
    )
    def test_hide_what_is_named_a_secret(self, lines: Lines, key: str) -> None:
        structlog.get_logger("app.test").info("something", **{key: "value"})

        assert lines()[0][key] == "[hidden]"

    def test_show_counts_of_tokens(self, lines: Lines) -> None:
        structlog.get_logger("app.test").info("something", input_tokens=12)

        assert lines()[0]["input_tokens"] == 12

    def test_hide_secrets_wherever_they_turn_up(self, lines: Lines) -> None:
        logging.getLogger("some.library").warning("refused: Bearer %s", SECRET)
        structlog.get_logger("app.test").info("something", url="https://x/?t=second-auth-token")

        written = json.dumps(lines())
        assert SECRET not in written
        assert "second-auth-token" not in written
        assert written.count("[hidden]") == 2

    def test_show_only_the_end_of_a_number(self, lines: Lines) -> None:
        structlog.get_logger("app.test").info("something", to="+15550100001", at="2026-11-23T12:00:00+00:00")

        (line,) = lines()
        assert (line["to"], line["at"]) == ("+…0001", "2026-11-23T12:00:00+00:00")

    def test_leave_out_what_a_caller_said(self, lines: Lines) -> None:
        structlog.get_logger("app.test").info("something", pii_text="my diary", **{"caller.pii.name": "Chris"})

        assert not any("pii" in key for key in lines()[0])

    def test_tell_where_an_exception_came_from_but_not_what_it_quotes(self, lines: Lines) -> None:
        try:
            try:
                int("my diary")
            except ValueError as error:
                raise RuntimeError("could not read my diary") from error
        except RuntimeError:
            structlog.get_logger("app.test").exception("unexpected error")
        logging.getLogger("some.library").error("failed", exc_info=ValueError("my diary"))

        written = lines()
        assert [described["type"] for described in written[0]["exception"]] == [
            "builtins.RuntimeError",
            "builtins.ValueError",
        ]
        assert "test_logging.py" in written[0]["exception"][0]["frames"][0]
        assert written[1]["exception"] == [{"type": "builtins.ValueError", "frames": []}]
        assert "diary" not in json.dumps(written)


class TestDevelopmentLogs:
    def test_are_for_reading(self, capsys: pytest.CaptureFixture[str]) -> None:
        configure_logging(Settings(app_env="development", jwt_secret_key=SecretStr(SECRET)))

        structlog.get_logger("app.test").info("call ended", call_id="c1", note=f"with {SECRET}")

        written = capsys.readouterr().err
        assert "call ended" in written
        assert "call_id=c1" in written
        assert SECRET not in written
