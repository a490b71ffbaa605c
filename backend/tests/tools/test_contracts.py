import pytest
from grimp import ImportGraph

from tools.contracts import PackagePrivateContract


def _contract() -> PackagePrivateContract:
    return PackagePrivateContract(
        name="a repository belongs to its domain",
        session_options={},
        contract_options={"module_names": ["repository"]},
    )


def _graph(*imports: tuple[str, str]) -> ImportGraph:
    graph = ImportGraph()
    for importer, imported in imports:
        graph.add_import(importer=importer, imported=imported)
    return graph


def test_a_domain_may_use_its_own_repository() -> None:
    graph = _graph(
        ("app.calls.service", "app.calls.repository"),
        ("app.calls", "app.calls.repository"),
        ("app.calls.jobs.nightly", "app.calls.repository"),
    )

    assert _contract().check(graph, verbose=False).kept


def test_nobody_else_may() -> None:
    graph = _graph(("app.api.history_routes", "app.calls.repository"), ("app.callsigns", "app.calls.repository"))

    check = _contract().check(graph, verbose=False)

    assert not check.kept
    assert check.metadata["leaks"] == [
        ("app.api.history_routes", "app.calls.repository"),
        ("app.callsigns", "app.calls.repository"),
    ]


def test_modules_inside_a_private_package_are_private_too() -> None:
    graph = _graph(("app.live.runner", "app.calls.repository.search"))
    graph.add_module("app.calls.repository")

    assert not _contract().check(graph, verbose=False).kept


def test_the_report_names_both_ends_and_the_way_out(capsys: pytest.CaptureFixture[str]) -> None:
    contract = _contract()
    check = contract.check(_graph(("app.live.runner", "app.calls.repository")), verbose=False)

    contract.render_broken_contract(check)

    assert "app.live.runner reaches into app.calls.repository; call its service instead" in capsys.readouterr().out
