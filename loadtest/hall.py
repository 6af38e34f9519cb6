"""The processes in which the students are, as one thing: locust is started, listened to, and ended."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from components.errors import ExamError
from loadtest.job import Job, Place, Task
from loadtest.record import Event, Outcome, Verb
from sandbox.children import free_port

PROJECT = Path(__file__).parents[1]
LOCUSTFILE = PROJECT / "loadtest" / "users.py"
# Seconds that the start may take; that the students may take to leave after Ctrl-C.
START_LIMIT, STOP_LIMIT = 60.0, 90.0
WORKERS_LIMIT = 600.0  # seconds in which workers on other machines must come
WEB = ("127.0.0.1", 8089)


@dataclass(frozen=True)
class Crew:
    """The processes that students are in: so many here, or so many `workers` elsewhere; `web` is locust's own page."""

    processes: int = 1
    workers: int = 0
    web: bool = False

    def arguments(self, students: int) -> list[str]:
        """Locust's arguments for the process that leads."""
        page = ["--autostart", "--autoquit", "0", "--web-host", WEB[0], "--web-port", str(WEB[1])]
        several = []
        if self.workers:
            several = ["--master", "--expect-workers", str(self.workers), "--expect-workers-max-wait"]
            several.append(str(round(WORKERS_LIMIT)))
        elif self.processes > 1:
            # They talk on this machine only, and not to those of another load test.
            port = str(free_port())
            several = ["--processes", str(self.processes), "--master-bind-host", "127.0.0.1"]
            several += ["--master-bind-port", port, "--master-port", port]
        users = ["--users", str(students), "--spawn-rate", str(students)]
        return [*users, *several, *(page if self.web else ["--headless"])]

    @property
    def count(self) -> int:
        """How many there are."""
        return self.workers or self.processes


@dataclass
class Told:
    """What the students have told so far. `left` has, by number, whether a student's files are gone."""

    start: float | None = None  # seconds since the epoch
    events: list[Event] = field(default_factory=list)
    left: dict[int, bool] = field(default_factory=dict)
    cpu: float = 0.0
    late: float = 0.0
    skipped: int = 0

    def take(self, line: Mapping[str, Any]) -> None:
        """One line that the desk wrote down."""
        self.start = line.get("start", self.start)
        self.cpu = max(self.cpu, line.get("cpu", 0.0))
        if "event" in line:
            self.events.append(Event(**line["event"]))
        if "left" in line:
            self.left[line["left"]] = line["removed"]
            self.late = max(self.late, line["late"])
            self.skipped += line["skipped"]

    def unclean(self) -> list[int]:
        """The students who saved something and whose files nobody has seen go."""
        return sorted({e.student for e in self.events if e.verb == Verb.SAVE and not self.left.get(e.student)})


class Hall:
    """Locust, from `with` on; it is gone afterwards, and whoever was in it has left if there was time for it.

    `last_words` are its own where somebody did not leave in order, or it made a mistake.
    """

    def __init__(self, place: Place, task: Task, crew: Crew) -> None:
        """Nothing is started yet."""
        self._job, self._students = Job(place, os.getpid(), task), task.students
        self._crew, self._path = crew, task.file
        self.told, self._read, self.last_words = Told(), 0, ""

    def __enter__(self) -> Self:
        self._log = tempfile.TemporaryFile("w+")
        self._process = start(self._job, self._crew.arguments(self._students), self._log)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end(self._process)
        self.listen()
        if len(self.told.left) < self._students or any(e.outcome == Outcome.FAULT for e in self.told.events):
            self.last_words = self._last_line()
        self._log.close()

    def begun(self) -> float:
        """When the exam starts, in seconds since the epoch; waits until that is known. Raises ExamError."""
        limit = time.monotonic() + (WORKERS_LIMIT if self._crew.workers else START_LIMIT)
        while self.told.start is None:
            if self.over or time.monotonic() > limit:
                raise ExamError(f"locust did not start: {self._last_line()}")
            time.sleep(0.1)
            self.listen()
        return self.told.start

    @property
    def over(self) -> bool:
        """Whether all have left."""
        return self._process.poll() is not None

    def listen(self) -> None:
        """Take what was told since."""
        if self._path.exists():
            with self._path.open(encoding="utf-8") as file:
                file.seek(self._read)
                while (line := file.readline()).endswith("\n"):
                    self.told.take(json.loads(line))
                    self._read = file.tell()

    def _last_line(self) -> str:
        self._log.seek(0)
        return next((line for line in reversed(self._log.read().splitlines()) if line.strip()), "it said nothing")


def start(job: Job, arguments: list[str], log: Any) -> "subprocess.Popen[bytes]":
    """Start locust. Ctrl-C is for the process that starts it, which then ends it in order."""
    return subprocess.Popen(
        [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--only-summary", "--loglevel", "ERROR", *arguments],
        cwd=PROJECT,
        env=os.environ | job.variables(),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


def end(process: "subprocess.Popen[bytes]") -> None:
    """End locust: its students remove their files and leave; what does not end in time is killed, with its children."""
    if process.poll() is None:
        process.terminate()  # a shell may have it ignore SIGINT
    try:
        process.wait(STOP_LIMIT)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
