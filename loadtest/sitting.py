"""One student's exam, as planned: what is done when, and an event for everything that comes of it."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from loadtest.config import Exam
from loadtest.files import ANSWER, PACE, Contents, answer, path_of, programs, remove
from loadtest.plan import Plan
from loadtest.programs import THINKING, judged, program
from loadtest.record import Event, Outcome, Verb
from student import runs
from student.client import Student
from student.errors import (
    ConnectionLostError,
    LoginRefusedError,
    NoAnswerError,
    RateLimitError,
    RefusedError,
    SessionTerminatedError,
    StudentError,
    UnexpectedAnswerError,
    UnreachableError,
)

# Seconds: that a student waits for one answer, tries to get in or back before giving up, and waits between two tries.
LIMIT, PATIENCE, AGAIN = 30.0, 60.0, 2.0
ERRORS: dict[type[StudentError], Outcome] = {
    LoginRefusedError: Outcome.REFUSED,
    RefusedError: Outcome.REFUSED,
    RateLimitError: Outcome.RATE_LIMITED,
    NoAnswerError: Outcome.NO_ANSWER,
    UnreachableError: Outcome.UNREACHABLE,
    UnexpectedAnswerError: Outcome.UNEXPECTED,
    ConnectionLostError: Outcome.LOST,
    SessionTerminatedError: Outcome.TERMINATED,
}
RUNS = {
    runs.Outcome.ERROR: Outcome.ERROR,
    runs.Outcome.KILLED: Outcome.KILLED,
    runs.Outcome.REFUSED: Outcome.REFUSED,
    runs.Outcome.RATE_LIMITED: Outcome.RATE_LIMITED,
    runs.Outcome.NO_END: Outcome.NO_END,
}
GONE = (Outcome.LOST, Outcome.TERMINATED)


@dataclass
class Sitting:
    """A student in the exam. `now` is seconds since its start; `tell` is given every event.

    `late` is the most seconds that the load test itself was late for an action; `skipped` counts the actions that
    there was no time for, because the answer to an earlier one took so long.
    """

    student: Student
    number: int
    plan: Plan
    exam: Exam
    folder: str
    now: Callable[[], float]
    tell: Callable[[Event], None]
    sleep: Callable[[float], None] = time.sleep
    late: float = 0.0
    skipped: int = 0
    _there: bool = False
    _brought: bool = False
    _in_doubt: bool = False  # whether there may be a session that we do not know of
    _versions: int = 0
    _contents: Contents = field(default_factory=Contents)

    def play(self) -> None:
        """From the arrival to the departure; who does not get in or back goes away early. The files stay."""
        self._wait_until(self.plan.arrival)
        if self._enter():
            self._bring_programs()
            for action in self.plan.actions:
                self._wait_until(action.at)
                if not self._there:
                    break
                if self.now() >= self.plan.departure:
                    self.skipped += 1
                elif action.verb is Verb.SAVE:
                    self._versions += 1
                    self._save(path_of(self.folder, ANSWER), answer(self.number, self._versions))
                else:
                    self._run(action.program)
        self._wait_until(self.plan.departure)
        self._read_back()

    def leave(self) -> bool:
        """Remove the files, log out and close; whether no file is left behind. Raises nothing."""
        try:
            if self._in_doubt:
                with suppress(StudentError):
                    self._log_in()
            return not self._brought or (self._back_quietly() and remove(self.student, self.folder))
        finally:
            log_out(self.student)

    def _log_in(self) -> None:
        """A new session, which ends all others of the account. Raises StudentError."""
        self._in_doubt = True
        try:
            self.student.login()
        except LoginRefusedError:
            self._in_doubt = False
            raise
        self._in_doubt = False

    def _enter(self) -> bool:
        """Log in and connect, tried again for a while; a refused login is final. Whether the student is in."""
        until = self.now() + PATIENCE
        while True:
            outcome = self._timed(Verb.LOGIN, self._log_in)
            if outcome is Outcome.OK and self._timed(Verb.CONNECT, self.student.connect) is Outcome.OK:
                self._there = True
                return True
            if outcome is Outcome.REFUSED or self.now() >= until:
                return False
            self.sleep(AGAIN)

    def _bring_programs(self) -> None:
        self._brought = True
        with suppress(StudentError):  # a save makes it too, or tells what is wrong
            self.student.create_folder(self.folder)
        for path, text in programs(self.folder, self.number).items():
            if self._there:
                self._save(path, text)
                self.sleep(PACE)

    def _wait_until(self, at: float) -> None:
        """Answer the server's PING frames until then; a lost socket is noticed and won back meanwhile."""
        while (rest := at - self.now()) > 0:
            try:
                self.student.wait(rest) if self._there else self.sleep(rest)
                self.late = max(self.late, self.now() - at)
            except StudentError as error:
                self._lost(ERRORS[type(error)])

    def _lost(self, how: Outcome) -> None:
        """The socket is gone: say so, and try to get another one for a while, as the page does."""
        began = self.now()
        self._say(Verb.SOCKET, how if how in GONE else Outcome.LOST, began, 0.0)
        self._there = False
        while not self._back_quietly() and self.now() < began + PATIENCE:
            self.sleep(AGAIN)
        outcome = Outcome.RECONNECTED if self._there else Outcome.NOT_RECONNECTED
        self._say(Verb.SOCKET, outcome, began, self.now() - began)

    def _back_quietly(self) -> bool:
        """Connect again with the same session, else with a new one. No event: what came of it tells."""
        for _ in range(2):
            if self._there:
                break
            try:
                self.student.connect()
                self._there = True
            except LoginRefusedError:
                with suppress(StudentError):  # connecting then fails too
                    self._log_in()
            except StudentError:
                break
        return self._there

    def _save(self, path: str, text: str) -> None:
        self._contents.sent(path, text)
        outcome = self._timed(Verb.SAVE, partial(self.student.save, path, text))
        if outcome is Outcome.OK:
            self._contents.saved(path, text)
        elif outcome in (Outcome.REFUSED, Outcome.RATE_LIMITED):
            self._contents.refused(path, text)

    def _run(self, name: str) -> None:
        """Run a program, which was saved on arrival; if that went wrong, it is saved now."""
        path, asked, thought = path_of(self.folder, name), program(name, self.number), 0.0
        if not self._contents.holds(path, asked.text):
            self._save(path, asked.text)
        if not self._there:
            return
        began = self.now()

        def answers() -> Iterator[str]:
            nonlocal thought
            for text in asked.answers:
                self.sleep(THINKING)
                thought += THINKING
                yield text

        try:
            run = self.student.run(path, answers())
        except StudentError as error:
            self._say(Verb.RUN, Outcome.LOST, began, self.now() - began, name)
            self._lost(ERRORS[type(error)])
            return
        outcome = RUNS.get(run.outcome) or judged(run.output, asked.output, self.number)
        # The student's own thinking is no time of the application's.
        self._say(Verb.RUN, outcome, began, run.seconds - thought, name)

    def _read_back(self) -> None:
        """Read every file that must be there, once more where that gave no answer."""
        for path in self._contents.known():
            for _ in range(2):
                if not self._back_quietly():
                    self._say(Verb.READ, Outcome.UNREACHABLE, self.now(), 0.0)
                elif self._timed(Verb.READ, partial(self._compare, path)) in (Outcome.OK, Outcome.CONTENT_LOST):
                    break
            self.sleep(PACE)

    def _compare(self, path: str) -> Outcome:
        """Read a file and compare it with what was saved last. Raises StudentError."""
        try:
            text: str | None = self.student.read(path)
        except RefusedError:
            text = None
        return Outcome.OK if self._contents.right(path, text) else Outcome.CONTENT_LOST

    def _timed(self, verb: Verb, act: Callable[[], Outcome | None]) -> Outcome:
        """Do something, and say what came of it and how long that took."""
        began = self.now()
        try:
            outcome = act() or Outcome.OK
        except StudentError as error:
            outcome = ERRORS[type(error)]
        self._say(verb, outcome, began, self.now() - began)
        # Before it is connected, a student has no socket to lose.
        if outcome in GONE and self._there:
            self._lost(outcome)
        return outcome

    def _say(self, verb: Verb, outcome: Outcome, began: float, seconds: float, name: str = "") -> None:
        self.tell(
            Event(
                round(began, 3), self.number, verb, outcome, round(seconds, 4), self.exam.phase_at(began), program=name
            )
        )


def log_out(student: Student) -> None:
    """End a student's session and connections. Raises nothing."""
    with suppress(StudentError):  # the session ends by itself, in a day
        student.logout()
    student.close()
