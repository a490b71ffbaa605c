from app.callflow.transitions import TRANSITIONS, Phase
from app.core.config import Settings
from tests.tools.conftest import Seeded
from tools import reference


def test_every_setting_is_on_the_page_and_in_the_example() -> None:
    pages = reference.pages()

    for name in Settings.model_fields:
        assert f"| `{name.upper()}` |" in pages["docs/reference/settings.md"]
        assert f"\n{name.upper()}=" in pages[".env.example"]


def test_the_example_is_an_environment_that_the_settings_accept(seeded: Seeded) -> None:
    project = seeded(reference.pages())

    example = Settings(_env_file=project.root / ".env.example")

    assert example.database_url == Settings.model_fields["database_url"].default
    assert example.has_engine is False


def test_every_change_of_phase_is_an_arrow() -> None:
    page = reference.pages()["docs/reference/call-phases.md"]

    for phase, row in TRANSITIONS.items():
        for target in {target for targets in row.values() for target in targets}:
            assert f"    {phase} --> {target}\n" in page
    assert all(f"- **{phase}**: " in page for phase in Phase)


def test_drift_is_found(seeded: Seeded) -> None:
    pages = reference.pages()
    project = seeded(pages)
    assert list(reference.check(project)) == []

    (project.root / ".env.example").unlink()
    (project.root / "docs/reference/settings.md").write_text("# Settings\n")

    assert [finding.path for finding in reference.check(project)] == ["docs/reference/settings.md", ".env.example"]
