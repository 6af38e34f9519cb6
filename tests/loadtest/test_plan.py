"""Plans: the same for a seed, within the phases and the pauses, and never over the application's limits."""

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from loadtest.config import Exam
from loadtest.plan import plan
from loadtest.record import Verb
from tests.loadtest.test_config import SHIPPED

LENGTHS = st.floats(1, 400)


@st.composite
def exams(draw: st.DrawFn) -> Exam:
    often = draw(st.floats(1, 4))

    def pause(least: float) -> dict[str, float]:
        shortest = draw(st.floats(least * often * 1.001, least * often * 5))
        return {"from": shortest, "to": shortest * draw(st.floats(1, 3))}

    work: dict[str, Any] = {"seconds": draw(LENGTHS), "save": pause(2), "run": pause(7)}
    return Exam.model_validate(
        {
            **SHIPPED,
            "arrival": {"seconds": draw(LENGTHS)},
            "work": work,
            "rush": {"seconds": draw(LENGTHS), "timesAsOften": often},
            "leaving": {"seconds": draw(LENGTHS)},
        }
    )


@given(exams(), st.integers(), st.integers(1, 500))
def test_within_the_phases_and_in_order(exam: Exam, seed: int, student: int) -> None:
    arrival, work, rush, leaving = exam.phases
    made = plan(exam, seed, student)
    assert arrival.begin <= made.arrival < arrival.end
    assert leaving.begin <= made.departure < leaving.end
    assert [action.at for action in made.actions] == sorted(action.at for action in made.actions)
    assert all(work.begin <= action.at < rush.end for action in made.actions)
    assert all((action.program in exam.mix) == (action.verb is Verb.RUN) for action in made.actions)


@given(exams(), st.integers(), st.integers(1, 500))
def test_pauses_are_as_long_as_they_say(exam: Exam, seed: int, student: int) -> None:
    made, often = plan(exam, seed, student), exam.rush.times_as_often
    for verb, pause in ((Verb.SAVE, exam.work.save), (Verb.RUN, exam.work.run)):
        for phase, by in ((exam.phases[1], 1.0), (exam.phases[2], often)):
            times = [a.at for a in made.actions if a.verb is verb and phase.begin <= a.at < phase.end]
            pauses = [after - before for before, after in pairwise(times)]
            assert all(pause.shortest / by - 1e-6 <= length <= pause.longest / by + 1e-6 for length in pauses)
            # Neither a late begin nor an early end.
            assert not times or times[0] - phase.begin <= pause.longest / by + 1e-6
            assert phase.end - (times[-1] if times else phase.begin) <= pause.longest / by + 1e-6


@given(exams(), st.integers(), st.integers(1, 500))
def test_a_student_stays_within_the_application_s_limits(exam: Exam, seed: int, student: int) -> None:
    runs = [action.at for action in plan(exam, seed, student).actions if action.verb is Verb.RUN]
    assert all(sum(at <= other < at + 60 for other in runs) <= 10 for at in runs)


def test_the_same_seed_is_the_same_class_and_another_is_not() -> None:
    exam = Exam.model_validate(SHIPPED)
    once = [plan(exam, 7, student) for student in range(1, 35)]
    assert [plan(exam, 7, student) for student in range(1, 35)] == once
    assert [plan(exam, 8, student) for student in range(1, 35)] != once
    assert len({made.arrival for made in once}) == 34


def test_the_rush_is_three_times_as_busy_and_the_mix_is_the_mix() -> None:
    exam = Exam.model_validate(SHIPPED)
    _, work, rush, _ = exam.phases
    actions = [action for student in range(1, 301) for action in plan(exam, 1, student).actions]
    for verb in (Verb.SAVE, Verb.RUN):
        busy = sum(a.verb is verb and a.at >= rush.begin for a in actions) / exam.rush.seconds
        calm = sum(a.verb is verb and a.at < work.end for a in actions) / exam.work.seconds
        assert 2.8 < busy / calm < 3.2
    runs = [action.program for action in actions if action.verb is Verb.RUN]
    shares = {name: 100 * runs.count(name) / len(runs) for name in exam.mix}
    assert all(abs(shares[name] - share) < 2 for name, share in exam.mix.items())
