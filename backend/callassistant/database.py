"""`callassistant database`: hold the embedded PostgreSQL for other processes; prints its address, ends on a signal."""

import argparse
import signal
import sys
import threading

from app.core.config import Settings
from app.core.logging import configure_logging
from app.store.embedded import EmbeddedPostgres


def main(argv: list[str]) -> int:
    argparse.ArgumentParser(prog="callassistant database", description=__doc__).parse_args(argv)
    settings = Settings()
    configure_logging(settings)
    database = EmbeddedPostgres(settings.data_dir)
    database.start()
    print(database.url.replace("+asyncpg", ""), flush=True)
    stop = threading.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: stop.set())
    stop.wait()
    database.stop()
    print("database stopped", file=sys.stderr)
    return 0
