"""What can be said about the image without a container engine; building it is part of the deployment tests."""

import re

import yaml

from app.core.config import Settings
from tools.project import HERE

DOCKERFILE = HERE.text("backend/Dockerfile")


def test_the_image_needs_no_buildkit() -> None:
    assert "--mount" not in DOCKERFILE
    assert "<<" not in DOCKERFILE
    assert "# syntax" not in DOCKERFILE


def test_the_image_runs_without_root_and_installs_by_hash() -> None:
    last_stage = DOCKERFILE.rpartition("\nFROM ")[2]

    assert re.search(r"^USER 10001$", last_stage, re.MULTILINE)
    assert "pip" not in last_stage
    assert "--require-hashes -r /srv/requirements.txt" in DOCKERFILE


def test_nothing_but_production_reaches_the_builder() -> None:
    rules = [line for line in HERE.lines("backend/.dockerignore") if line and not line.startswith("#")]

    assert rules[0] == "*"
    assert set(rules[1:]) == {
        "!requirements.txt",
        "!app",
        "!audiokit",
        "!callassistant",
        "!alembic",
        "!alembic.ini",
        "**/__pycache__",
    }


def test_compose_builds_the_named_image_with_settings_that_exist() -> None:
    services = yaml.safe_load(HERE.text("docker-compose.dev.yml"))["services"]
    backend = services["backend"]

    assert (backend["image"], backend["build"]) == ("ai-call-assistant-backend", "./backend")
    assert {name.lower() for name in backend["environment"]} <= Settings.model_fields.keys()
    assert services["db"]["image"] == "postgres:18"
