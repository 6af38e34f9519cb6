"""Tasks that RunTask starts: a task definition's container with a command of the caller's, really run, once.

Of commands only the form that this project's own programs use is run: `python -c <text>`.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox import children
from sandbox.ecs.rules import EXITED

LONGEST = 60  # seconds that a command may take
PYTHON = ["python", "-c"]


@dataclass
class OneOff:
    """A task of no service. `status` is PENDING, RUNNING, STOPPED; times are seconds since the epoch."""

    id: str
    cluster: str
    task_definition: str
    container: str
    command: list[str]
    environment: dict[str, str]
    request: dict[str, Any]
    subnet: str
    ip: str
    created: float = field(default_factory=time.time)
    status: str = "PENDING"
    started: float | None = None
    stopped: float | None = None
    stopped_reason: str = ""
    exit_code: int | None = None
    process: "subprocess.Popen[bytes] | None" = None

    def stop(self, reason: str) -> None:
        """Stops it for a reason, whether it has begun or not."""
        if self.status != "STOPPED":
            self.stopped_reason = reason
            if self.process:
                self.process.kill()


def runs(command: list[str]) -> bool:
    """Whether a command is of a form that the sandbox runs."""
    return len(command) == len(PYTHON) + 1 and command[:-1] == PYTHON


def perform(task: OneOff, files: Path, start_after: float, log: Callable[[str], None]) -> None:
    """Takes a task through its life, for as long as that takes: its command runs in `files`, with its own environment
    only, and `log` gets each line that it writes.
    """
    time.sleep(start_after)
    if not task.stopped_reason:
        task.process = children.start(
            [sys.executable, *task.command[1:]],
            cwd=files,
            env={"PATH": os.environ.get("PATH", os.defpath), **task.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        task.status, task.started = "RUNNING", time.time()
        try:
            output, _ = task.process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            task.process.kill()
            output, _ = task.process.communicate()
        for line in output.decode(errors="replace").splitlines():
            log(line)
        code = task.process.returncode
        # A container that a signal ends has 128 and the signal's number.
        task.exit_code = code if code >= 0 else 128 - code
        task.stopped_reason = task.stopped_reason or EXITED
    task.status, task.stopped = "STOPPED", time.time()
