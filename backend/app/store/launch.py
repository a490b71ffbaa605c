"""Becomes PostgreSQL: run as a script, it takes an identity, ties its life to its parent's, and executes a program.

    python -I -S launch.py IDENTITY PARENT_PID PROGRAM ARGUMENT…

IDENTITY is `same`, `mapped` (a user namespace in which root appears as nobody; files stay root's) or `UID:GID`.
A fresh interpreter does this, because code between fork and exec of a process with threads may deadlock.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

REFUSED = 77
"""Exit status when the identity cannot be taken here."""

_CLONE_NEWUSER = 0x10000000  # linux/sched.h
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_NOBODY = 65534


def enter_user_namespace() -> None:
    """Appear as nobody to this process and its children, while the kernel still sees root (user_namespaces(7))."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{_NOBODY} 0 1")
    Path("/proc/self/gid_map").write_text(f"{_NOBODY} 0 1")


def take_identity(identity: str) -> None:
    if identity == "mapped":
        enter_user_namespace()
    elif identity != "same":
        uid, gid = identity.split(":")
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))


def die_with_parent(parent_pid: int) -> None:
    """Have the kernel send SIGINT (fast shutdown) when the parent thread is gone; Linux only.

    Comes after the change of identity, which clears the request (prctl(2)).
    """
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
    if os.getppid() != parent_pid:
        sys.exit(REFUSED)


def main(identity: str, parent_pid: str, *command: str) -> None:
    try:
        take_identity(identity)
    except (OSError, AttributeError) as refusal:
        sys.stderr.write(f"cannot run as {identity}: {refusal}\n")
        sys.exit(REFUSED)
    die_with_parent(int(parent_pid))
    os.execv(command[0], command)  # noqa: S606 - no shell wanted


if __name__ == "__main__":
    main(*sys.argv[1:])
