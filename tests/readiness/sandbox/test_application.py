"""The rows of health endpoint, application, students and database on a sandbox whose tasks are processes."""

import time

import pytest

from components.presence import URL_VARIABLE
from readiness.checks import application, database, health_endpoint, students
from readiness.context import context_of
from readiness.row import Row, Verdict
from readiness.runner import run
from tests.postures import ROOT
from tests.readiness.sandbox.conftest import patient
from tests.sandbox.aws import NAMES, definition, eventually, target_states
from tests.sandbox.real import Real

FAULT = "SANDBOX_APPLICATION_FAULT"
CHECKS = (*health_endpoint.CHECKS, *application.CHECKS, *students.CHECKS, *database.CHECKS)


def look() -> dict[str, Row]:
    """The rows by area and name."""
    context = context_of(ROOT, "exam")
    return {f"{row.area}, {row.name}": row for _, rows in run(context, patient(CHECKS)) for row in rows}


def scale(real: Real, count: int, *, sticky: bool = True) -> None:
    elb = real.client("elbv2")
    (group,) = elb.describe_target_groups(Names=["pythonide-exam-tg"])["TargetGroups"]
    attributes = [{"Key": "stickiness.enabled", "Value": str(sticky).lower()}]
    elb.modify_target_group_attributes(TargetGroupArn=group["TargetGroupArn"], Attributes=attributes)
    real.client("ecs").update_service(**NAMES, desiredCount=count)
    eventually(lambda: target_states(elb) == ["healthy"] * count, 60)


def spoil(real: Real, fault: str) -> None:
    """Every task runs the application with this fault."""
    ecs = real.client("ecs")
    new = definition(ecs)
    container = new["containerDefinitions"][0]
    others = [variable for variable in container["environment"] if variable["name"] != FAULT]
    container["environment"] = [*others, {"name": FAULT, "value": fault}]
    registered = ecs.register_task_definition(**new)["taskDefinition"]
    ecs.update_service(**NAMES, taskDefinition=registered["taskDefinitionArn"])
    old = set(real.applications())
    eventually(lambda: real.applications() and not old & set(real.applications()), 60)
    eventually(lambda: target_states(real.client("elbv2")) == ["healthy"], 60)


def files(real: Real) -> list[str]:
    return [path.name for path in (real.home / "files").rglob("readiness-*")]


def measured(real: Real) -> bool:
    """Whether CloudWatch has a first figure of the database, some seconds after the start."""
    found = real.client("cloudwatch").list_metrics(Namespace="AWS/RDS")["Metrics"]
    return any(metric["MetricName"] == "CPUUtilization" for metric in found)


def test_a_cold_task_then_a_warm_one(real: Real) -> None:
    eventually(lambda: measured(real), 30)
    first, second = look(), look()
    for rows in (first, second):
        assert {name: row.verdict for name, row in rows.items()} == {
            "health, /health": Verdict.OK,
            "application, work": Verdict.OK,
            "application, every task": Verdict.OK,
            "students, there now": Verdict.OK,
            "database, instance": Verdict.OK,
            "database, connection": Verdict.OK,
            "database, connections": Verdict.WARN,  # 6 tasks x 50
            "database, storage": Verdict.OK,
            "database, CPU": Verdict.OK,
        }
        # The checklist itself is nobody.
        assert rows["students, there now"].found.startswith("nobody is there: 0 active students")
    assert first["application, every task"].found.startswith("1 of 1 task answered, 1 cold (first run ")
    assert second["application, every task"].found == "1 of 1 task answered, none cold"
    # Ten connections a process, and what the checklist itself has open.
    assert int(first["database, connections"].found.split()[0]) >= 10
    assert files(real) == []


def test_a_wrong_password_is_not_the_applications_fault(real: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAM_TEST_PASSWORD", "wrong-7c1e")
    row = look()["application, work"]
    assert row.verdict is Verdict.UNKNOWN
    assert "wrong-7c1e" not in repr(row)


def test_an_application_whose_database_is_out_of_reach_from_here(real: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_VARIABLE, "postgresql://exam:wrong-7c1e@127.0.0.1:1/x")
    rows = look()
    assert rows["database, connection"].verdict is Verdict.UNKNOWN
    assert rows["application, work"].verdict is Verdict.OK
    assert "wrong-7c1e" not in repr(rows)


def test_a_task_that_autoscaling_added_is_warmed_up(real: Real) -> None:
    scale(real, 2)
    start = time.monotonic()
    first = look()["application, every task"]
    assert time.monotonic() - start < application.LIMIT
    assert first.verdict is Verdict.OK
    assert first.found.startswith("2 of 2 tasks answered, 1 cold (first run ")
    assert look()["application, every task"].found == "2 of 2 tasks answered, none cold"


def test_without_stickiness_no_task_is_told_from_another(real: Real) -> None:
    scale(real, 2, sticky=False)
    eventually(lambda: "set-cookie" not in real.get().headers)  # the load balancer follows
    row = look()["application, every task"]
    assert row.verdict is Verdict.WARN
    assert row.found.endswith("without stickiness no task is told from another")
    scale(real, 1)


def test_a_wrong_output(real: Real) -> None:
    spoil(real, "wrong-output")
    row = look()["application, work"]
    assert row.verdict is Verdict.FAIL
    assert row.found.startswith("run: the program printed ")
    assert files(real) == []


def test_a_session_that_is_kicked(real: Real) -> None:
    spoil(real, "kick")
    row = look()["application, work"]
    assert (row.verdict, row.found) == (
        Verdict.FAIL,
        "run: the session was terminated (4001): this account connected elsewhere",
    )
    assert files(real) == []


def test_a_catch_all_page_for_health(real: Real) -> None:
    spoil(real, "no-health")
    rows = look()
    assert rows["health, /health"].verdict is Verdict.FAIL
    assert rows["health, /health"].found == "answered by the application's catch-all page, not by a health check"
    assert rows["application, work"].verdict is Verdict.OK
