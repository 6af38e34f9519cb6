"""Visits to the application as a student, on new connections, until every running task has answered.

A load balancer spreads new connections over the tasks and then keeps each on its own by a cookie, so that what /health
says over a visit's cookie is of the task that the visit was to. It says whole seconds since the start: a start known
to within a second or less. Tasks that started together look alike; how often they were asked has to do then.
"""

import secrets
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from student.client import Student
from student.errors import LoginRefusedError, RateLimitError, StudentError, UnreachableError
from student.runs import Outcome
from student.walk import Walk, remove, walk
from student.web import Place

# Seconds: to begin a visit in, for one answer, between two visits that may be to one task (10 file commands in 2 s).
BEGIN_WITHIN, ANSWER_LIMIT, PACE = 15.0, 4.0, 0.8
# A process takes 10 starts of programs a minute from one account: six leave room for another look soon.
WALKS, CONNECTIONS = 6, 30
# The first run of a fresh process takes 1.2 to 3 s, any later one milliseconds.
COLD = 1.0
# The chance that a task was never met may be this high.
MISSED = 0.05


@dataclass(frozen=True)
class Start:
    """When a task has started: between these two, by time.monotonic()."""

    earliest: float
    latest: float

    def meets(self, other: "Start") -> bool:
        """Whether both may be of one task."""
        return self.earliest <= other.latest and other.earliest <= self.latest


@dataclass(frozen=True)
class Visit:
    """One connection: the start of the task it was on (None: not told), and what was done there (None: only asked)."""

    start: Start | None
    walk: Walk | None = None

    @property
    def cold(self) -> bool:
        """Whether it was the first to run a program in its process."""
        return self.walk is not None and any(run.seconds > COLD for run in self.walk.runs[:1])


@dataclass
class Visits:
    """All of them, to an application of which so many `tasks` run.

    `output` is what the program should print, `sticky` whether a cookie leads back to the same task, `left` the file
    that could not be removed.
    """

    tasks: int
    output: str
    sticky: bool = True
    visits: list[Visit] = field(default_factory=list)
    left: str | None = None

    @property
    def walks(self) -> list[Walk]:
        """What was done on the connections that were not only asked where they are."""
        return [visit.walk for visit in self.visits if visit.walk]

    @property
    def cold(self) -> list[float]:
        """The seconds of every first run of a process."""
        return [visit.walk.runs[0].seconds for visit in self.visits if visit.walk and visit.cold]

    @property
    def met(self) -> int:
        """The tasks that were walked through, at least: starts that cannot be one task's, or first runs."""
        starts = [visit.start for visit in self.visits if visit.walk and visit.start] if self.sticky else []
        return min(self.tasks, max(apart(starts), len(self.cold), min(1, len(self.walks))))

    @property
    def likely(self) -> bool:
        """Whether no task was missed in all likelihood: so many connections, spread by the load balancer."""
        return self.tasks * (1 - 1 / self.tasks) ** len(self.visits) < MISSED

    def worth_a_walk(self, start: Start | None) -> bool:
        """Whether to walk on a connection: to a new task always, to a known one while a walk can be spared."""
        left = max(self.tasks, WALKS) - len(self.walks)
        known = start is not None and any(start.meets(visit.start) for visit in self.visits if visit.start)
        return left > (self.tasks - self.met if known and self.sticky else 0)


def apart(starts: Sequence[Start]) -> int:
    """How many tasks it takes at least for these starts: the most of them of which no two may be of one task."""
    count, reached = 0, float("-inf")
    for start in sorted(starts, key=lambda start: start.latest):
        if start.earliest > reached:
            count, reached = count + 1, start.latest
    return count


@dataclass(frozen=True)
class Visitor:
    """Who visits: an account, and the file that it writes and removes."""

    place: Place
    username: str
    password: str = field(repr=False)
    token: str = field(default_factory=lambda: secrets.token_hex(4))

    @property
    def path(self) -> str:
        """A name that no student's file has, and no other visitor's."""
        return f"readiness-{self.token}.py"

    def all(self, tasks: int) -> Visits:
        """Visit until each of `tasks` has answered, within limits of time and number, or until the program ends."""
        done, end, due = Visits(tasks, f"ready {self.token}\n"), time.monotonic() + BEGIN_WITHIN, 0.0
        while done.met < tasks and len(done.visits) < CONNECTIONS and time.monotonic() < end and _wanted():
            with self._student() as student:
                start = _start(student)
                if done.worth_a_walk(start):
                    time.sleep(max(0.0, due - time.monotonic()))
                    due = time.monotonic() + PACE
                    done.visits.append(self._visit(student, start))
                    done.sticky = student.sticky
                    self._tidy(done)
                    if _hopeless(done.walks[-1]):
                        break
                elif done.sticky and not done.likely:
                    done.visits.append(Visit(start))
                else:
                    break
        return done

    def _student(self) -> Student:
        place = self.place
        return Student(place.url, self.username, self.password, place.address, limit=ANSWER_LIMIT)

    def _visit(self, student: Student, start: Start | None) -> Visit:
        walked = walk(student, self.path, f'print("ready {self.token}")\n')
        again = None if walked.problem else _start(student)
        with suppress(StudentError):
            student.logout()
        if start and again and start.meets(again):
            start = Start(max(start.earliest, again.earliest), min(start.latest, again.latest))
        return Visit(start, walked)

    def _tidy(self, done: Visits) -> None:
        """Remove what a walk that was broken off has left."""
        if not done.walks[-1].removed:
            with self._student() as student:
                done.left = None if remove(student, self.path) else self.path
                with suppress(StudentError):
                    student.logout()


def _start(student: Student) -> Start | None:
    try:
        health = student.health()
    except StudentError:
        return None
    return Start(health.earliest, health.latest)


def _wanted() -> bool:
    """Whether somebody still waits for the answer; a program that ends waits only for what cleans up."""
    return threading.main_thread().is_alive()


def _hopeless(walked: Walk) -> bool:
    """Whether the next visit would fare no better."""
    limited = any(run.outcome is Outcome.RATE_LIMITED for run in walked.runs)
    return limited or isinstance(walked.problem, LoginRefusedError | RateLimitError | UnreachableError)
