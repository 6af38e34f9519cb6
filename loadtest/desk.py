"""The desk of the exam hall, in locust's master: it gives each student a number, and writes down what all of them tell.

Messages: a process asks with `wanted` for a student, `number` answers; `told` is a line for the file.
"""

import json
import os
import threading
import time
from typing import Any

from locust.env import Environment

from loadtest.config import Exam
from loadtest.job import Task

# Seconds: for locust to start its users, more for many; after the exam, for those who are late to leave.
GATHER, GRACE = 3.0, 90.0
GATHERED_A_SECOND = 100


class Desk:
    """One exam of one class; it ends when all have left, and in bounded time always."""

    def __init__(self, environment: Environment, task: Task, parent: int) -> None:
        """Listens on the runner of `environment`; the exam ends also when the process `parent` is gone."""
        assert environment.runner is not None  # noqa: S101 - locust makes it first
        self._environment, self._runner = environment, environment.runner
        self._task, self._parent = task, parent
        self._gather = GATHER + task.students / GATHERED_A_SECOND
        self._given, self._left, self._start = 0, 0, 0.0
        # As long as the process; every line is there as soon as it is written.
        self._file = task.file.open("w", buffering=1, encoding="utf-8")
        self._runner.register_message("wanted", self._wanted)
        self._runner.register_message("told", lambda environment, msg, **_: self.write(msg.data))
        threading.Thread(target=self._end_in_time, daemon=True).start()

    def write(self, line: dict[str, Any]) -> None:
        """Write down a line."""
        self._left += "left" in line
        self._file.write(json.dumps(line) + "\n")

    def _wanted(self, environment: Environment, msg: Any, **_: Any) -> None:
        if not self._given:
            self._start = time.time() + self._gather
            self.write({"start": self._start})
        self._given += 1
        task = self._task
        answer = {
            # Locust's own page lets more users come than there are students.
            "number": self._given if self._given <= task.students else None,
            "students": task.students,
            "start": self._start,
            "exam": task.exam,
            "seed": task.seed,
            "run": task.run,
        }
        self._runner.send_message("number", answer, client_id=msg.node_id)

    def _end_in_time(self) -> None:
        """Ends the exam; a thread of its own, as locust knows no end but a time."""
        limit = time.time() + self._gather + Exam.model_validate(self._task.exam).seconds + GRACE
        while self._left < self._task.students and time.time() < limit and os.getppid() == self._parent:
            time.sleep(0.2)
        self._runner.stop()
        self._runner.quit()
        if self._environment.web_ui:
            self._environment.web_ui.stop()  # type: ignore[no-untyped-call]
