"""What each student does and when: pure, and the same for the same seed."""

from dataclasses import dataclass
from random import Random

from loadtest.config import Exam, Pause
from loadtest.record import Verb

# All are there before the arrival ends, and have begun to leave well before the end: a login and a read take time.
ARRIVING, LEAVING = 0.9, 0.5


@dataclass(frozen=True)
class Action:
    """A save, or a run of a program, at so many seconds since the start."""

    at: float
    verb: Verb
    program: str = ""


@dataclass(frozen=True)
class Plan:
    """One student's exam: when it arrives and leaves, in seconds since the start, and what it does in between."""

    arrival: float
    actions: tuple[Action, ...]
    departure: float


def plan(exam: Exam, seed: int, student: int) -> Plan:
    """The plan of a student (1, 2, ...)."""
    random = Random(f"{seed}/{student}")  # noqa: S311 (chance, not a secret)
    arriving, work, rush, leaving = exam.phases
    moments = [
        (at, verb)
        for verb, pause in ((Verb.SAVE, exam.work.save), (Verb.RUN, exam.work.run))
        for at in _moments(random, pause, work.begin, work.end)
        + _moments(random, pause.divided(exam.rush.times_as_often), rush.begin, rush.end)
    ]
    names, shares = list(exam.mix), list(exam.mix.values())
    return Plan(
        arrival=random.uniform(arriving.begin, arriving.begin + ARRIVING * exam.arrival.seconds),
        actions=tuple(
            Action(at, verb, random.choices(names, shares)[0] if verb is Verb.RUN else "")
            for at, verb in sorted(moments)
        ),
        departure=random.uniform(leaving.begin, leaving.begin + LEAVING * exam.leaving.seconds),
    )


def _moments(random: Random, pause: Pause, begin: float, end: float) -> list[float]:
    """Moments with such pauses between them; the first within the first pause, so that a class is not in step."""
    moments, at = [], begin + random.uniform(0, pause.longest)
    while at < end:
        moments.append(at)
        at += random.uniform(pause.shortest, pause.longest)
    return moments
