"""The students' folders and the other clean-up rows in a sandbox, where the task that lists them really runs."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from readiness import submissions
from readiness.checks import after
from readiness.context import context_of
from readiness.row import Row, Verdict
from readiness.runner import run
from sandbox.load import DIMENSIONS
from sandbox.world import CLUSTER, SERVICE
from tests.engine.harness import Project
from tests.engine.test_least_privilege import CHECKED_WITH, FREE, User, actions, policy, without
from tests.postures import ROOT
from tests.readiness.sandbox.conftest import patient
from tests.sandbox.aws import definition, eventually
from tests.sandbox.real import Real

SPAN = timedelta(hours=3)
SUBMISSIONS = policy("submissions")


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submissions, "POLL", 0.1)


@pytest.fixture(scope="module", autouse=True)
def _exam(fresh: Real) -> None:
    sit_an_exam(fresh)


def sit_an_exam(real: Real) -> None:
    """01 saves, 02 does not, 03 empties a file, 04 does not come, 05 has no folder; a folder has an odd name."""
    local = real.home / "files" / "ide" / "Local"
    hour_ago = time.time() - 3600
    for name, file, text in (
        ("student01", "answer.py", "print(42)\n"),
        ("student02", "welcome.py", "print('hello')\n"),
        ("student03", "answer.py", ""),
        ("student04", "welcome.py", "print('hello')\n"),
        ("checklist", "welcome.py", "print('hello')\n"),
        ("odd\n\x1b[31m name", "x.py", "1"),
    ):
        (local / name / "submissions").mkdir(parents=True)
        (local / name / file).write_text(text)
    for name in ("student02", "student04"):
        os.utime(local / name / "welcome.py", (hour_ago, hour_ago))
    url = definition(real.client("ecs"))["containerDefinitions"][0]["environment"][0]["value"]
    with psycopg.connect(url, autocommit=True) as connection:
        for name in ("student01", "student02", "student03", "student05", "checklist"):
            connection.execute(
                "INSERT INTO sessions (user_id, token, created_at, last_activity) SELECT id, %s, "
                "now() AT TIME ZONE 'utc' - interval '40 minutes', now() AT TIME ZONE 'utc' FROM users WHERE username = %s",
                [f"token of {name}", name],
            )


def listed() -> dict[str, Row]:
    return {row.name: row for row in submissions.rows(context_of(ROOT, "idle"), SPAN, lambda _: None)}


def nothing_is_left(real: Real) -> bool:
    started = {"cluster": CLUSTER, "startedBy": "readiness"}
    stopping = real.client("ecs").list_tasks(**started, desiredStatus="RUNNING")["taskArns"]
    return not stopping and not any("IDE_DATA_PATH" in line for line in real.processes().values())


def test_whose_code_is_on_efs(real: Real) -> None:
    rows = listed()
    assert {name: row.verdict.value for name, row in rows.items()} == {
        "folders": "ok",
        "student02": "fail",
        "student05": "fail",
        "student03": "warn",
        "student01": "ok",
        "student04": "ok",
        "odd\\n\\x1b[31m name": "ok",
    }
    assert rows["folders"].found == f"5 folders, 5 files, 41 B in {real.home / 'files' / 'ide' / 'Local'}"
    assert "saved nothing: 1 file, 15 B, newest" in rows["student02"].found
    assert "saved nothing: no folder" in rows["student05"].found
    assert rows["student04"].found.endswith("did not work")
    assert nothing_is_left(real)
    service = real.client("ecs").list_tasks(cluster=CLUSTER, serviceName=SERVICE)["taskArns"]
    assert len(service) == 1


def test_the_command_says_what_it_costs_and_ctrl_c_leaves_nothing(real: Real, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "readiness", "-s", "idle", "--since", "3h", "--submissions"]
    with (tmp_path / "said").open("wb") as said:
        program = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said)
    ecs = real.client("ecs")
    real.server.ask("DELETE", "calls")
    try:
        eventually(lambda: ecs.list_tasks(cluster=CLUSTER, startedBy="readiness")["taskArns"], 60)
        program.send_signal(signal.SIGINT)
        assert program.wait(30) == 130
    finally:
        program.kill()
        program.wait()
    assert "at most 0.3 cents" in (tmp_path / "said").read_text()
    assert nothing_is_left(real)
    calls = [call["action"] for call in real.server.ask("GET", "calls")]
    assert (calls.count("RunTask"), calls.count("StopTask")) == (1, 1)


@pytest.fixture
def permitted(whole: Project, real: Real, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Makes this process an IAM user with the two policies, less some actions of submissions.json."""

    def become(*removed: str) -> None:
        statements = [*policy("readiness")["Statement"], *without(SUBMISSIONS, removed)["Statement"]]
        user = User(whole, f"operator-{uuid.uuid4().hex}", {**SUBMISSIONS, "Statement": statements})
        for name, value in {**user.keys, "AWS_SESSION_TOKEN": ""}.items():
            monkeypatch.setenv(name, value)
        whole.forget_calls()
        enforced.enter_context(whole.iam_enforced())

    with ExitStack() as enforced:
        yield become
    eventually(lambda: nothing_is_left(real))


