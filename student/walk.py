"""What a student does first, step by step with the seconds of each: log in, connect, save, read back, run."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from student.client import Student
from student.errors import RefusedError, StudentError, UnexpectedAnswerError
from student.runs import Outcome, Run

RUN_LIMIT = 10.0  # seconds


class Step(StrEnum):
    """The steps, in their order."""

    LOGIN = "login"
    CONNECT = "WebSocket"
    SAVE = "save"
    READ = "read"
    RUN = "run"
    REMOVE = "remove"


@dataclass
class Walk:
    """The seconds of every step done; the step at which a `problem` ended it; the program's runs.

    There are two runs where the application's time limit ended the first one: in a fresh process that may be its own
    imports, and the second tells.
    """

    seconds: dict[Step, float] = field(default_factory=dict)
    problem: StudentError | None = None
    at: Step | None = None
    runs: list[Run] = field(default_factory=list)

    @property
    def removed(self) -> bool:
        """Whether no file of it is left."""
        return Step.REMOVE in self.seconds or self.at in (Step.LOGIN, Step.CONNECT)

    @contextmanager
    def step(self, step: Step) -> Iterator[None]:
        """Measure a step, and keep its problem."""
        start, self.at = time.monotonic(), step
        yield
        self.seconds[step], self.at = time.monotonic() - start, None


def walk(student: Student, path: str, program: str) -> Walk:
    """Go all the way with `program` in the file `path`, which is removed again. Raises nothing that a student meets."""
    done = Walk()
    try:
        with done.step(Step.LOGIN):
            student.login()
        with done.step(Step.CONNECT):
            student.connect()
        with done.step(Step.SAVE):
            student.save(path, program)
        with done.step(Step.READ):
            if student.read(path) != program:
                raise UnexpectedAnswerError("the file reads back as something else than was saved")
        with done.step(Step.RUN):
            _run(done, student, path)
        with done.step(Step.REMOVE):
            student.delete(path)
    except StudentError as error:
        done.problem = error
    return done


def _run(done: Walk, student: Student, path: str) -> None:
    done.runs.append(student.run(path, limit=RUN_LIMIT))
    if done.runs[0].outcome is Outcome.KILLED:
        done.runs.append(student.run(path, limit=RUN_LIMIT))


def remove(student: Student, path: str) -> bool:
    """Remove a file that a walk has left, over a new connection. Says whether it is gone."""
    try:
        student.login()
        student.connect()
        student.delete(path)
    except RefusedError:
        return True  # it was not there
    except StudentError:
        return False
    return True
