"""What the acts of a rehearsal stand on: the exam as it is at a moment, commands, waiting.

The environment of this process leads to the sandbox.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from components.presence import presence
from loadtest.report import Report
from readiness.context import Context, context_of
from sandbox import connections
from sandbox.process import PROJECT, Server

WAIT = 60.0  # seconds that AWS may take for anything


@dataclass
class Exam:
    """The exam under way. `marks` has when each act began, in seconds since the epoch, by what it shows."""

    server: Server
    class_is_over: Callable[[], bool] = lambda: False
    report: Report | None = None
    marks: dict[str, float] = field(default_factory=dict)

    @property
    def context(self) -> Context:
        """AWS as it is now."""
        return context_of(PROJECT, "exam")

    @property
    def world(self) -> dict[str, Any]:
        """What runs, as `python -m sandbox status` tells it."""
        return dict(self.server.ask("GET", "status")["world"])

    @property
    def load(self) -> dict[str, Any]:
        """The CPU that was published, and what autoscaling made of it."""
        return dict(self.server.ask("GET", "load"))

    @property
    def tasks(self) -> dict[int, int]:
        """The connections that each task has, by the id of its process, the most first."""
        opened = connections.by_port()
        found = {pid: opened[port] for pid, port in connections.applications(self.server.pid).items()}
        return dict(sorted(found.items(), key=lambda pair: -pair[1]))

    @property
    def size(self) -> str:
        """How many tasks run, and how large each is."""
        service = self.world["service"]
        return f"{service['running']} x {service['cpu'] / 1024:g} vCPU"

    @property
    def complete(self) -> bool:
        """Whether as many tasks are healthy as there should be."""
        world = self.world
        return bool(world["targets"]["healthy"] >= world["service"]["desired"])

    @property
    def seen(self) -> Report:
        """The load test's report, which is there when the class has left."""
        assert self.report  # noqa: S101 - acts of after the class ask for it
        return self.report

    def students(self) -> tuple[bool, str]:
        """Whether students are there, and how the guard tells."""
        context = self.context
        found = presence(context.settings, context.live)
        return found.there, found.told or "nothing tells"


def until(met: Callable[[], bool], limit: float = WAIT) -> float | None:
    """The seconds until something is so; None when it is not within the limit."""
    start = time.monotonic()
    while time.monotonic() < start + limit:
        if met():
            return time.monotonic() - start
        time.sleep(0.2)
    return None


def call(*command: str) -> tuple[int, str]:
    """A command's exit code and all that it said. On Ctrl-C it gets the signal too, and is waited for."""
    program = sys.executable if command[0] == "python" else command[0]
    with subprocess.Popen(
        [program, *command[1:]], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as child:
        try:
            said = child.communicate()[0]
            return child.returncode, said
        except KeyboardInterrupt:
            child.send_signal(signal.SIGINT)
            child.wait()
            raise
