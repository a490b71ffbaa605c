"""What the carrier prints."""

from collections.abc import Iterator

import pytest
import structlog

from sandbox.carrier.server import configure_logging


@pytest.fixture
def _own_logging() -> Iterator[None]:
    configure_logging("INFO")
    yield
    structlog.reset_defaults()


@pytest.mark.usefixtures("_own_logging")
def test_a_traceback_tells_where_but_not_what_was_said(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(said: str) -> None:
        raise ValueError(len(said))

    log = structlog.get_logger("carrier")
    log.debug("not printed")
    try:
        fail("my name is Ada".upper())
    except ValueError:
        log.exception("a call has lost its beat")

    printed = capsys.readouterr().out
    assert "a call has lost its beat" in printed
    assert "in fail" in printed
    assert "MY NAME" not in printed
    assert "not printed" not in printed
