"""What the rows say of the visits to the application, and who makes them."""

from typing import Any

import pytest

from components.errors import ExamError
from readiness.checks import application
from readiness.context import Context
from readiness.row import Row, Verdict
from readiness.visits import Start, Visit, Visitor, Visits
from student import errors
from student.runs import Outcome, Run
from student.walk import Step, Walk
from student.web import Place
from tests.postures import live, settings

POSTURE = settings("exam")
OUTPUT = "ready 00\n"
GOOD = Run(Outcome.PROMPT, OUTPUT, 0.01)
FIRST = Run(Outcome.PROMPT, OUTPUT, 1.42)
SECRET = "planted-5d1e"


def walked(*runs: Run, login: float = 0.3) -> Walk:
    seconds = {Step.LOGIN: login, Step.CONNECT: 0.05, Step.SAVE: 0.02, Step.READ: 0.02}
    return Walk({**seconds, Step.RUN: sum(run.seconds for run in runs), Step.REMOVE: 0.01}, None, None, list(runs))


def broken(error: errors.StudentError, at: Step, *runs: Run) -> Walk:
    return Walk({}, error, at, list(runs))


def done(*walks: Walk, tasks: int = 1, sticky: bool = True, together: bool = False, asked: int = 0) -> Visits:
    """Visits of these walks, each to a task that started at another time, and so many that only asked."""
    seen = [Visit(Start(0.0 if together else 10.0 * n, 10.0 * n + 1), walk) for n, walk in enumerate(walks)]
    return Visits(tasks, OUTPUT, sticky, seen + [Visit(Start(0, 1))] * asked)


def rows(found: Visits) -> list[Row]:
    return application.application(POSTURE, found)


def test_without_an_account_nobody_knows() -> None:
    (row,) = application.application(POSTURE, None)
    assert (row.verdict, row.found) == (Verdict.UNKNOWN, "no test account")
    assert row.todo == "set EXAM_TEST_USER and EXAM_TEST_PASSWORD to an account that no student uses"


def test_all_went_well() -> None:
    work, tasks = rows(done(walked(FIRST), walked(GOOD, login=0.55), tasks=2))
    assert (work.verdict, work.found) == (
        Verdict.OK,
        "login 0.55 s, WebSocket 0.05 s, save 0.02 s, read 0.02 s, run 0.01 s",
    )
    assert (tasks.verdict, tasks.found) == (Verdict.OK, "2 of 2 tasks answered, 1 cold (first run 1.4 s)")


@pytest.mark.parametrize(
    ("found", "verdict", "text"),
    [
        (done(walked(GOOD)), Verdict.OK, "1 of 1 task answered, none cold"),
        (done(walked(GOOD), sticky=False), Verdict.OK, "1 of 1 task answered, none cold"),
        (done(walked(FIRST), walked(FIRST), tasks=2, together=True), Verdict.OK, "2 of 2 tasks answered, 2 cold (first run 1.4 s, 1.4 s)"),
        (done(walked(FIRST), walked(FIRST), tasks=2, sticky=False), Verdict.OK, "2 of 2 tasks answered, 2 cold (first run 1.4 s, 1.4 s)"),
        (done(*[walked(GOOD)] * 6, tasks=2, together=True), Verdict.OK, "6 connections to 2 tasks that started together, none cold"),
        (done(*[walked(GOOD)] * 6, tasks=3, together=True), Verdict.WARN, "1 of 3 tasks answered on 6 connections, none cold"),
        (done(*[walked(GOOD)] * 6, tasks=3, together=True, asked=5), Verdict.OK, "11 connections to 3 tasks that started together, none cold"),
        (done(*[walked(GOOD)] * 6, tasks=2, sticky=False), Verdict.WARN, "6 connections, none cold; without stickiness no task is told from another"),
        (done(walked(Run(Outcome.KILLED, "", 3.0), GOOD)), Verdict.WARN, "the first run of a new task was killed by the limit of 3 s; 1 cold (first run 3.0 s)"),
    ],
)  # fmt: skip
def test_whether_every_task_answered(found: Visits, verdict: Verdict, text: str) -> None:
    work, tasks = rows(found)
    assert work.verdict is Verdict.OK
    assert (tasks.verdict, tasks.found) == (verdict, text)


