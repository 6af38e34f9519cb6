"""An exam with trouble in it, and idle after it."""

import os
import signal

import pytest

from readiness.__main__ import main
from readiness.checks import after
from readiness.row import Verdict
from tests.engine.harness import Project
from tests.readiness.sandbox.conftest import look, real_of
from tests.sandbox.aws import eventually

TOPIC = "arn:aws:sns:us-east-2:123456789012:pythonide-exam-alarms"
EXITED = "Essential container in task exited"


def test_a_task_that_is_killed_and_a_mail_that_nobody_confirmed(exam: Project) -> None:
    real = real_of(exam)
    killed, *_ = real.applications()
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: len(set(real.applications()) - {killed}) == 2, 60)
    exam.settle()
    exam.client("sns").subscribe(TopicArn=TOPIC, Protocol="email", Endpoint="second@school.example")
    rows = {(row.area, row.name): row.found for row in look(exam, "exam").rows if row.verdict is Verdict.FAIL}
    assert rows.keys() == {("ECS", "stopped tasks"), ("alarms", "subscriptions")}
    assert EXITED in rows["ECS", "stopped tasks"]
    assert rows["alarms", "subscriptions"] == "not confirmed, so not told: second@school.example"


def test_afterwards_everything_is_back(
    exam: Project, operator: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole list; what went wrong in the exam is told, but is no reason any more."""
    exam.confirm_subscriptions()
    exam.up("idle")
    exam.settle()
    monkeypatch.chdir(exam.folder)
    code, output = main(["-s", "idle", "--since", "3h"]), capsys.readouterr().out
    assert (code, output.partition(":")[0]) == (0, "BACK AND CLEANED UP"), output
    assert all(check.name in output for check in after.checks(after.KEPT))
    assert f"1 x {EXITED}" in " ".join(output.split())
