import subprocess

import pytest

from tests.tools.conftest import Seeded
from tools.project import Finding, report


def test_new_files_count_and_ignored_ones_do_not(seeded: Seeded) -> None:
    project = seeded({".gitignore": "*.log\n", "backend/app/new.py": "", "noise.log": ""})

    assert project.files() == [".gitignore", "backend/app/new.py"]
    assert project.files(".py", under="backend/") == ["backend/app/new.py"]


def test_a_deleted_file_is_gone_though_git_still_tracks_it(seeded: Seeded) -> None:
    project = seeded({"kept.py": "", "gone.py": ""})
    subprocess.run(["git", "add", "."], cwd=project.root, check=True)
    (project.root / "gone.py").unlink()

    assert project.files() == ["kept.py"]


def test_a_check_that_runs_alone_prints_what_it_found_in_order(
    seeded: Seeded, capsys: pytest.CaptureFixture[str]
) -> None:
    project = seeded({})

    status = report(lambda _: [Finding("b.py", 2, "second"), Finding("a.py", 9, "first")], project)

    assert status == 1
    assert capsys.readouterr().out == "a.py:9: first\nb.py:2: second\n"
    assert report(lambda _: [], project) == 0
