"""A load test from its first question to its record: is it allowed, how fast is one alone, then the class."""

import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom

from loadtest import safety
from loadtest.accounts import Account, read_accounts
from loadtest.baseline import baseline
from loadtest.config import Exam
from loadtest.files import folder_of, remove
from loadtest.hall import PROJECT, Crew, Hall, Told
from loadtest.job import Place, Task
from loadtest.record import Generator, Phase, Result
from loadtest.samples import Sampler, posture
from loadtest.sitting import log_out
from readiness.context import Context
from student.client import Student
from student.errors import StudentError

LOOK = 1.0  # seconds between two looks at what was told
LATE = 240.0  # seconds after the exam at which it is ended in any case
SWEEPERS = 8  # accounts at once whose files are removed after the class
Show = Callable[[float, Told, Sampler], None]


@dataclass(frozen=True)
class Order:
    """What is to be run: the exam, so many students, the seed that makes it the same again, the processes."""

    exam: Exam
    students: int
    seed: int
    crew: Crew
    run: str = field(default_factory=lambda: f"{SystemRandom().getrandbits(32):08x}")


def run(context: Context, order: Order, say: Callable[[str], None], show: Show) -> Result:
    """Run it: `say` is told what comes next, `show` what is there so far, once a second.

    Ctrl-C ends it early; the record says so. Nothing is left running, and no file. Raises ExamError, before the class.
    """
    safety.check_address(context.address)
    accounts = read_accounts(order.students, PROJECT)
    safety.check_nobody_there(context.settings, context.live)
    facts, place = posture(context), Place(context.settings.url, context.address)
    say("Each program alone, on a task that nobody else is on ...")
    alone = baseline(place, accounts[0], order.exam.mix, order.run)
    say(f"The class: {order.students} students, {order.exam.seconds / 60:.3g} minutes ...")
    with tempfile.TemporaryDirectory(prefix="loadtest-") as folder:
        content = order.exam.model_dump(by_alias=True, mode="json")
        task = Task(order.students, content, order.seed, order.run, Path(folder) / "told.jsonl")
        hall = Hall(place, task, order.crew)
        sampler, interrupted = _attend(context, hall, order.exam.seconds + LATE, show)
    told = hall.told
    start = told.start or time.time()
    # Never nothing, whatever has happened.
    seconds = round(max((event.at + event.seconds for event in told.events), default=1.0), 1)
    said = [f"locust's last words: {hall.last_words}"] if hall.last_words and not interrupted else []
    left = sweep(place, accounts, told.unclean(), folder_of(order.run), say)
    missing = [name for name in order.exam.mix if name not in alone]
    return Result(
        stack=context.stack,
        posture=facts,
        students=order.students,
        seed=order.seed,
        started=datetime.fromtimestamp(start, UTC).isoformat(),
        seconds=seconds,
        phases=phases(order.exam, seconds, interrupted),
        events=sorted(told.events, key=lambda event: event.at),
        samples=sampler.samples if sampler else [],
        activities=sampler.activities if sampler else [],
        baseline=alone,
        generator=Generator(round(told.cpu, 1), round(told.late, 2), order.crew.count),
        notes=[*notes(place, told, missing, left, folder_of(order.run)), *said, *(sampler.notes if sampler else [])],
        interrupted=interrupted,
        unaccounted=order.students - len(told.left),
    )


def _attend(context: Context, hall: Hall, longest: float, show: Show) -> tuple[Sampler | None, bool]:
    """The class from its coming to its leaving; whether Ctrl-C ended it."""
    sampler = None
    try:
        with hall:
            start = hall.begun()
            time.sleep(max(start - time.time(), 0))
            sampler = Sampler(context, time.monotonic() - (time.time() - start))
            with sampler:
                # The desk ends it; this is for a desk that does not.
                while not hall.over and time.time() < start + longest:
                    hall.listen()
                    show(time.time() - start, hall.told, sampler)
                    time.sleep(LOOK)
    except KeyboardInterrupt:
        return sampler, True
    return sampler, False


def sweep(place: Place, accounts: list[Account], students: list[int], folder: str, say: Callable[[str], None]) -> int:
    """Remove the files of students who could not do so themselves; how many of them still have some."""
    if not students:
        return 0
    say(f"Removing the files of {len(students)} students who could not ...")

    def clean(number: int) -> bool:
        account = accounts[number - 1]
        with Student(place.url, account.username, account.password, place.address) as student:
            try:
                student.login()
                student.connect()
                return remove(student, folder)
            except StudentError:
                return False
            finally:
                log_out(student)

    with ThreadPoolExecutor(SWEEPERS) as pool:
        return sum(not gone for gone in pool.map(clean, students))


def phases(exam: Exam, seconds: float, interrupted: bool) -> list[Phase]:
    """The phases as they were: the last one until the last student has left, none after an interruption."""
    planned = exam.phases
    if interrupted:
        return [Phase(p.name, p.begin, min(p.end, seconds)) for p in planned if p.begin < seconds]
    return [*planned[:-1], Phase(planned[-1].name, planned[-1].begin, max(planned[-1].end, seconds))]


def notes(place: Place, told: Told, missing: list[str], left: int, folder: str) -> list[str]:
    """What has to be known beside the figures."""
    said = []
    if place.address is not None:
        cores = os.cpu_count()
        said.append(f"the application ran on this machine too: they shared its {cores} cores, whatever the tasks' size")
    if missing:
        said.append(f"no baseline of {', '.join(missing)}: not run to its end alone")
    if told.skipped:
        said.append(f"{told.skipped} saves and runs were not begun: their students still waited for an answer")
    if left:
        said.append(f"the files of {left} students could not be removed; they are in their folder {folder}")
    return said