def test_the_policy_suffices_and_nothing_in_it_is_spare(permitted: Callable[..., None], whole: Project) -> None:
    permitted()
    assert listed()["folders"].verdict is Verdict.OK
    called = {f"{call['service']}:{call['action']}" for call in whole.calls()}
    assert called - actions(policy("readiness")) - FREE == actions(SUBMISSIONS) - CHECKED_WITH.keys()


SOME: list[Any] = ["ecs:StopTask", "iam:PassRole"]
ALL = [pytest.param(action, marks=pytest.mark.long) for action in sorted(actions(SUBMISSIONS) - set(SOME))]


@pytest.mark.parametrize("removed", SOME + ALL)
def test_without_an_action_one_row_names_it(removed: str, permitted: Callable[..., None]) -> None:
    permitted(removed)
    assert {name: (row.verdict, row.found, row.todo) for name, row in listed().items()} == {
        "folders": (Verdict.UNKNOWN, f"no permission for {removed}", submissions.POLICY)
    }


def test_the_clean_up_rows(real: Real) -> None:
    cloudwatch = real.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="pythonide-exam-cpu", Namespace="AWS/ECS", MetricName="CPUUtilization", Period=60, Threshold=1.0,
        EvaluationPeriods=1, ComparisonOperator="GreaterThanThreshold", Statistic="Average", Dimensions=DIMENSIONS,
    )  # fmt: skip
    cloudwatch.set_alarm_state(AlarmName="pythonide-exam-cpu", StateValue="ALARM", StateReason="a test")
    minute = datetime.now(UTC).replace(second=0, microsecond=0)
    for ago in range(30, 150, 20):
        data = [
            {
                "MetricName": "CPUUtilization",
                "Dimensions": DIMENSIONS,
                "Value": 5.0,
                "Timestamp": minute - timedelta(minutes=ago + n),
            }
            for n in range(20)
        ]
        cloudwatch.put_metric_data(Namespace="AWS/ECS", MetricData=data)
    rows = {row.name: row for _, found in run(context_of(ROOT, "idle"), patient(after.checks(SPAN))) for row in found}
    assert {name: row.verdict.value for name, row in rows.items()} == {
        "cost": "ok",
        "errors logged": "ok",
        "stopped tasks": "ok",
        "alarms": "warn",
        "who worked": "ok",
    }
    assert "2.0 h of 1 vCPU / 2 GB" in rows["cost"].found
    assert rows["alarms"].found.splitlines()[1].startswith("cpu at ")
    assert rows["who worked"].found.splitlines()[0].startswith("4 students: ")
