"""The locustfile: every user is a student who sits the exam once. `python -m loadtest` starts locust with it."""

import logging
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from locust import User, events, runners, task
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import MasterRunner, WorkerRunner

from loadtest.accounts import Account, read_accounts
from loadtest.config import Exam
from loadtest.desk import Desk
from loadtest.files import folder_of
from loadtest.job import given
from loadtest.plan import plan
from loadtest.record import Event, Outcome, Verb
from loadtest.sitting import LIMIT, Sitting
from student.client import Student

JOB = given()
NUMBERS: "SimpleQueue[dict[str, Any]]" = SimpleQueue()
NUMBER_LIMIT = 60.0  # seconds that the desk may take to answer
# The seconds, of locust's own heartbeat, for which a busy process may be silent before it counts as lost.
runners.HEARTBEAT_LIVENESS = 30
PROJECT = Path(__file__).parents[1]
GOOD = (Outcome.OK, Outcome.RECONNECTED)


def _open(environment: Environment, **_: Any) -> None:
    """Locust is ready in this process; what it is among the processes decides what it has to do."""
    runner = environment.runner
    assert runner is not None  # noqa: S101 - locust makes it first
    tell: Callable[[dict[str, Any]], None] = partial(_send, environment)
    if JOB.task and not isinstance(runner, WorkerRunner):
        # A master has no master to tell of its own CPU.
        tell = Desk(environment, JOB.task, JOB.parent).write
        # At an early end: those who are there are waited for, so that they take their files away.
        environment.events.quitting.add_listener(lambda **_: runner.stop())  # type: ignore[no-untyped-call]
    if not isinstance(runner, MasterRunner):
        runner.register_message("number", lambda environment, msg, **_: NUMBERS.put(msg.data))
    environment.events.usage_monitor.add_listener(  # type: ignore[no-untyped-call]
        lambda cpu_usage, **_: tell({"cpu": cpu_usage})
    )


events.init.add_listener(_open)  # type: ignore[no-untyped-call]


def _send(environment: Environment, line: dict[str, Any]) -> None:
    assert environment.runner is not None  # noqa: S101 - locust makes it first
    environment.runner.send_message("told", line)


class Seat(User):
    """One student."""

    _sitting: Sitting | None = None

    @task
    def exam(self) -> None:
        """Sits the exam, once."""
        try:
            self._sitting = self._seated()
            if self._sitting:
                self._sitting.play()
        except Exception as error:
            # The load test's own mistake. Its text could be anything; the place is enough to find it.
            where = traceback.extract_tb(error.__traceback__)[-1]
            logging.getLogger(__name__).error("%s at %s:%s", type(error).__name__, where.filename, where.lineno)
            number = self._sitting.number if self._sitting else 0
            self._tell(Event(0, number, Verb.SOCKET, Outcome.FAULT, 0, ""))
        raise StopUser

    def on_stop(self) -> None:
        """Leaves, however the exam ended."""
        if sitting := self._sitting:
            removed = sitting.leave()
            line = {"left": sitting.number, "removed": removed, "late": sitting.late, "skipped": sitting.skipped}
            _send(self.environment, line)

    def _seated(self) -> Sitting | None:
        """The student whom the desk gives a number to; None when all are there."""
        assert self.environment.runner is not None  # noqa: S101 - locust makes it first
        self.environment.runner.send_message("wanted")
        told = NUMBERS.get(timeout=NUMBER_LIMIT)
        if told["number"] is None:
            return None
        number, exam = told["number"], Exam.model_validate(told["exam"])
        account = _accounts(told["students"])[number - 1]
        student = Student(JOB.place.url, account.username, account.password, JOB.place.address, limit=LIMIT)
        return Sitting(
            student,
            number,
            plan(exam, told["seed"], number),
            exam,
            folder_of(told["run"]),
            now=lambda: time.time() - told["start"],
            tell=self._tell,
        )

    def _tell(self, event: Event) -> None:
        """To the desk, and to locust's own page."""
        _send(self.environment, {"event": asdict(event)})
        self.environment.events.request.fire(
            request_type=event.verb,
            name=event.program or event.verb,
            response_time=1000 * event.seconds,
            response_length=0,
            exception=None if event.outcome in GOOD else event.outcome,
        )


@cache
def _accounts(count: int) -> list[Account]:
    return read_accounts(count, PROJECT)
