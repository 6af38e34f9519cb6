"""Before and after the class: the baseline, and the files of those who could not remove theirs."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from components.errors import ExamError
from loadtest import baseline, run
from loadtest.accounts import Account
from loadtest.config import FILE, read_exam
from loadtest.job import Place
from student import runs
from student.errors import LoginRefusedError, NoAnswerError, UnreachableError
from tests.loadtest.exam_hall import FOLDER, Application
from tests.postures import ROOT

PLACE = Place("https://exam.example.com", None)
ACCOUNTS = [Account(f"student{number}", f"password{number}") for number in (1, 2, 3)]
MIX = {"prints": 1, "long loop": 1}
Plant = Callable[[Application], object]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Application]:
    """The students that are made, each as a test wants it: the list's first elements are the plans."""
    monkeypatch.setattr("loadtest.files.time.sleep", lambda seconds: None)
    return []


def with_students(monkeypatch: pytest.MonkeyPatch, module: Any, made: list[Application], plant: Plant) -> None:
    def student(*_: Any, **__: Any) -> Application:
        made.append(Application())
        plant(made[-1])
        return made[-1]

    monkeypatch.setattr(module, "Student", student)


def test_the_seconds_of_each_program_and_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch, made: list[Application]
) -> None:
    with_students(monkeypatch, baseline, made, lambda application: None)
    found = baseline.baseline(PLACE, ACCOUNTS[0], MIX, "0000")
    (student,) = made
    assert found == {"prints": 0.5, "long loop": 0.5}
    # One to warm the process up, and several of each.
    assert student.calls.count("run") == 1 + 2 * 4
    assert not student.files
    assert student.calls[-4:] == ["delete_folder", "logout", "close", "close"]


def test_every_program_of_the_exam_is_within_what_a_student_may_run_in_a_minute(
    monkeypatch: pytest.MonkeyPatch, made: list[Application]
) -> None:
    def plant(application: Application) -> None:
        refused = runs.Run(runs.Outcome.RATE_LIMITED, "", 0.0, "wait 50 seconds")
        application.plant("run", 11, partial(setattr, application, "ending", refused))

    with_students(monkeypatch, baseline, made, plant)
    mix = read_exam(ROOT / FILE).mix
    assert baseline.baseline(PLACE, ACCOUNTS[0], mix, "0000").keys() == mix.keys()


def test_the_best_counts(monkeypatch: pytest.MonkeyPatch, made: list[Application]) -> None:
    def plant(application: Application) -> None:
        for number, seconds in ((2, 1.5), (4, 0.75)):
            application.plant("run", number, partial(application.sleep, seconds))

    with_students(monkeypatch, baseline, made, plant)
    assert baseline.baseline(PLACE, ACCOUNTS[0], {"prints": 1}, "0000") == {"prints": 0.5}


def test_a_program_that_does_not_end_well_has_no_baseline(
    monkeypatch: pytest.MonkeyPatch, made: list[Application]
) -> None:
    killed = runs.Run(runs.Outcome.KILLED, "", 3.1)
    with_students(monkeypatch, baseline, made, lambda application: setattr(application, "ending", killed))
    assert baseline.baseline(PLACE, ACCOUNTS[0], MIX, "0000") == {}


@pytest.mark.parametrize(
    ("plant", "told"),
    [
        (lambda a: a.plant("login", 1, LoginRefusedError("no: student1")), "refuses the first account of"),
        (lambda a: a.plant("connect", 1, UnreachableError("nobody")), "the application is not there (unreachable)"),
        (lambda a: a.plant("save", 2, NoAnswerError("none")), "one student alone could not work there (no answer)"),
    ],
)
def test_who_cannot_work_alone_is_no_class(
    plant: Plant, told: str, monkeypatch: pytest.MonkeyPatch, made: list[Application]
) -> None:
    with_students(monkeypatch, baseline, made, plant)
    with pytest.raises(ExamError) as error:
        baseline.baseline(PLACE, ACCOUNTS[0], MIX, "0000")
    assert told in str(error.value)
    assert "student1" not in str(error.value)
    assert not made[0].files


def test_files_are_removed_for_those_who_could_not(monkeypatch: pytest.MonkeyPatch, made: list[Application]) -> None:
    def plant(application: Application) -> None:
        if len(made) == 2:
            application.plant("login", 1, NoAnswerError("none"))

    said: list[str] = []
    monkeypatch.setattr(run, "SWEEPERS", 1)
    with_students(monkeypatch, run, made, plant)
    assert run.sweep(PLACE, ACCOUNTS, [1, 3], FOLDER, said.append) == 1
    assert said == ["Removing the files of 2 students who could not ..."]
    assert [student.calls.count("delete_folder") for student in made] == [1, 0]
    assert all("logout" in student.calls for student in made)


def test_nobody_is_asked_when_all_is_clean(made: list[Application]) -> None:
    assert run.sweep(PLACE, ACCOUNTS, [], FOLDER, pytest.fail) == 0
