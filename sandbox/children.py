"""Processes of the sandbox's own that end with its server, however that ends, and the folder that they need."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

RUN = "run"
PREFIX = "pythonide-exam-"
PATIENCE = 10.0  # seconds that a process has to end by itself


def start(command: list[str], end: signal.Signals = signal.SIGKILL, **options: Any) -> "subprocess.Popen[bytes]":
    """Starts a process that gets the signal `end` when the thread that started it is gone, killed or not.

    The options are Popen's. It is the kernel that sends the signal; where there is no setpriv(1), which asks it to,
    nothing does.
    """
    setpriv = shutil.which("setpriv")
    tether = [setpriv, "--pdeathsig", end.name.removeprefix("SIG"), "--"] if setpriv else []
    return subprocess.Popen([*tether, *command], stdin=subprocess.DEVNULL, **options)


def end(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    """Ends a process with a signal, and with SIGKILL if that is not enough."""
    process.send_signal(number)
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port of loopback on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def run_folder(home: Path) -> Path:
    """A new, empty folder for what must not lie in the sandbox's own: sockets, whose paths are short, and a database.

    Another user has to reach the database's folder; this one lets everybody through and shows nobody what is in it.
    """
    clear(home)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    folder.chmod(0o711)
    (home / RUN).symlink_to(folder)
    return folder


def clear(home: Path) -> None:
    """Removes the folder that a server had for its processes, when none of them works in it any more."""
    link = home / RUN
    if link.is_symlink():
        folder = link.readlink()
        if folder.name.startswith(PREFIX) and folder.parent == Path(tempfile.gettempdir()):
            limit = time.monotonic() + PATIENCE
            # A PostgreSQL whose files are gone before it has ended leaves its shared memory behind.
            while _works_in(folder) and time.monotonic() < limit:
                time.sleep(0.05)
            shutil.rmtree(folder, ignore_errors=True)
        link.unlink()


def _works_in(folder: Path) -> bool:
    """Whether a process has its working directory below a folder."""
    for process in Path("/proc").glob("[0-9]*"):
        # One that is gone meanwhile, or another user's.
        with suppress(OSError):
            if (process / "cwd").readlink().is_relative_to(folder):
                return True
    return False


def without_secrets() -> dict[str, str]:
    """The little of this process's environment that every process needs."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
