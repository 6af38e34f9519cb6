"""The figures of a run, worked out from its record. Pure: whatever the report shows is one of these.

A time is that of what came to its end. What did not, counts as longer than any time, so that a failure never makes a
figure better: a percentile that falls on one is None, "never".
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from loadtest.record import Event, Outcome, Result, Sample, Verb

# Ended, however wrong the output may be: mixed-up output is a finding of its own.
WRONG = (Outcome.WRONG, Outcome.FOREIGN)
ENDED = (Outcome.OK, Outcome.RECONNECTED, Outcome.CONTENT_LOST, *WRONG)
# Neither the application's success nor its failure: its own limit on a student, and the load test's own error.
NOT_COUNTED = (Outcome.RATE_LIMITED, Outcome.FAULT)
# What a student loses the place by, unless something better follows.
PLACE = (Verb.LOGIN, Verb.CONNECT, Verb.SOCKET)
P50, P95 = 50, 95


@dataclass(frozen=True)
class Line:
    """What became of some of the events: how many, by outcome, and times in seconds (None: never, or nothing there)."""

    name: str
    count: int
    outcomes: dict[str, int]
    p50: float | None
    p95: float | None
    longest: float | None


@dataclass(frozen=True)
class ProgramLine(Line):
    """A program's runs beside its baseline: the seconds that it takes alone on an empty task; `slower` is p50 by it."""

    baseline: float | None
    slower: float | None


@dataclass(frozen=True)
class Span:
    """What a sampled figure was over the run; None where nothing was sampled."""

    lowest: float | None
    mean: float | None
    highest: float | None


@dataclass(frozen=True)
class Figures:
    """Everything that a run comes to. Percents are of 100."""

    verbs: list[Line]
    phases: list[Line]  # runs and saves by phase
    programs: list[ProgramLine]
    runs: int
    failed_runs: int
    failed_runs_percent: float
    wrong_outputs: int
    wrong_outputs_percent: float
    lost_sessions: int
    lost_contents: int
    lost_sockets: int
    reconnected: int
    faults: int
    server_errors: float | None  # HTTP 5xx answers in all
    sampled: dict[str, Span]


def figures(result: Result) -> Figures:
    """The figures of a run."""
    runs = [event for event in result.events if event.verb == Verb.RUN and event.outcome not in NOT_COUNTED]
    failed, wrong = [event for event in runs if event.outcome not in ENDED], [e for e in runs if e.outcome in WRONG]
    sockets = Counter(event.outcome for event in result.events if event.verb == Verb.SOCKET)
    return Figures(
        verbs=[line(verb, [e for e in result.events if e.verb == verb]) for verb in Verb],
        phases=[
            line(f"{phase.name}: {verb}", [e for e in result.events if (e.phase, e.verb) == (phase.name, verb)])
            for phase in result.phases
            for verb in (Verb.RUN, Verb.SAVE)
        ],
        programs=_programs(result),
        runs=len(runs),
        failed_runs=len(failed),
        failed_runs_percent=share(len(failed), len(runs)),
        wrong_outputs=len(wrong),
        wrong_outputs_percent=share(len(wrong), len(runs)),
        lost_sessions=len(lost_sessions(result.events)),
        lost_contents=sum(event.outcome == Outcome.CONTENT_LOST for event in result.events),
        lost_sockets=sockets[Outcome.LOST] + sockets[Outcome.TERMINATED],
        reconnected=sockets[Outcome.RECONNECTED],
        faults=sum(event.outcome == Outcome.FAULT for event in result.events),
        server_errors=_sum([sample.errors_5xx for sample in result.samples]),
        sampled={name: span(result.samples, read) for name, read in SAMPLED.items()},
    )


SAMPLED: Mapping[str, Callable[[Sample], float | None]] = {
    "desired": lambda sample: sample.desired,
    "running": lambda sample: sample.running,
    "healthy": lambda sample: sample.healthy,
    "cpu_task": lambda sample: sample.cpu_task,
    "cpu_usable": lambda sample: sample.cpu_usable,
    "memory": lambda sample: sample.memory,
    "errors_5xx": lambda sample: sample.errors_5xx,
    "connections": lambda sample: sample.connections,
}


def line(name: str, events: Sequence[Event]) -> Line:
    """The line of some events."""
    times = sorted(taken(event) for event in events if event.outcome not in NOT_COUNTED)
    return Line(
        name=name,
        count=len(events),
        outcomes=dict(sorted(Counter(str(event.outcome) for event in events).items())),
        p50=percentile(times, P50),
        p95=percentile(times, P95),
        longest=percentile(times, 100),
    )


def taken(event: Event) -> float:
    """The seconds that an event took to its end; infinite where it had none."""
    return event.seconds if event.outcome in ENDED else math.inf


def percentile(times: Sequence[float], percent: float) -> float | None:
    """The time, of those given in order, within which so many percent had come to their end; None: never, or no times.

    By nearest rank: it is one of the times.
    """
    if not times:
        return None
    found = times[max(math.ceil(percent / 100 * len(times)) - 1, 0)]
    return None if math.isinf(found) else round(found, 3)


def share(part: int, whole: int) -> float:
    """A part in percent; 0 of nothing."""
    return round(100 * part / whole, 2) if whole else 0.0


def lost_sessions(events: Iterable[Event]) -> dict[int, Event]:
    """The students who lost their place for good, each with the event that took it: nothing better came after it."""
    last: dict[int, Event] = {}
    for event in sorted(events, key=lambda event: event.at):
        if event.verb in PLACE and event.outcome not in NOT_COUNTED:
            before = last.get(event.student)
            # A socket that broke and could not be had again: the moment that counts is when it broke.
            if before is None or _has_place(before) or _has_place(event):
                last[event.student] = event
    return {student: event for student, event in last.items() if not _has_place(event)}


def _has_place(event: Event) -> bool:
    return event.outcome in (Outcome.OK, Outcome.RECONNECTED)


def span(samples: Sequence[Sample], read: Callable[[Sample], float | None]) -> Span:
    """What a sampled figure was."""
    values = [value for sample in samples if (value := read(sample)) is not None]
    if not values:
        return Span(None, None, None)
    return Span(min(values), round(sum(values) / len(values), 2), max(values))


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _programs(result: Result) -> list[ProgramLine]:
    runs = [event for event in result.events if event.verb == Verb.RUN]
    names = sorted({event.program for event in runs}, key=lambda name: (result.baseline.get(name, 0), name))
    return [_program(line(name, [e for e in runs if e.program == name]), result.baseline.get(name)) for name in names]


def _program(found: Line, baseline: float | None) -> ProgramLine:
    slower = round(found.p50 / baseline, 1) if baseline and found.p50 is not None else None
    return ProgramLine(**vars(found), baseline=baseline, slower=slower)
