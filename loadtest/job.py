"""What a load test's processes are told by the one that starts them, in the environment; no password among it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

VARIABLE = "EXAM_LOADTEST_JOB"


@dataclass(frozen=True)
class Place:
    """Where the students go: the exam URL, and the address in place of its host."""

    url: str
    address: str | None


@dataclass(frozen=True)
class Task:
    """What the class does: so many students, the exam as loadtest.yaml has it, the seed, the run's own short name.

    `file` is where what the students tell is written, a line of JSON each.
    """

    students: int
    exam: dict[str, Any]
    seed: int
    run: str
    file: Path


@dataclass(frozen=True)
class Job:
    """A place, and the task; a worker on another machine gets the task from its master."""

    place: Place
    parent: int  # the process that all of them end with
    task: Task | None = None

    def variables(self) -> dict[str, str]:
        """The job as an environment variable."""
        return {VARIABLE: JOB.dump_json(self).decode()}


JOB = TypeAdapter(Job)


def given() -> Job:
    """The job that this process was given."""
    return JOB.validate_json(os.environ[VARIABLE])
