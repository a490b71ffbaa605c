"""The embedded PostgreSQL: started, watched, restarted and stopped by this process, with the data in DATA_DIR.

Several processes may share a data folder. One of them, the holder of a file lock, is the server's parent; the others
use the server, and one of them takes over when the parent is gone. The kernel stops the server with its parent.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

import structlog

from app.core.errors import DomainError
from app.store.binaries import find_binaries
from app.store.cluster import ENVIRONMENT, Cluster, EmbeddedDatabaseFailed
from app.store.file_lock import FileLock
from app.store.identity import choose_identity

log = structlog.get_logger(__name__)

_POLL_S = 0.05
_START_S = 60.0
_STOP_S = 30.0
_LEAVE_S = 2.0
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0
_LOG_LIMIT = 1_000_000
_OPTIONS = {
    "max_connections": "100",
    "shared_buffers": "32MB",
    "max_wal_size": "256MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # Statements and the details of refusals quote what callers said.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


class EmbeddedPostgres:
    """A PostgreSQL server for `data_dir`, and the thread that keeps it running.

    The thread is the server's parent for the kernel: the server is told to stop when the thread that started it ends.
    """

    def __init__(self, data_dir: Path, options: Mapping[str, str] = MappingProxyType({})) -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        found = find_binaries()
        identity, binaries = choose_identity(found, data_dir)
        self._cluster = Cluster(data_dir, binaries, identity)
        self._lock = FileLock(data_dir / f"pg{binaries.major}.lock")
        self._options = _OPTIONS | dict(options)
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._failure: DomainError | None = None
        self._pause_s = _FIRST_PAUSE_S
        self._keeper = threading.Thread(target=self._keep, name="embedded-postgres", daemon=True)

    def start(self) -> None:
        """Return when the server accepts connections. Raises EmbeddedDatabaseFailed, WrongMajor."""
        self._keeper.start()
        if not self._ready.wait(_START_S):
            self.stop()
            raise EmbeddedDatabaseFailed(f"PostgreSQL was not ready in time: {self._cluster.end_of_log()}")
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Stop the server, if this process started it; another process that uses it then starts it again."""
        self._stopping.set()
        self._keeper.join(_STOP_S + _LEAVE_S)

    @property
    def url(self) -> str:
        """Address for SQLAlchemy with asyncpg. Valid once `start` has returned."""
        postmaster = self._cluster.postmaster()
        socket_dir = postmaster.socket_dir if postmaster else str(self._cluster.socket_dir())
        return f"postgresql+asyncpg://postgres@/postgres?host={quote(socket_dir, safe='/')}"

    @property
    def pid(self) -> int | None:
        """The server's process; None while none runs."""
        postmaster = self._cluster.postmaster()
        return postmaster.pid if postmaster else None

    @property
    def is_ready(self) -> bool:
        """Whether the server accepts connections now."""
        postmaster = self._cluster.postmaster()
        return postmaster is not None and postmaster.is_ready

    # --- in the keeper's thread ------------------------------------------------------------------------------------

    def _keep(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._lock.acquire():
                    self._supervise()
                elif self.is_ready:
                    self._ready.set()
            except (DomainError, OSError, subprocess.SubprocessError) as failure:
                self._report(failure)
            finally:
                self._lock.release()
            self._stopping.wait(_POLL_S)

    def _report(self, failure: Exception) -> None:
        """A first start that fails is the caller's to know; later ones are tried again."""
        if not self._ready.is_set():
            told = failure if isinstance(failure, DomainError) else EmbeddedDatabaseFailed(str(failure))
            self._failure = told
            self._stopping.set()
            self._ready.set()
            return
        # After a crash the first attempts may meet what the dead server's own processes still hold.
        log.warning("embedded database does not start yet", error=type(failure).__name__)
        self._stopping.wait(self._pause_s)
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)

    def _supervise(self) -> None:
        """Run the server until it ends or we stop; called with the lock."""
        self._cluster.prepare()
        orphan = self._orphan()
        if orphan is not None:
            self._watch_orphan(orphan)
            return
        self._cluster.drop_stale_pid_file()
        with self._spawn() as server:
            try:
                self._await_ready(server)
                self._watch(server)
            finally:
                _stop_process(server)

    def _orphan(self) -> int | None:
        """A server that lost its parent. Where the kernel stops it too, it is given a moment to leave."""
        deadline = time.monotonic() + _LEAVE_S
        while self.is_ready and time.monotonic() < deadline and not self._stopping.is_set():
            time.sleep(_POLL_S)
        postmaster = self._cluster.postmaster()
        while postmaster is not None and not postmaster.is_ready and not self._stopping.is_set():
            time.sleep(_POLL_S)
            postmaster = self._cluster.postmaster()
        return postmaster.pid if postmaster else None

    def _watch_orphan(self, pid: int) -> None:
        log.info("embedded database adopted", pid=pid)
        self._ready.set()
        while self.is_ready:
            if self._stopping.wait(_POLL_S):
                os.kill(pid, signal.SIGINT)
                return

    def _spawn(self) -> subprocess.Popen[bytes]:
        if self._cluster.log.exists() and self._cluster.log.stat().st_size > _LOG_LIMIT:
            self._cluster.log.unlink()
        with self._cluster.log.open("ab") as output:
            return subprocess.Popen(
                self._cluster.command(self._options),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=ENVIRONMENT,
                start_new_session=True,
            )

    def _await_ready(self, server: subprocess.Popen[bytes]) -> None:
        while not self._stopping.wait(_POLL_S / 5):
            if server.poll() is not None:
                raise EmbeddedDatabaseFailed(f"PostgreSQL ended at once: {self._cluster.end_of_log()}")
            postmaster = self._cluster.postmaster()
            # The file of a crashed server says "ready" too: only our own child's word counts.
            if postmaster is not None and postmaster.pid == server.pid and postmaster.is_ready:
                log.info("embedded database started", pid=server.pid)
                self._pause_s = _FIRST_PAUSE_S
                self._ready.set()
                return

    def _watch(self, server: subprocess.Popen[bytes]) -> None:
        while not self._stopping.wait(_POLL_S):
            if server.poll() is not None:
                log.warning("embedded database ended by itself", status=server.returncode)
                return


def _stop_process(server: subprocess.Popen[bytes]) -> None:
    """Fast shutdown: open transactions are rolled back, everything committed is on disk."""
    if server.poll() is not None:
        return
    server.send_signal(signal.SIGINT)
    try:
        server.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        server.kill()
