import pytest

from tests.tools.conftest import Seeded
from tools.check import STEPS, Step, run

STEPS_OF_THREE: dict[str, Step] = {
    "good": lambda _: "",
    "bad": lambda _: "a.py:1: broken",
    "last": lambda _: "",
}


def test_all_steps_run_even_after_one_failed(seeded: Seeded, capsys: pytest.CaptureFixture[str]) -> None:
    status = run([], seeded({}), STEPS_OF_THREE)

    printed = capsys.readouterr().out
    assert status == 1
    assert "a.py:1: broken" in printed
    assert "failed: bad in" in printed
    assert "last          ok" in printed


def test_a_step_runs_alone(seeded: Seeded, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["good"], seeded({}), STEPS_OF_THREE) == 0
    assert "last" not in capsys.readouterr().out


def test_a_step_that_nobody_knows_is_refused(seeded: Seeded, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gut"], seeded({})) == 2
    assert "no such check: gut; there are: format" in capsys.readouterr().out


def test_commands_report_their_output_when_they_fail(seeded: Seeded) -> None:
    project = seeded({"backend/a.py": "import os\n"})

    assert "F401" in STEPS["lint"](project)
    assert STEPS["format"](project) == ""