@pytest.mark.parametrize(
    ("walk", "verdict", "text"),
    [
        (walked(Run(Outcome.PROMPT, "ready 99\n", 0.1)), Verdict.FAIL, "run: the program printed 'ready 99\\n'"),
        (walked(Run(Outcome.PROMPT, "", 0.1)), Verdict.FAIL, "run: the program printed ''"),
        (walked(Run(Outcome.COMPLETE, OUTPUT, 0.1)), Verdict.FAIL, "run: the program printed 'ready 00\\n'"),
        (walked(*[Run(Outcome.KILLED, "", 3.0)] * 2), Verdict.FAIL, "run: one print was killed by the limit of 3 s, twice"),
        (walked(Run(Outcome.ERROR, "", 0.1, "no module")), Verdict.FAIL, "run: error after 0.1 s no module"),
        (walked(Run(Outcome.REFUSED, "", 2.0, "busy")), Verdict.FAIL, "run: refused after 2.0 s busy"),
        (walked(Run(Outcome.NO_END, "", 10.0)), Verdict.FAIL, "run: no end after 10.0 s"),
        (walked(Run(Outcome.RATE_LIMITED, "", 0.1, "wait 41")), Verdict.UNKNOWN, "the test account has used up what the application allows a minute"),
        (broken(errors.RateLimitError("x", 52), Step.SAVE), Verdict.UNKNOWN, "the test account has used up what the application allows a minute"),
        (broken(errors.LoginRefusedError("refused"), Step.LOGIN), Verdict.UNKNOWN, "refused"),
        (broken(errors.LoginRefusedError("refused"), Step.CONNECT), Verdict.FAIL, "WebSocket: refused"),
        (broken(errors.SessionTerminatedError("terminated (4001)"), Step.RUN), Verdict.FAIL, "run: terminated (4001)"),
        (broken(errors.ConnectionLostError("closed (1006)"), Step.RUN), Verdict.FAIL, "run: closed (1006)"),
        (broken(errors.NoAnswerError("no answer"), Step.LOGIN), Verdict.FAIL, "login: no answer"),
        (broken(errors.UnreachableError("no connection"), Step.LOGIN), Verdict.FAIL, "login: no connection"),
        (broken(errors.UnexpectedAnswerError("an error page"), Step.LOGIN), Verdict.FAIL, "login: an error page"),
        (broken(errors.UnexpectedAnswerError("the file reads back as something else"), Step.READ), Verdict.FAIL, "read: the file reads back as something else"),
        (broken(errors.RefusedError("no space"), Step.REMOVE, GOOD), Verdict.FAIL, "remove: no space"),
    ],
)  # fmt: skip
def test_what_goes_wrong(walk: Walk, verdict: Verdict, text: str) -> None:
    (row,) = rows(done(walk))
    assert (row.verdict, row.found) == (verdict, text)
    assert row.todo
    (of_two,) = rows(done(walked(GOOD), walk, tasks=2))
    assert (of_two.verdict, of_two.found) == (verdict, f"{text} (1 of 2 visits)")


def test_the_wait_is_named() -> None:
    (row,) = rows(done(walked(Run(Outcome.RATE_LIMITED, "", 0.1, "wait 41"))))
    assert row.todo == "run this again in 41 s"


def test_a_file_that_is_left_is_named() -> None:
    found = done(walked(GOOD))
    found.left = "readiness-00.py"
    assert [(row.name, row.verdict) for row in rows(found)][-1] == ("clean-up", Verdict.WARN)


def context() -> Context:
    return Context(POSTURE, "exam", settings("idle"), live().access, "http://127.0.0.1:1")


def test_the_account_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(Visitor, "all", lambda self, tasks: asked.append((self, tasks)))
    for name in ("EXAM_TEST_USER", "EXAM_TEST_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    one = context()
    one.once("live", lambda: live(service={**live().service, "runningCount": 3}))
    assert application.read(one) is None
    monkeypatch.setenv("EXAM_TEST_USER", "checklist")
    assert application.read(one) is None
    monkeypatch.setenv("EXAM_TEST_PASSWORD", SECRET)
    application.read(one)
    ((visitor, tasks),) = asked
    assert (visitor.place, visitor.username, tasks) == (Place(POSTURE.url, "http://127.0.0.1:1"), "checklist", 3)
    assert SECRET not in repr(visitor)


def test_where_aws_does_not_tell_the_posture_does(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied() -> Any:
        raise ExamError("no permission")

    one, asked = context(), list[int]()
    with pytest.raises(ExamError):
        one.once("live", denied)
    monkeypatch.setenv("EXAM_TEST_USER", "checklist")
    monkeypatch.setenv("EXAM_TEST_PASSWORD", SECRET)
    monkeypatch.setattr(Visitor, "all", lambda _, tasks: asked.append(tasks))
    application.read(one)
    assert asked == [POSTURE.task_count]
