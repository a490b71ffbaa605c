"""The checks that read documents and locks: each lets a good tree pass and fires on a seeded fault."""

from collections.abc import Callable

from tools import decisions, links, portable, tree
from tools.project import Check

Faults = Callable[[Check, dict[str, str]], list[str]]

CONTRACTS = '[[tool.importlinter.contracts]]\nname = "callflow is pure"\n'


def _decision(enforced_by: str, status: str = "Accepted") -> str:
    sections = "\n## Context\nWhy.\n\n## Decision\nWhat.\n\n## Consequences\nSo.\n"
    return f"# 1. Pure core\n\nStatus: {status}\n{sections}\nEnforced by: {enforced_by}\n"


class TestTree:
    def test_lets_a_complete_page_pass(self, faults: Faults) -> None:
        page = "```\nbackend/        service\nbackend/app/    production\nbackend/app/calls/ DOMAIN\n```\n"

        assert faults(tree.check, {"ARCHITECTURE.md": page, "backend/app/calls/service.py": ""}) == []

    def test_fires_on_a_folder_that_is_not_listed_and_on_one_that_is_gone(self, faults: Faults) -> None:
        page = "backend/ service\nbackend/app/ production\nbackend/app/billing/ gone\n"

        found = faults(tree.check, {"ARCHITECTURE.md": page, "backend/app/calls/service.py": ""})

        assert found == [
            "ARCHITECTURE.md:1: backend/app/calls/ is not in the tree; add a line that says what it is for",
            "ARCHITECTURE.md:3: backend/app/billing/ does not exist",
        ]


class TestLinks:
    def test_lets_links_that_lead_somewhere_pass(self, faults: Faults) -> None:
        page = "[a](b.md) [b](b.md#what-it-is) [c](#top) [d](https://example.com/x)\n\n# Top\n```\n[x](y)\n```\n"

        assert faults(links.check, {"docs/a.md": page, "docs/b.md": "## What it is\n"}) == []

    def test_fires_on_a_missing_page_and_on_a_missing_heading(self, faults: Faults) -> None:
        found = faults(links.check, {"docs/a.md": "[a](gone.md)\n[b](b.md#nowhere)\n", "docs/b.md": "# B\n"})

        assert found == ["docs/a.md:1: gone.md does not exist", "docs/a.md:2: docs/b.md has no heading #nowhere"]


class TestDecisions:
    def test_lets_a_decision_with_living_checks_pass(self, faults: Faults) -> None:
        enforced = "contract `callflow is pure`; check `sizes`; test `backend/tests/test_a.py::test_pure`"
        files = {
            "backend/pyproject.toml": CONTRACTS,
            "backend/tools/sizes.py": "",
            "backend/tests/test_a.py": "def test_pure(): ...\n",
            "docs/decisions/README.md": "- [1](0001-pure-core.md)\n",
            "docs/decisions/0001-pure-core.md": _decision(enforced),
        }

        assert faults(decisions.check, files) == []

    def test_fires_on_checks_that_do_not_exist(self, faults: Faults) -> None:
        enforced = "contract `no such`; check `nothing`; test `backend/tests/test_a.py::test_gone`"
        files = {
            "backend/pyproject.toml": CONTRACTS,
            "backend/tests/test_a.py": "",
            "docs/decisions/README.md": "[1](0001-pure-core.md)",
            "docs/decisions/0001-pure-core.md": _decision(enforced),
        }

        assert [fault.split("there is no ")[1] for fault in faults(decisions.check, files)] == [
            "check `nothing`",
            "contract `no such`",
            "test `backend/tests/test_a.py::test_gone`",
        ]

    def test_fires_on_an_accepted_decision_that_nothing_enforces(self, faults: Faults) -> None:
        files = {
            "backend/pyproject.toml": CONTRACTS,
            "docs/decisions/README.md": "",
            "docs/decisions/0001-pure-core.md": _decision("good will"),
            "docs/decisions/0002-later.md": _decision("good will", status="Proposed"),
        }

        messages = [fault.split(": ", 1)[1] for fault in faults(decisions.check, files)]

        assert messages.count("an accepted decision names a check under `Enforced by:`") == 1
        assert messages.count("docs/decisions/README.md does not list it") == 2


class TestPortable:
    def test_lets_relative_paths_and_hashed_locks_pass(self, faults: Faults) -> None:
        files = {
            "a.md": "see backend/app and ~/notes, /usr/lib/postgresql and https://example.com/home/page\n",
            "backend/requirements.txt": "# locked\nfoo==1 ; python_version < '4' \\\n    --hash=sha256:ab\n",
            "package-lock.json": '{"integrity": "sha512-x"}\n',
        }

        assert faults(portable.check, files) == []

    def test_fires_on_machine_paths_and_registries(self, faults: Faults) -> None:
        home, registry = "/ho" + "me/ann/x", "https://files.python" + "hosted.org/x"

        found = faults(portable.check, {"a.md": f"{home}\n", "b.txt": f"{registry}\n"})

        assert found == ["a.md:1: names a path of some machine", "b.txt:1: names a package registry"]

    def test_fires_on_loose_locks(self, faults: Faults) -> None:
        files = {
            "requirements-dev.txt": "--index-url https://mirror.example/simple\nfoo==1\nbar @ https://example.com/b\n",
            "frontend/package-lock.json": '{\n"resolved": "https://mirror.example/x.tgz"\n}\n',
        }

        assert [fault.split(": ")[0] for fault in faults(portable.check, files)] == [
            "frontend/package-lock.json:2",
            "requirements-dev.txt:1",
            "requirements-dev.txt:2",
            "requirements-dev.txt:3",
            "requirements-dev.txt:3",
        ]
