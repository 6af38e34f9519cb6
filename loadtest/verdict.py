"""Does the posture hold the class? Figures and criteria in, an answer out. Pure.

What was lost for good stands whoever else was at fault. Times and killed runs tell nothing when the load test itself
was at its limit; and a run that was not whole can show that a posture gives way, but not that it holds.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

from components.figures import hourly_cost, size, tasks, usable_vcpus
from components.posture import FARGATE_SIZES
from components.settings import Application
from loadtest.config import Exam
from loadtest.criteria import Criterion, criteria, part, told
from loadtest.figures import Figures, figures
from loadtest.record import Result, Verb

# Of what a task can use: from here on programs are killed for want of CPU, in the application's own measurements. A
# task of 1 vCPU was at 81 % in its busiest 20 s with twice the class, and one run in a hundred was killed.
CPU_LIMIT = 80
# Seconds, of the 3 that a run may take: a program that takes longer even alone is killed by the least neighbour.
ALONE_LIMIT = 2.0


class Answer(IntEnum):
    """The answer; the number is the exit code."""

    HOLDS = 0
    DOES_NOT_HOLD = 1
    CANNOT_TELL = 2


@dataclass(frozen=True)
class Room:
    """How many students the posture would hold, and by which rule that is."""

    students: int
    rule: str


@dataclass(frozen=True)
class Remedy:
    """A posture that would hold: tasks of a size in CPU units and MB, and its price."""

    tasks: int
    cpu: int
    memory: int
    usd_per_hour: float
    rule: str

    def __str__(self) -> str:
        return f"{tasks(self.tasks)} of {size(self.cpu, self.memory)}, {self.usd_per_hour:.2f} USD an hour"


@dataclass(frozen=True)
class Verdict:
    """The answer, the one sentence of it, and what it rests on. `doubts` is why it might not be told."""

    answer: Answer
    sentence: str
    criteria: list[Criterion]
    doubts: list[str]
    room: Room | None
    remedy: Remedy | None


def judge(result: Result, found: Figures, exam: Exam, application: Application) -> Verdict:
    """The verdict on a run, by the exam's criteria; `application` is the posture's facts about the application."""
    asked = criteria(result, found, exam)
    broken = [criterion for criterion in asked if not criterion.held]
    overloaded = [*_overloaded(result, exam.generator_cpu), *_too_slow(result, exam, broken)]
    doubts = [*overloaded, *_incomplete(result, found)]
    answer = _answer(broken, bool(overloaded), bool(doubts))
    holds = room(result, application, asked) if answer is Answer.HOLDS else None
    # More tasks do not bring lost content back.
    cured = answer is Answer.DOES_NOT_HOLD and any(not criterion.lasting for criterion in broken)
    better = remedy(result, application) if cured else None
    return Verdict(answer, _sentence(answer, result, broken, doubts, holds, better), asked, doubts, holds, better)


def _answer(broken: list[Criterion], overloaded: bool, doubts: bool) -> Answer:
    if any(criterion.lasting for criterion in broken):
        return Answer.DOES_NOT_HOLD
    if overloaded:
        return Answer.CANNOT_TELL
    if broken:
        return Answer.DOES_NOT_HOLD
    return Answer.CANNOT_TELL if doubts else Answer.HOLDS


def _overloaded(result: Result, limit: float) -> Iterable[str]:
    if result.generator.cpu_percent > limit:
        yield (
            f"the load test itself was at its limit: {result.generator.cpu_percent:.0f} % of a core, "
            f"{limit:g} % is the most; give it more processes or machines"
        )


def _too_slow(result: Result, exam: Exam, broken: list[Criterion]) -> Iterable[str]:
    """That all would hold without the runs of programs for which a task is too slow even when nobody else is there."""
    slow = {name for name in exam.mix if result.baseline.get(name, math.inf) > ALONE_LIMIT}
    others = replace(result, events=[e for e in result.events if e.verb != Verb.RUN or e.program not in slow])
    if slow and broken and all(criterion.held for criterion in criteria(others, figures(others), exam)):
        yield f"only runs of what takes over {ALONE_LIMIT:g} s even alone gave way ({', '.join(sorted(slow))})"


def _incomplete(result: Result, found: Figures) -> Iterable[str]:
    if result.interrupted:
        yield "it was interrupted"
    elif result.unaccounted:
        yield f"{result.unaccounted} students were not heard of to the end"
    if found.faults:
        yield f"the load test itself failed {found.faults} times"
    if not found.runs:
        yield "nobody ran a program"


def room(result: Result, application: Application, criteria: Iterable[Criterion]) -> Room:
    """How many students a posture that held the class would hold: the least of what the rules give.

    It is counted with the tasks that the posture starts with: more of them come minutes after they are needed. What is
    close to its limit grows at least as the class does.
    """
    count = int(result.posture["tasks"])
    rules = [Room(count * application.students_per_task, f"{tasks(count)} x {application.students_per_task} students")]
    if demand := busiest(result):
        by_cpu = math.floor(result.students * count * CPU_LIMIT / demand)
        text = f"CPU at most {demand / count:.0f} % of usable on {tasks(count)}, {CPU_LIMIT} % is too much"
        rules.append(Room(by_cpu, text))
    rules += [
        Room(math.floor(result.students * criterion.limit / criterion.found), part(criterion))
        for criterion in criteria
        if criterion.found and criterion.limit
    ]
    least = min(rules, key=lambda rule: rule.students)
    return least if least.students > result.students else Room(result.students, f"no more than these: {least.rule}")


def remedy(result: Result, application: Application) -> Remedy:
    """The least posture that would hold a class that this one did not: more tasks, none larger than is of use."""
    count, per_task = int(result.posture["tasks"]), application.students_per_task
    by_students = math.ceil(result.students / per_task)
    by_cpu = math.ceil(busiest(result) / CPU_LIMIT)
    needed = max(count + 1, by_students, by_cpu)
    cpu = int(result.posture["cpu"])
    useful = [units for units in sorted(FARGATE_SIZES) if units < cpu and usable_vcpus(units, application) >= 1]
    cpu = min(useful, default=cpu)
    # Smaller tasks have less memory, which is not what was short.
    memory = min(FARGATE_SIZES[cpu])
    rule = {by_cpu: "by the CPU that was used", by_students: f"at {per_task} students a task"}
    return Remedy(
        needed, cpu, memory, round(hourly_cost(needed, cpu, memory), 4), rule.get(needed, "one more than did not hold")
    )


def busiest(result: Result) -> float:
    """The most CPU that the class used at a time, in percent of what one task can use; 0 where it is not known."""
    return max((s.cpu_usable * s.running for s in result.samples if s.cpu_usable and s.running), default=0.0)


def _sentence(
    answer: Answer,
    result: Result,
    broken: list[Criterion],
    doubts: list[str],
    holds: Room | None,
    better: Remedy | None,
) -> str:
    if answer is Answer.CANNOT_TELL:
        return f"cannot tell whether this posture holds {result.students} students: {'; '.join(doubts)}"
    if holds:
        return f"this posture holds {result.students} students, with room for {holds.students} ({holds.rule})"
    first = min(broken, key=lambda criterion: (criterion.since is None, criterion.since or 0))
    text = f"this posture does not hold {result.students} students: first to give way: {told(first)}"
    if first.since is not None:
        text += f", from {clock(first.since)} on{_during(result, first.since)}"
    return f"{text}; {better} would hold ({better.rule})" if better else text


def _during(result: Result, at: float) -> str:
    name = next((phase.name for phase in result.phases if phase.begin <= at < phase.end), "")
    return f" ({name})" if name else ""


def clock(seconds: float) -> str:
    """Seconds since the start as minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
