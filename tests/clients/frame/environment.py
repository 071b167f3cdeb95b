"""Makes the virtual environment with the official clients, once, and prints its interpreter.

    python3 tests/clients/frame/environment.py [TARGET]

The environment lies in TARGET/clients (default: `target/clients`) in a folder named after the digest of what is
installed, so a change of the requirements makes a new one. Whoever comes while it is being made waits; one that was
not finished is made again.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
"""The answers' worlds are read with `tomllib`, and the pinned packages are wheels for this version or a newer one."""

LIMIT_SECONDS = 300
"""It takes about twelve seconds; a registry that is this slow will not do."""

CLIENTS = Path(__file__).resolve().parent.parent
BUILD = CLIENTS / "requirements-build.txt"
REQUIREMENTS = CLIENTS / "requirements.txt"


class Failure(Exception):
    """Why there is no environment: what, cause, remedy."""


def main(arguments: list[str]) -> int:
    target = Path(arguments[0]) if arguments else CLIENTS.parent.parent / "target"
    try:
        print(interpreter(target.resolve() / "clients"))
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 1
    return 0


def interpreter(folder: Path) -> Path:
    """Returns the interpreter of the environment, made if it is not there."""
    if sys.version_info < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        raise Failure(
            f"the official clients need Python {wanted} or newer, and {sys.executable} is {sys.version.split()[0]}\n"
            "help: put a newer `python3` first on PATH, or name one in the variable PYTHON"
        )
    place = folder / digest()
    finished = place / "finished"
    python = place / "bin" / "python"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        # Released by the system however this process ends.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            shutil.rmtree(place, ignore_errors=True)
            make(place, python)
            finished.touch()
    return python


def digest() -> str:
    """Names what goes into the environment: the requirements, this interpreter, this way of making it."""
    whole = hashlib.sha256()
    for part in (BUILD, REQUIREMENTS, Path(__file__)):
        whole.update(part.read_bytes() + b"\0")
    whole.update(f"{sys.version}\0{os.path.realpath(sys.executable)}".encode())
    return whole.hexdigest()[:16]


def make(place: Path, python: Path) -> None:
    run(
        "no virtual environment can be made",
        "install Python with its modules `venv` and `ensurepip` (Debian: python3-venv)",
        [sys.executable, "-m", "venv", str(place)],
    )
    install = [str(python), "-m", "pip", "install", "--quiet", "--no-input", "--no-compile", "--no-deps"]
    remedy = "see what pip says above; it needs a package registry, by its own settings or the variables PIP_*"
    run("the build tool cannot be installed", remedy, [*install, "--only-binary=:all:", "-r", str(BUILD)])
    # Without isolation nothing is fetched that is not pinned.
    run(
        "the official clients cannot be installed",
        remedy,
        [*install, "--no-build-isolation", "-r", str(REQUIREMENTS)],
    )
    run(
        "the pinned packages do not fit together",
        "pin all that `pip check` names in tests/clients/requirements.txt",
        [str(python), "-m", "pip", "check"],
    )


def run(problem: str, remedy: str, command: list[str]) -> None:
    """Runs a command whose whole output goes to standard error: standard output is the answer."""
    try:
        status = subprocess.run(command, stdout=sys.stderr, timeout=LIMIT_SECONDS).returncode
        cause = f"`{' '.join(command[1:4])}` ended with {status}"
    except subprocess.TimeoutExpired:
        status, cause = 1, f"`{' '.join(command[1:4])}` took longer than {LIMIT_SECONDS} seconds"
    except OSError as error:
        status, cause = 1, str(error)
    if status != 0:
        raise Failure(f"{problem}: {cause}\nhelp: {remedy}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
