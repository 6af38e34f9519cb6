"""An `up` that goes on while a test does other things."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from tests.engine.harness import UP_LIMIT, Done, Project

ORPHAN_LIMIT = 5  # seconds in which a stand-in must have noticed that its engine is gone


class Running:
    """An `up` of a stack, as the leader of a process group: signals reach it as they do from a terminal."""

    def __init__(self, project: Project, stack: str, **env: str) -> None:
        self.project, self.log = project, project.home / f"running-{time.monotonic_ns()}.log"
        project.forget_calls()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                ["pulumi", "up", "-s", stack, "--yes", "--skip-preview", "--non-interactive"],  # noqa: S607
                cwd=project.folder,
                env={**project.env, **env},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def await_writes(self, number: int, action: str = "") -> None:
        """Wait until it has made `number` writing calls, of one action if it is named; it must not end before."""
        limit = time.monotonic() + UP_LIMIT
        while sum(action in ("", write) for write in self.project.writes()) < number:
            assert self.process.poll() is None, (self.log.read_text(), self.project.writes())
            assert time.monotonic() < limit, self.project.writes()
            time.sleep(0.02)

    def await_fault(self) -> None:
        """Wait until the one fault that there is has befallen its last call."""
        limit = time.monotonic() + UP_LIMIT
        while self.project.control("GET", "faults")[0]["calls"]:
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < limit, self.project.writes()
            time.sleep(0.02)

    def done(self, limit: float = UP_LIMIT) -> Done:
        """Its end, which it must reach within `limit` seconds."""
        try:
            self.process.wait(limit)
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
        output = self.log.read_text()
        self.project.said.append(output)
        return Done(self.process.returncode, output)

    def interrupt(self) -> None:
        """Ctrl-C: the whole group gets it."""
        os.killpg(self.process.pid, signal.SIGINT)

    def kill(self) -> None:
        """SIGKILL for the engine alone. Of its children, which nobody ends, none that is a stand-in may be left."""
        self.process.kill()
        self.process.wait()
        if os.environ.get("SANDBOX_AWS_PLUGIN") == "official":
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        limit = time.monotonic() + ORPHAN_LIMIT
        while left := processes(self.project):
            assert time.monotonic() < limit, left
            time.sleep(0.1)


def processes(project: Project) -> list[int]:
    """The processes that work on a project's sandbox, by their environment: CLI, language host, plugins."""
    mark, found = f"PULUMI_BACKEND_URL={project.env['PULUMI_BACKEND_URL']}".encode(), []
    for file in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in file.read_bytes().split(b"\0"):
                found.append(int(file.parent.name))
        except OSError:
            continue
    return found


def unlock(project: Project, stack: str) -> None:
    """What an operator has to do after a kill."""
    cancelled = project.pulumi("cancel", "-s", stack, "--yes")
    assert cancelled.code == 0, cancelled.output
