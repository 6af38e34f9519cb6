"""The sandbox's server as a process: started, found, asked, stopped. Imports nothing that takes time."""

import csv
import fcntl
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox import children

PROJECT = Path(__file__).resolve().parent.parent
# In the sandbox's folder: the application's accounts with their passwords, and the one that is for tests.
ACCOUNTS, TEST_ACCOUNT = "accounts.csv", "checklist"
# Variables of the user's that lead somewhere else, and an address where nobody listens.
ELSEWHERE = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "EXAM_DATABASE_URL",
    "EXAM_TEST_USER",
    "EXAM_TEST_PASSWORD",
    "EXAM_ACCOUNTS",
)
NOBODY = "http://127.0.0.1:9"
# AWS's clock for a class of students: so many times as fast as theirs, for what takes minutes there; the seconds that
# a task takes to start, by AWS's clock.
CLASS_SPEED, CLASS_START_SECONDS = 12, 42
CLASS_PACE = {"SANDBOX_SPEED": str(CLASS_SPEED), "SANDBOX_START_SECONDS": str(CLASS_START_SECONDS)}
FAULT_KINDS = ("throttle", "error", "drop", "hang", "deny", "refuse")
START_TIMEOUT = 60.0  # seconds
STOP_TIMEOUT = 5.0


class SandboxError(Exception):
    """What went wrong and what to do, in one line."""


@dataclass(frozen=True)
class Server:
    """A running server: where it listens on loopback, and its process."""

    port: int
    pid: int

    def ask(self, method: str, path: str, content: Any = None) -> Any:
        """The server's JSON answer to a control request, which may have JSON content.

        Raises:
            SandboxError: it does not answer.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            body, headers = None, {}
            if content is not None:
                body, headers = json.dumps(content), {"Content-Type": "application/json"}
            connection.request(method, f"/sandbox/{path}", body, headers)
            return json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException) as error:
            raise SandboxError(
                f"The sandbox (process {self.pid}) does not answer: {error}; stop it, start it"
            ) from error
        finally:
            connection.close()


def home() -> Path:
    """The sandbox's folder: SANDBOX_HOME, else `.sandbox` in the project."""
    return Path(os.environ.get("SANDBOX_HOME") or PROJECT / ".sandbox").resolve()


def environment_apart(folder: Path) -> dict[str, str]:
    """This process's environment for a sandbox of its own in a folder, which ends with it; nothing leads elsewhere."""
    kept = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    return kept | {"SANDBOX_HOME": str(folder), "SANDBOX_PORT": "0", "SANDBOX_OWNER": str(os.getpid())}


def find(folder: Path) -> Server | None:
    """The server that runs in a folder, None if there is none."""
    try:
        announced = Server(**json.loads((folder / "server.json").read_text()))
    except FileNotFoundError:
        return None
    return announced if _locked(folder) else None


def launch(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    """Starts a server that outlives this process, its log in the folder; port 0 is any free one."""
    folder.mkdir(parents=True, exist_ok=True)
    clear(folder)
    with (folder / "server.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "sandbox.boot", str(folder), str(port)],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def await_server(folder: Path, process: "subprocess.Popen[bytes]") -> Server:
    """Waits until a launched server is ready and its world steady.

    Raises:
        SandboxError: it ended, or takes longer than a minute.
    """
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if process.poll() is not None:
            lines = (folder / "server.log").read_text().strip().splitlines() or ["it says nothing"]
            raise SandboxError(f"The sandbox did not start: {lines[-1]}")
        server = find(folder)
        if server and server.ask("GET", "status")["steady"]:
            return server
        time.sleep(0.05)
    process.kill()
    raise SandboxError(f"The sandbox did not start in {START_TIMEOUT:.0f} s; its log is {folder / 'server.log'}")


def stop(folder: Path) -> bool:
    """Ends the server of a folder, gently if that works; False if none ran. Clears what a crashed one left behind."""
    deadline = time.monotonic() + START_TIMEOUT
    while (server := find(folder)) is None and _locked(folder) and time.monotonic() < deadline:
        time.sleep(0.05)  # It still starts, and says in a moment which process it is.
    if server:
        for number in (signal.SIGTERM, signal.SIGKILL):
            os.kill(server.pid, number)
            deadline = time.monotonic() + STOP_TIMEOUT
            while _locked(folder) and time.monotonic() < deadline:
                time.sleep(0.02)
            if not _locked(folder):
                break
    clear(folder)
    return server is not None


def clear(folder: Path) -> None:
    """Removes what a crashed server left behind; nothing of one that lives."""
    if not _locked(folder):
        (folder / "server.json").unlink(missing_ok=True)
        children.clear(folder)


def exam_variables(folder: Path, server: Server) -> dict[str, str]:
    """What clients of the exam URL need here: where it really is, and the test account, if there is one.

    They never reach the real exam: without a load balancer there is nobody where they look.

    Raises:
        SandboxError: the server does not answer.
    """
    address = server.ask("GET", "status")["parts"]["address"]
    if address is None:
        return {"EXAM_ADDRESS": NOBODY}
    with (folder / ACCOUNTS).open(newline="") as file:
        passwords = {row["username"]: row["password"] for row in csv.DictReader(file)}
    return {
        "EXAM_ADDRESS": address,
        "EXAM_TEST_USER": TEST_ACCOUNT,
        "EXAM_TEST_PASSWORD": passwords[TEST_ACCOUNT],
        "EXAM_ACCOUNTS": str(folder / ACCOUNTS),
    }


def _locked(folder: Path) -> bool:
    """Whether a server lives. It holds this lock for life, so a number in server.json is never another's process."""
    try:
        with (folder / "server.lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
