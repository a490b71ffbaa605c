"""A PostgreSQL data folder: made once, refused when it is of another major version, and its pid file read."""

import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import Unavailable
from app.store.binaries import Binaries
from app.store.identity import Identity

_INITDB_S = 120.0
# sun_path holds 108 bytes on Linux and 104 on macOS with its closing NUL.
_SOCKET_PATH_LIMIT = 103
_SOCKET_NAME = ".s.PGSQL.5432"


class EmbeddedDatabaseFailed(Unavailable):
    code = "embedded_database_failed"


class WrongMajor(EmbeddedDatabaseFailed):
    code = "database_of_other_version"


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What a server says about itself in its pid file."""

    pid: int
    socket_dir: str
    is_ready: bool


class Cluster:
    """The data folder `pg<major>` inside `data_dir`, for one set of programs run under one identity."""

    def __init__(self, data_dir: Path, binaries: Binaries, identity: Identity) -> None:
        self.folder = data_dir / f"pg{binaries.major}"
        self.log = data_dir / f"pg{binaries.major}.log"
        self._binaries = binaries
        self._identity = identity

    def prepare(self) -> None:
        """Make the folder if there is none. Raises WrongMajor when there is data of another version only.

        The folder appears whole or not at all: an interrupted attempt leaves nothing that looks like a database.
        """
        self._refuse_other_majors()
        if not self.folder.exists():
            partial = self.folder.with_name(f"{self.folder.name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(mode=0o700)
            self._identity.own(partial)
            self._initdb(partial)
            partial.rename(self.folder)
        self._identity.own(self.folder)

    def command(self, options: dict[str, str]) -> list[str]:
        """The command line of the server, which must be started with the launcher of this identity."""
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        server = [self._binaries.postgres, "-D", str(self.folder), "-k", str(self.socket_dir()), "-h", "", *settings]
        return self._identity.command(server)

    def socket_dir(self) -> Path:
        """Where the server's socket is: the data folder, or a short one when that path is too long for a socket."""
        if len(os.fsencode(self.folder / _SOCKET_NAME)) <= _SOCKET_PATH_LIMIT:
            return self.folder
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        short = Path(tempfile.gettempdir()) / f"call-assistant-{digest}"
        short.mkdir(mode=0o700, exist_ok=True)
        if short.is_symlink() or short.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise EmbeddedDatabaseFailed(f"{short} is open to others: remove it, or set DATA_DIR to a shorter path")
        self._identity.own(short)
        return short

    def postmaster(self) -> Postmaster | None:
        """The server that runs on this folder; None when its pid file is missing, half written or left by a dead one.

        PostgreSQL's pid file: line 1 the pid, line 5 the socket folder, line 8 the state.
        """
        try:
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
            pid = int(lines[0])
        except (OSError, ValueError, IndexError):
            return None
        if not self._runs_here(pid):
            return None
        is_whole = len(lines) >= 8
        return Postmaster(pid, lines[4] if is_whole else "", is_whole and lines[7].strip() == "ready")

    def drop_stale_pid_file(self) -> None:
        """Remove the pid file of a server that is gone.

        PostgreSQL would take any process that has inherited the number for a running server and refuse to start.
        """
        if self.postmaster() is None:
            (self.folder / "postmaster.pid").unlink(missing_ok=True)

    def end_of_log(self) -> str:
        """The last lines the server wrote, for an error message."""
        try:
            return self.log.read_text(errors="replace")[-800:].strip()
        except OSError:
            return ""

    def _runs_here(self, pid: int) -> bool:
        """Whether this process is alive and works in the data folder, as a server does."""
        if sys.platform.startswith("linux"):
            try:
                return Path(f"/proc/{pid}/cwd").readlink() == self.folder
            except OSError:
                return False
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass
        return True

    def _refuse_other_majors(self) -> None:
        major = self._binaries.major
        if self.folder.exists():
            found = (self.folder / "PG_VERSION").read_text().strip() if (self.folder / "PG_VERSION").exists() else "?"
            if found != str(major):
                raise WrongMajor(_other_major_advice(self.folder, found, major))
            return
        for folder in self.folder.parent.glob("pg[0-9][0-9]"):
            if (folder / "PG_VERSION").exists():
                raise WrongMajor(_other_major_advice(folder, folder.name.removeprefix("pg"), major))

    def _initdb(self, folder: Path) -> None:
        # The built-in provider sorts and upper-cases the same on every machine, without ICU; it exists since 17.
        locale = ["--locale-provider=builtin", "--locale=C.UTF-8"] if self._binaries.major >= 17 else ["--locale=C"]
        sync = ["--sync-method=syncfs"] if self._binaries.major >= 17 and sys.platform.startswith("linux") else []
        program = [self._binaries.initdb, "-D", str(folder), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        command = self._identity.command([*program, *locale, *sync, "--no-instructions"])
        try:
            subprocess.run(  # noqa: S603 - programs of this machine, no outside input
                command, capture_output=True, text=True, timeout=_INITDB_S, check=True, cwd="/", env=ENVIRONMENT
            )
        except subprocess.CalledProcessError as failure:
            raise EmbeddedDatabaseFailed(f"initdb failed: {failure.stderr.strip()[-800:]}") from None
        except (OSError, subprocess.TimeoutExpired) as failure:
            raise EmbeddedDatabaseFailed(f"initdb failed: {failure}") from None


ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
"""What PostgreSQL's programs see; none of our settings, which hold secrets."""


def _other_major_advice(folder: Path, found: str, major: int) -> str:
    return (
        f"{folder} holds a database of PostgreSQL {found}, but the programs here are PostgreSQL {major}: install "
        f"PostgreSQL {found}, or move its data with pg_dump and pg_restore, or set DATA_DIR to another folder"
    )
