"""Callers as scripts, through real processes and sockets: each journey is graded on what was stored."""

import pytest

from callassistant.journeys import CALLERS
from sandbox.journeys.script import Result, load_all


@pytest.mark.slow
@pytest.mark.parametrize("name", [journey.name for journey in load_all(CALLERS)])
def test_journey_goes_as_expected(name: str, results: dict[str, Result]) -> None:
    assert results[name].findings == []
