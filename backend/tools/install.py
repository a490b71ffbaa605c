"""Installs what the project needs into backend/.venv and frontend/node_modules; nothing global is changed.

`make setup` runs this with the machine's own Python and nothing but its standard library. A stamp in each folder
remembers what was installed from which locks, so that a second run costs a few milliseconds.
"""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NODE_NEEDED = (20, 19)

_STAMP = ".installed"
_PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet")


def main() -> None:
    install_backend(ROOT / "backend")
    if (ROOT / "frontend" / "package.json").exists():
        install_frontend(ROOT / "frontend")


def install_backend(backend: Path) -> None:
    """Bring the environment to what requirements-dev.txt locks, every file checked against its hash."""
    venv = backend / ".venv"
    lock = backend / "requirements-dev.txt"
    wanted = fingerprint(lock, backend / "pyproject.toml", venv)
    python = venv / "bin" / "python"
    if is_installed(venv, wanted) and python.exists():
        return
    print("Installing Python packages into backend/.venv (about a minute the first time)", flush=True)
    if not _works(python, venv):
        _run(sys.executable, "-m", "venv", "--clear", str(venv))
    _run(str(python), *_PIP, "--require-hashes", "-r", str(lock))
    _run(str(python), *_PIP, "--no-deps", "--no-build-isolation", "-e", str(backend))
    (venv / _STAMP).write_text(wanted, "utf-8")


def install_frontend(frontend: Path) -> None:
    """Bring node_modules to what package-lock.json locks."""
    lock = frontend / "package-lock.json"
    modules = frontend / "node_modules"
    wanted = fingerprint(lock, modules)
    if is_installed(modules, wanted):
        return
    if node_version() < NODE_NEEDED:
        sys.exit(f"Node {'.'.join(map(str, NODE_NEEDED))} or newer is needed for the web app, with npm beside it.")
    print("Installing npm packages into frontend/node_modules", flush=True)
    _run("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(frontend))
    (modules / _STAMP).write_text(wanted, "utf-8")


def fingerprint(*parts: Path) -> str:
    """What an installation depends on: the contents of files, and the places of folders (scripts name them)."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes() if part.is_file() else str(part).encode())
    return digest.hexdigest()


def is_installed(folder: Path, wanted: str) -> bool:
    stamp = folder / _STAMP
    return stamp.exists() and stamp.read_text("utf-8") == wanted


def node_version() -> tuple[int, ...]:
    """Major and minor version of the Node on the path; zeros when there is none."""
    if not (node := shutil.which("node")) or not shutil.which("npm"):
        return (0, 0)
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return tuple(int(part) for part in re.findall(r"\d+", said)[:2]) or (0, 0)


def _works(python: Path, venv: Path) -> bool:
    """Whether the environment is whole and was made for this place, not copied or moved here."""
    if not python.exists():
        return False
    command = [str(python), "-c", "import pip, sys; print(sys.prefix)"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode == 0 and Path(done.stdout.strip()).resolve() == venv


def _run(*command: str) -> None:
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"failed: {' '.join(command)}")


if __name__ == "__main__":
    main()
