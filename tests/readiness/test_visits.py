"""Visits to the application: whom they reach, and when they end."""

import threading
import time
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest

from readiness import visits
from readiness.checks import application
from readiness.row import Verdict
from readiness.visits import Start, Visitor, Visits, apart
from student import errors
from student.client import Health
from student.runs import Outcome, Run
from student.walk import Step, Walk
from student.web import Place
from tests.readiness.test_application import SECRET, broken, rows, walked


@pytest.mark.parametrize(
    ("starts", "count"),
    [
        ([], 0),
        ([(0, 1)], 1),
        ([(0, 1), (0.5, 1.5), (1, 2)], 1),  # all may be 1
        ([(0, 1), (0.9, 1.9), (1.8, 2.8)], 2),  # the first and the last are not one
        ([(5, 6), (0, 1), (5.5, 6.5), (0.2, 0.4), (9, 10)], 3),
        ([(0, 10), (1, 2), (3, 4)], 2),  # one that tells little is anybody's
    ],
)
def test_starts_that_cannot_be_one_tasks(starts: list[tuple[float, float]], count: int) -> None:
    assert apart([Start(*start) for start in starts]) == count
    assert apart([Start(*start) for start in reversed(starts)]) == count


class World:
    """Tasks behind a load balancer that takes them in turn; what a visit finds there."""

    def __init__(self, starts: list[float], *, sticky: bool = True, warm: bool = False) -> None:
        self.turn: Iterator[int] = cycle(range(len(starts)))
        self.starts, self.sticky, self.warm = starts, sticky, dict.fromkeys(range(len(starts)), warm)
        self.walks: list[int] = []
        self.removed = self.logouts = 0
        self.problem: errors.StudentError | None = None
        self.gone = True

    def student(self) -> Any:
        return FakeStudent(self)

    def walk(self, student: Any, path: str, program: str) -> Walk:
        task = student.task
        self.walks.append(task)
        if self.problem:
            return broken(self.problem, Step.RUN)
        output = program.removeprefix('print("').removesuffix('")\n') + "\n"
        run = Run(Outcome.PROMPT, output, 0.01 if self.warm[task] else 1.5)
        self.warm[task] = True
        return walked(run)

    def remove(self, *_: Any) -> bool:
        self.removed += 1
        return self.gone


class FakeStudent:
    def __init__(self, world: World) -> None:
        self.world, self.own = world, next(world.turn)

    def __enter__(self) -> "FakeStudent":
        return self

    def __exit__(self, *_: Any) -> None:
        return None

    @property
    def task(self) -> int:
        return self.own if self.world.sticky else next(self.world.turn)

    @property
    def sticky(self) -> bool:
        return self.world.sticky

    def health(self) -> Health:
        now = time.monotonic()
        uptime = int(now - self.world.starts[self.task])
        return Health("healthy", uptime, now - uptime - 1, now - uptime)

    def logout(self) -> None:
        self.world.logouts += 1


def visited(world: World, monkeypatch: pytest.MonkeyPatch, tasks: int | None = None) -> Visits:
    for name, value in (("walk", world.walk), ("remove", world.remove), ("PACE", 0.0)):
        monkeypatch.setattr(visits, name, value)
    monkeypatch.setattr(Visitor, "_student", lambda _: world.student())
    return Visitor(Place("http://exam.invalid"), "checklist", SECRET).all(tasks or len(world.starts))


def verdicts(found: Visits) -> list[Verdict]:
    return [row.verdict for row in rows(Visits(found.tasks, found.output, found.sticky, found.visits))]


def test_one_task_is_visited_once(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World([0.0])
    found = visited(world, monkeypatch)
    assert (world.walks, len(found.cold), world.logouts) == ([0], 1, 1)
    assert verdicts(found) == [Verdict.OK, Verdict.OK]


@pytest.mark.parametrize("warm", [False, True])
def test_each_of_six_tasks_is_walked_through_once(warm: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World([-20.0 * n for n in range(6)], warm=warm)
    found = visited(world, monkeypatch)
    assert world.walks == list(range(6))
    assert (found.met, len(found.cold)) == (6, 0 if warm else 6)


def test_a_known_task_is_only_asked_when_no_walk_can_be_spared(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World([-20.0 * n for n in range(6)], warm=True)
    world.turn = iter([0, 0, 1, 1, 2, 3, 0, 4, 5])
    found = visited(world, monkeypatch)
    assert world.walks == [0, 1, 2, 3, 4, 5]
    assert (found.met, len(found.visits)) == (6, 9)


def test_tasks_that_started_together_are_visited_until_none_is_likely_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    start = time.monotonic() - 100.5
    world = World([start, start], warm=True)
    found = visited(world, monkeypatch)
    assert set(world.walks) == {0, 1}
    assert len(found.visits) == 6
    assert verdicts(found) == [Verdict.OK, Verdict.OK]


def test_without_stickiness_tasks_are_reached_at_random(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World([0.0, -50.0], sticky=False, warm=True)
    found = visited(world, monkeypatch)
    assert len(found.visits) == len(world.walks) == 6
    assert verdicts(found) == [Verdict.OK, Verdict.WARN]


@pytest.mark.parametrize(("gone", "left"), [(True, False), (False, True)])
def test_what_a_broken_walk_leaves_is_removed(gone: bool, left: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World([0.0])
    world.problem, world.gone = errors.SessionTerminatedError("terminated"), gone
    found = visited(world, monkeypatch)
    assert world.removed == len(world.walks) == 1
    assert bool(found.left) is left


@pytest.mark.parametrize(
    "problem", [errors.LoginRefusedError("no"), errors.RateLimitError("no", 9), errors.UnreachableError("no")]
)
def test_what_fares_no_better_is_not_tried_again(problem: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World([0.0, -50.0, -90.0])
    world.problem = problem
    visited(world, monkeypatch)
    assert len(world.walks) == 1


def test_a_sick_task_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World([0.0, -50.0, -90.0])
    world.problem = errors.NoAnswerError("no answer")
    visited(world, monkeypatch)
    assert set(world.walks) == {0, 1, 2}


def test_time_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "BEGIN_WITHIN", 0.0)
    assert visited(World([0.0]), monkeypatch).visits == []


def test_no_visit_begins_once_the_program_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading.main_thread(), "is_alive", lambda: False)
    assert visited(World([0.0]), monkeypatch).visits == []


class Clock:
    """In the place of the module time: what takes time says so."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_an_application_that_answers_nothing_leaves_time_to_tell_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, world = Clock(), World([-50.0 * n for n in range(6)])

    def late(*_: Any) -> Any:
        clock.sleep(visits.ANSWER_LIMIT)
        raise errors.NoAnswerError("no answer")

    def walk(*_: Any) -> Walk:
        clock.sleep(visits.ANSWER_LIMIT)
        return broken(errors.NoAnswerError("no answer"), Step.SAVE)

    def remove(*_: Any) -> bool:
        clock.sleep(visits.ANSWER_LIMIT)
        return False

    monkeypatch.setattr(visits, "time", clock)
    monkeypatch.setattr(FakeStudent, "health", late)
    world.walk, world.remove = walk, remove  # type: ignore[method-assign,assignment]
    found = visited(world, monkeypatch)
    assert clock.now < application.LIMIT
    assert {row.verdict for row in rows(found)} == {Verdict.FAIL, Verdict.WARN}
