"""One stack and one run of all journeys for the whole session: they take minutes, and run side by side."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from callassistant.journeys import CALLERS, run
from sandbox.journeys.script import Result, load_all
from sandbox.up import Ports, StackOptions


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """The result of every journey, by name."""
    data_dir: Path = tmp_path_factory.mktemp("journeys")
    options = StackOptions(dict(os.environ), data_dir, "", Ports(*free_ports(3)), apps=2)
    return {result.journey: result for result in asyncio.run(run(load_all(CALLERS), options, at_once=3))}
