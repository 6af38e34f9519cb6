"""The verdict: each criterion, what voids it, its one sentence; a failure more never makes it better."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.settings import Application
from loadtest.config import Exam, read_exam
from loadtest.figures import figures
from loadtest.record import Event, Generator, Outcome, Result, Sample, Verb
from loadtest.verdict import Answer, Verdict, clock, judge
from tests.loadtest.runs import event, quiet, run
from tests.postures import ROOT, settings

EXAM = read_exam(ROOT / "loadtest.yaml")
APPLICATION: Application = settings("exam").application
FAILURES = [
    outcome
    for outcome in Outcome
    if outcome not in (Outcome.OK, Outcome.RECONNECTED, Outcome.RATE_LIMITED, Outcome.WRONG, Outcome.FOREIGN)
]


def verdict(result: Result, exam: Exam = EXAM) -> Verdict:
    return judge(result, figures(result), exam, APPLICATION)


def asking(**criteria: Any) -> Exam:
    return EXAM.model_copy(update={"criteria": EXAM.criteria.model_copy(update=criteria)})


def sampled(percent: float, tasks: int = 2) -> list[Sample]:
    return [Sample(60, tasks, tasks, tasks, percent / 2, percent, 5.0, 0, 20)]


def test_a_class_that_is_held() -> None:
    found = verdict(run())
    assert found.answer is Answer.HOLDS
    assert found.sentence == "this posture holds 34 students, with room for 100 (2 tasks x 50 students)"


@pytest.mark.parametrize(
    ("planted", "criterion", "since"),
    [
        (event(125, 3, Verb.READ, Outcome.CONTENT_LOST), "lost contents", 125),
        (event(61, 3, Verb.SOCKET, Outcome.NOT_RECONNECTED), "lost sessions", 61),
    ],
)
def test_one_loss_is_enough(planted: Event, criterion: str, since: float) -> None:
    found = verdict(run(planted))
    assert found.answer is Answer.DOES_NOT_HOLD
    assert [(c.name, c.since) for c in found.criteria if not c.held] == [(criterion, since)]
    assert found.remedy is None  # more tasks bring nothing back
    assert f"first to give way: {criterion} 1 (limit 0), from {clock(since)} on" in found.sentence


def test_killed_runs_give_way_and_a_remedy_is_named() -> None:
    found = verdict(run(*(event(at, 2, outcome=Outcome.KILLED, seconds=3) for at in (95, 96)), samples=sampled(90)))
    assert found.answer is Answer.DOES_NOT_HOLD
    assert found.sentence == (
        "this posture does not hold 34 students: first to give way: runs killed or failed 1.92 % (limit 1 %), from 1:36 "
        "on (rush); 3 tasks of 1 vCPU / 2 GB, 0.15 USD an hour would hold (by the CPU that was used)"
    )


def test_one_killed_run_in_a_hundred_is_within_the_criterion() -> None:
    assert verdict(run(event(outcome=Outcome.KILLED))).answer is Answer.HOLDS  # 1 of 103


def test_slow_runs_and_saves() -> None:
    slow = [replace(e, seconds=11) if e.verb == Verb.RUN and e.at > 100 else e for e in quiet()]
    found = verdict(run(events=slow))
    assert [(c.name, c.found, c.since) for c in found.criteria if not c.held] == [("p95 of a run", 11, 105)]
    slow = [replace(e, seconds=2.5) if e.verb == Verb.SAVE else e for e in quiet()]
    assert [(c.name, c.since) for c in verdict(run(events=slow)).criteria if not c.held] == [("p95 of a save", 40)]


def test_wrong_outputs_are_judged_only_where_a_limit_is_set() -> None:
    wrong = run(*(event(outcome=Outcome.FOREIGN) for _ in range(20)))
    assert verdict(wrong).answer is Answer.HOLDS
    assert verdict(wrong, asking(wrong_percent=10)).answer is Answer.DOES_NOT_HOLD
    assert verdict(wrong, asking(wrong_percent=20)).answer is Answer.HOLDS


@pytest.mark.parametrize(
    ("changes", "doubt"),
    [
        ({"generator": Generator(91, 3, 1)}, "the load test itself was at its limit: 91 % of a core, 85 % is the most"),
        ({"interrupted": True, "unaccounted": 3}, "it was interrupted"),
        ({"unaccounted": 3}, "3 students were not heard of to the end"),
        ({"events": []}, "nobody ran a program"),
        ({"events": [*quiet(), event(verb=Verb.SAVE, outcome=Outcome.FAULT)]}, "the load test itself failed 1 times"),
    ],
)
def test_what_cannot_be_told(changes: dict[str, Any], doubt: str) -> None:
    found = verdict(run(**changes))
    assert found.answer is Answer.CANNOT_TELL
    assert found.sentence.startswith("cannot tell whether this posture holds 34 students: ")
    assert doubt in found.sentence


def test_a_generator_at_its_limit_voids_times_but_not_losses() -> None:
    busy = Generator(99, 5, 1)
    killed = [event(outcome=Outcome.KILLED)] * 20
    assert verdict(run(*killed, generator=busy)).answer is Answer.CANNOT_TELL
    assert verdict(run(event(125, 3, Verb.READ, Outcome.CONTENT_LOST), generator=busy)).answer is Answer.DOES_NOT_HOLD


def test_runs_that_are_too_slow_even_alone_void_the_verdict_if_they_alone_gave_way() -> None:
    killed = [replace(event(outcome=Outcome.KILLED), program="long loop")] * 20
    slow = run(*killed, baseline={"prints": 0.01, "loop": 0.3, "input": 0.01, "long loop": 2.9})
    found = verdict(slow)
    assert found.answer is Answer.CANNOT_TELL
    assert "only runs of what takes over 2 s even alone gave way (long loop)" in found.sentence
    # Never came to its end alone.
    assert verdict(replace(slow, baseline={"prints": 0.01})).answer is Answer.CANNOT_TELL
    assert verdict(replace(slow, baseline={**slow.baseline, "long loop": 1})).answer is Answer.DOES_NOT_HOLD
    # Others gave way too.
    other = run(*killed, *[event(outcome=Outcome.KILLED)] * 20, baseline=slow.baseline)
    assert verdict(other).answer is Answer.DOES_NOT_HOLD
    late = replace(slow, events=[replace(e, seconds=3) if e.verb == Verb.SAVE else e for e in slow.events])
    assert verdict(late).answer is Answer.DOES_NOT_HOLD


@pytest.mark.parametrize(
    ("percent", "room", "rule"),
    [
        (10, 100, "2 tasks x 50 students"),
        (40, 68, "CPU at most 40 % of usable on 2 tasks, 80 % is too much"),
        (90, 34, "no more than these: CPU at most 90 % of usable on 2 tasks, 80 % is too much"),
    ],
)
def test_room_by_the_least_of_the_rules(percent: float, room: int, rule: str) -> None:
    found = verdict(run(samples=sampled(percent))).room
    assert found is not None
    assert (found.students, found.rule) == (room, rule)


def test_no_room_beyond_a_criterion_that_is_nearly_broken() -> None:
    slow = run(events=[replace(e, seconds=1.7) if e.verb == Verb.SAVE else e for e in quiet()])
    assert verdict(slow).sentence == ("this posture holds 34 students, with room for 40 (p95 of a save at 1.7 of 2 s)")
    found = verdict(run(event(outcome=Outcome.KILLED))).room  # 1 of 103
    assert found is not None
    assert (found.students, found.rule) == (35, "runs killed or failed at 0.97 of 1 %")


def test_room_counts_the_tasks_that_the_posture_starts_with() -> None:
    found = verdict(run(samples=sampled(30, tasks=4))).room  # as much as 60 % on two
    assert found is not None
    assert found.students == 45


def test_a_remedy_for_a_large_class() -> None:
    killed = [event(outcome=Outcome.KILLED)] * 20
    found = verdict(run(*killed, students=340)).remedy
    assert found is not None
    assert (found.tasks, found.cpu, found.memory, found.usd_per_hour) == (7, 1024, 2048, 0.3456)
    assert str(found) == "7 tasks of 1 vCPU / 2 GB, 0.35 USD an hour"


def test_all_runs_lost_is_never() -> None:
    found = verdict(run(events=[replace(e, outcome=Outcome.NO_END) if e.verb == Verb.RUN else e for e in quiet()]))
    assert next(c for c in found.criteria if c.name == "p95 of a run").found is None
    assert found.answer is Answer.DOES_NOT_HOLD


# Better first.
GRADES = [Answer.HOLDS, Answer.CANNOT_TELL, Answer.DOES_NOT_HOLD]
EVENTS = st.builds(
    event,
    at=st.floats(0, 130),
    student=st.integers(1, 34),
    verb=st.sampled_from(list(Verb)),
    outcome=st.sampled_from(list(Outcome)),
    seconds=st.floats(0, 30),
)


@given(
    st.lists(EVENTS, min_size=1, max_size=30),
    st.data(),
    st.sampled_from([40, 99]),
    st.sampled_from(FAILURES),
    st.floats(0, 130),
    st.floats(0, 30),
)
def test_a_failure_more_never_makes_a_verdict_better(
    events: list[Event], data: st.DataObject, cpu: float, failure: Outcome, at: float, seconds: float
) -> None:
    before = run(events=events, generator=Generator(cpu, 0, 1))
    number = data.draw(st.integers(0, len(events) - 1))
    planted = event(at, 2, data.draw(st.sampled_from(list(Verb))), failure, seconds)
    worse = [run(events=[*events, planted], generator=before.generator)]
    if events[number].outcome == Outcome.OK and failure != Outcome.FAULT:
        turned = [*events[:number], replace(events[number], outcome=failure), *events[number + 1 :]]
        worse.append(run(events=turned, generator=before.generator))
    for after in worse:
        assert GRADES.index(verdict(after).answer) >= GRADES.index(verdict(before).answer)
