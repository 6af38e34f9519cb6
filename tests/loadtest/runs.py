"""Runs of a load test, made up: 34 students of whom all goes well, and what a test plants in it."""

from dataclasses import replace
from typing import Any

from loadtest.record import Activity, Event, Generator, Outcome, Phase, Result, Sample, Verb

PHASES = [Phase("arrival", 0, 30), Phase("work", 30, 90), Phase("rush", 90, 120), Phase("leaving", 120, 130)]
STUDENTS = 34


def event(
    at: float = 50, student: int = 1, verb: str = Verb.RUN, outcome: str = Outcome.OK, seconds: float = 0.5
) -> Event:
    phase = next((phase.name for phase in PHASES if at < phase.end), "leaving")
    return Event(at, student, verb, outcome, seconds, phase, "prints" if verb == Verb.RUN else "")


def quiet() -> list[Event]:
    """Everybody logs in, connects, saves and runs three times, and reads."""
    events = []
    for student in range(1, STUDENTS + 1):
        events += [
            event(student * 0.5, student, Verb.LOGIN, seconds=0.3),
            event(student * 0.5 + 1, student, Verb.CONNECT),
        ]
        for at in (40, 70, 100):
            events += [event(at, student, Verb.SAVE, seconds=0.1), event(at + 5, student, Verb.RUN, seconds=0.2)]
        events.append(event(121, student, Verb.READ, seconds=0.1))
    return events


def run(*planted: Event, **changes: Any) -> Result:
    """A run in which all is well but what is planted; fields of the result changed as given."""
    result = Result(
        stack="exam",
        posture={"tasks": 2, "cpu": 2048, "memory": 4096, "min": 2, "max": 6, "usd_per_hour": 0.1975},
        students=STUDENTS,
        seed=1,
        started="2026-11-25T05:00:00+00:00",
        seconds=130.0,
        phases=PHASES,
        events=[*quiet(), *planted],
        samples=[Sample(at, 2, 2, 2, 10.0, 20.0, 5.0, 0, 20) for at in range(0, 130, 10)],
        activities=[Activity(60, "has started 1 tasks: (task <1>).")],
        baseline={"prints": 0.1},
        generator=Generator(40, 0.1, 1),
    )
    return replace(result, **changes)
