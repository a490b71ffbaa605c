"""`callassistant bench`: measure the media path under load, beside a bridge that does nothing else.

The load harness is not part of this repository: BENCH_DIR names the folder that holds it (`harness/`) and the
featureless bridges to compare with (`yardsticks/`).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TOKEN = "bench-token"  # noqa: S105 — signs the harness's own webhooks
_REPOSITORY = Path(__file__).parents[2]
_PORT, _IDEAL_PORT = 8300, 8310


@contextmanager
def database(data_dir: Path, environment: dict[str, str]) -> Iterator[str]:
    """An embedded database with the demo account; yields its address."""
    command = [sys.executable, "-m", "callassistant.cli"]
    with (data_dir / "database.log").open("wb") as log:
        holder = subprocess.Popen([*command, "database"], env=environment, stdout=subprocess.PIPE, stderr=log)
        try:
            address = (holder.stdout.readline() if holder.stdout else b"").decode().strip()
            seeding = [*command, "seed-demo"]
            subprocess.run(seeding, env=environment | {"DATABASE_URL": address}, check=True, stdout=log, stderr=log)
            yield address
        finally:
            holder.terminate()
            holder.wait(20)


def targets(harness: Path, address: str, environment: dict[str, str]) -> str:
    """The harness's list of bridges, as TOML: the Python yardstick, then ours."""
    ours = environment | {"DATABASE_URL": address, "OPENAI_BASE_URL": "{openai_ws}", "TWILIO_AUTH_TOKEN": "{token}"}
    entries = [
        {
            "name": "ideal_py",
            "url": f"http://127.0.0.1:{_IDEAL_PORT}/calls/inbound",
            "cwd": str(harness / "yardsticks"),
            "cmd": [sys.executable, "ideal_py.py"],
            "env": {"OPENAI_BASE_URL": "{openai_ws}", "PORT": str(_IDEAL_PORT)},
            "stream_base": f"ws://127.0.0.1:{_IDEAL_PORT + 1}",
        },
        {
            "name": "ours",
            "url": f"http://127.0.0.1:{_PORT}/calls/inbound",
            "cwd": str(_REPOSITORY / "backend"),
            "cmd": [sys.executable, "-m", "callassistant.cli", "serve"],
            "env": {name: value for name, value in ours.items() if name in _PASSED_ON},
        },
    ]
    return "\n".join("[[target]]\n" + "\n".join(f"{key} = {_toml(value)}" for key, value in e.items()) for e in entries)


_PASSED_ON = (
    "DATABASE_URL",
    "OPENAI_BASE_URL",
    "OPENAI_API_KEY",
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",
    "TWILIO_BASE_URL",
    "JWT_SECRET_KEY",
    "PORT",
    "PUBLIC_BASE_URL",
    "DATA_DIR",
    "LOG_LEVEL",
)


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }"
    return json.dumps(value)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="callassistant bench", description=__doc__)
    parser.add_argument("--calls", default="50,100,200", help="simultaneous calls (default %(default)s)")
    parser.add_argument("--seconds", default="15", help="length of one measurement (default %(default)s)")
    parser.add_argument("--mode", default="echo,talk", help="echo, talk or both (default)")
    parser.add_argument("--tries", default="3", help="measurements while other programs disturb (default %(default)s)")
    arguments = parser.parse_args(argv)
    harness = Path(os.environ.get("BENCH_DIR", str(_REPOSITORY.parent / "shared" / "bench"))).resolve()
    if not (harness / "harness").is_dir():
        print("callassistant bench: set BENCH_DIR to the folder that holds the harness", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        environment = dict(os.environ) | {
            "DATA_DIR": folder,
            "OPENAI_API_KEY": "bench",
            "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "TWILIO_AUTH_TOKEN": _TOKEN,
            "TWILIO_BASE_URL": "http://127.0.0.1:1",
            "JWT_SECRET_KEY": "bench-secret",
            "PORT": str(_PORT),
            "PUBLIC_BASE_URL": f"http://127.0.0.1:{_PORT}",
            "LOG_LEVEL": "ERROR",
        }
        with database(data_dir, environment) as address:
            listed = data_dir / "targets.toml"
            listed.write_text(targets(harness, address, environment))
            command = [sys.executable, "-m", "harness", "compare", "--targets", str(listed), "--auth-token", _TOKEN]
            command += ["--calls", arguments.calls, "--seconds", arguments.seconds, "--mode", arguments.mode]
            command += ["--tries", arguments.tries, "--harness-cpu", "1", "--bridge-cpu", "0", "--logs", folder]
            return subprocess.run(command, cwd=harness, check=False).returncode
