"""`make rehearse`: what it makes of what it measured, and when it goes on. The acts themselves are rehearsed by hand."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from components.guard import FORCE
from components.guard import refusal as refused_with
from loadtest.config import read_exam
from loadtest.record import Outcome, Verb
from loadtest.report import read, report, write
from rehearsal import __main__ as rehearsal
from rehearsal import acts
from rehearsal.__main__ import Row, marked, table
from rehearsal.acts import Act, Measured
from rehearsal.stage import Exam, until
from sandbox import process
from sandbox.process import SandboxError, Server
from tests.loadtest.runs import event, run
from tests.postures import settings

EXAM = read_exam(rehearsal.EXAM)
MADE = report(run(), EXAM, settings("exam").application)
STARTED = datetime.fromisoformat(MADE.result.started).timestamp()


def test_the_class_is_short_and_in_a_rush_for_the_most_of_it() -> None:
    assert EXAM.seconds < 200
    assert EXAM.rush.seconds > EXAM.seconds / 2


def test_a_refusal_is_told_from_every_other_failure() -> None:
    who = "34 active students in the last 10 minutes (sessions table)"
    line = refused_with(f"students are there: {who}", "they are gone", ["replace 2 tasks"], "a rollout is under way")
    assert acts.refusal(f"Updating (idle):\nerror: {line}\nResources: 9 unchanged") == who
    assert acts.refusal("error: UpdateService: AccessDeniedException\n") is None


def test_sockets_that_broke_before_the_deployment_are_not_its_doing() -> None:
    lost = [event(at, student, Verb.SOCKET, Outcome.LOST) for student, at in enumerate((60, 80, 100), 1)]
    ended = event(110, 4, Verb.SOCKET, Outcome.TERMINATED)
    back = event(111, 4, Verb.SOCKET, Outcome.RECONNECTED)
    result = run(*lost, ended, back)
    assert [acts.broken(result, STARTED + at) for at in (0, 70, 100, 120)] == [4, 3, 2, 0]


def test_the_report_has_what_was_done_while_the_class_worked() -> None:
    moments = {"before": STARTED - 5, "a task is killed": STARTED + 90.04, "after": STARTED + 131}
    found = marked(MADE, moments).result.activities
    assert [(activity.at, activity.text) for activity in found] == [
        (60, "has started 1 tasks: (task <1>)."),
        (90.0, "rehearsal: a task is killed"),
    ]


def test_the_table_counts_what_was_shown_and_says_what_was_not() -> None:
    console = Console(width=80, file=StringIO(), record=True)
    console.print(table([Row("up", "17 writes to AWS, 2 tasks stayed", True), Row("kill", "[never]", False)], 61.4))
    lines = [" ".join(line.split()) for line in console.export_text().splitlines()]
    assert lines == [
        "Rehearsal: 1 of 2 shown in 61 s",
        "what measured",
        "ok up 17 writes to AWS, 2 tasks stayed",
        "NOT kill [never]",
    ]


def test_what_never_comes_is_waited_for_in_bounded_time() -> None:
    assert until(lambda: True) is not None
    assert until(lambda: False, limit=0.3) is None


def test_the_users_own_way_to_the_exam_is_not_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: dict[str, str] = {}

    def start(*_: object, **__: object) -> "subprocess.CompletedProcess[str]":
        seen.update(os.environ)
        return subprocess.CompletedProcess([], 1)

    elsewhere = dict.fromkeys((*process.ELSEWHERE, FORCE), "1")
    monkeypatch.setattr(os, "environ", {**os.environ, **elsewhere})
    monkeypatch.setattr(subprocess, "run", start)
    with pytest.raises(SandboxError, match="did not start"), rehearsal._sandbox(tmp_path):
        pytest.fail("there is none")
    assert not seen.keys() & elsewhere.keys()
    assert seen["SANDBOX_HOME"] == str(tmp_path)


class FakeClass:
    """A load test's process that has ended, with a report or without."""

    def poll(self) -> int:
        return 0

    def wait(self, _: float) -> int:
        return 0


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The acts of a rehearsal in the order in which they were played; nothing really runs."""
    order: list[str] = []

    @contextmanager
    def sandbox(_: Path) -> Iterator[Exam]:
        yield Exam(Server(1, 1))
        order.append("sandbox down")

    @contextmanager
    def load_test(reports: Path, _: object) -> Iterator[FakeClass]:
        (reports / "now").mkdir(parents=True)
        order.append("class")
        yield FakeClass()
        order.append("class gone")
        write(MADE, reports / "now" / "report.json")

    monkeypatch.setattr(rehearsal, "_sandbox", sandbox)
    monkeypatch.setattr(rehearsal, "_load_test", load_test)
    monkeypatch.setattr(rehearsal, "REPORTS", tmp_path / "reports")
    for when in ("BEFORE", "DURING", "AFTER"):
        monkeypatch.setattr(rehearsal, when, (Act(when.lower(), shows(order, when.lower())),))
    return order


def shows(order: list[str], what: str, *, held: bool = True) -> Callable[[Exam], Measured]:
    def play(exam: Exam) -> Measured:
        order.append(what)
        return ("it had a report" if exam.report else "it had none"), held

    return play


WHOLE = ["before", "class", "during", "class gone", "after", "sandbox down"]


def test_what_comes_after_the_class_has_its_report(
    played: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rehearsal.main() == 0
    assert played == WHOLE
    (kept,) = (tmp_path / "reports").iterdir()
    assert read(kept / "report.json").figures == MADE.figures
    said = capsys.readouterr().out
    assert "after: it had a report" in said
    assert said.endswith(f"The report: {kept / 'report.html'}\n")


def test_one_act_that_shows_nothing_ends_nothing_but_counts(played: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal, "DURING", (Act("during", shows(played, "during", held=False)),))
    assert rehearsal.main() == 1
    assert played == WHOLE


def test_one_that_is_needed_ends_it_and_the_class_leaves(
    played: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    acts_ = (Act("one", shows(played, "one", held=False), needed=True), Act("two", shows(played, "two")))
    monkeypatch.setattr(rehearsal, "DURING", acts_)
    assert rehearsal.main() == 1
    assert played == ["before", "class", "one"]
    assert not (tmp_path / "reports").exists()
    assert "cannot go on" in capsys.readouterr().err
