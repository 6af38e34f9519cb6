"""The health endpoint: what counts as an answer of the application's own health check."""

from typing import Any

import pytest

from readiness.checks.health_endpoint import endpoint, read
from readiness.context import Context
from readiness.row import Row, Verdict
from student.errors import NoAnswerError, StudentError, UnreachableError
from student.web import Answer
from tests.postures import live, settings
from tests.student.scripted import Application, playing, recorded

POSTURE = settings("exam")


def judged(status: int = 200, body: Any = None, kind: str = "application/json") -> Row:
    return endpoint(POSTURE, Answer(status, kind, "", body, 10.0, 10.25))


def test_a_healthy_application() -> None:
    row = judged(body={"status": "healthy", "uptime": 92, "database": "connected"})
    assert (row.verdict, row.found) == (Verdict.OK, "200, healthy, 0.25 s")


def test_a_page_is_no_health_check() -> None:
    row = judged(kind="text/html")
    assert row.verdict is Verdict.FAIL
    assert row.found == "answered by the application's catch-all page, not by a health check"
    assert row.todo == "the working one is /health: is the image the right one?"


def test_the_working_path_is_named() -> None:
    application = {**POSTURE.application.model_dump(by_alias=True), "healthPath": "/api/health"}
    row = endpoint(settings("exam", application=application), Answer(200, "text/html", "<html>", None, 0.0, 1.0))
    assert row.todo == "the working one is /health: set application.healthPath"


@pytest.mark.parametrize(
    ("status", "body", "found"),
    [
        (503, None, "503 from https://exam.pythonide-classroom.tech/health"),
        (404, {"status": "healthy"}, "404 from https://exam.pythonide-classroom.tech/health"),
        (200, {"status": "degraded"}, "status degraded"),
        (200, {}, "status None"),
        (200, {"status": "healthy", "database": "disconnected"}, "healthy, but database disconnected"),
        (200, ["healthy"], "answered by the application's catch-all page, not by a health check"),
    ],
)
def test_what_is_not_healthy(status: int, body: Any, found: str) -> None:
    row = judged(status, body)
    assert (row.verdict, row.found) == (Verdict.FAIL, found)


@pytest.mark.parametrize("error", [UnreachableError("no connection"), NoAnswerError("no answer within 3.5 s")])
def test_no_answer_is_a_fail(error: StudentError) -> None:
    row = endpoint(POSTURE, error)
    assert (row.verdict, row.found) == (Verdict.FAIL, str(error))


def test_what_is_read() -> None:
    with playing(Application(recorded("health"))) as address:
        context = Context(POSTURE, "exam", settings("idle"), live().access, address)
        assert endpoint(POSTURE, read(context)).verdict is Verdict.OK
    assert isinstance(read(context), UnreachableError)
