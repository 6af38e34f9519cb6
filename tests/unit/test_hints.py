"""Hints before the class comes: each with what the posture gives and what the class needs."""

from typing import Any

import pytest

from components import hints
from components.live import Live
from tests.postures import DEFINITION, SECRET, live, settings

PLAIN: dict[str, Any] = {
    **DEFINITION,
    "containerDefinitions": [
        {**DEFINITION["containerDefinitions"][0], "environment": [{"name": "DB_POOL_MAX", "value": "15"}]}
    ],
}


def quiet(**changes: Any) -> Live:
    return live(**{"task_definition": PLAIN, **changes})


def findings(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines()[1:]]


def test_a_posture_that_fits_earns_no_hint() -> None:
    assert hints.hint("exam", settings("exam", cpu=1024, memory=2048), quiet()) is None


def test_too_few_tasks_for_the_class() -> None:
    assert findings(hints.hint("exam", settings("idle", students=120), quiet())) == [
        "too few tasks for 120 students: at the minimum of 1 task this posture holds 50, the class needs 3 tasks "
        "(50 students a task)"
    ]


def test_vcpu_that_the_application_cannot_use() -> None:
    assert findings(hints.hint("exam", settings("exam"), quiet())) == [
        "2 tasks of 2 vCPU: 2 of 4 vCPU usable; 4 tasks of 1 vCPU cost the same"
    ]


@pytest.mark.parametrize(
    ("environment", "pool", "fits"),
    [({}, 15, True), ({"DB_POOL_MAX": "50"}, 50, False), ({"DB_POOL_MAX": None}, 50, False)],
)
def test_connections_of_all_tasks_over_the_databases(
    environment: dict[str, str | None], pool: int, *, fits: bool
) -> None:
    posture = settings("exam", cpu=1024, memory=2048, environment=environment)
    told = findings(hints.hint("exam", posture, quiet()))
    expected = f"6 tasks x {pool} connections (DB_POOL_MAX) are {6 * pool}, pythonide-db allows 112; DB_POOL_MAX of 18 would fit"
    assert told == ([] if fits else [expected])


def test_the_databases_limit_can_be_configured() -> None:
    database = {"instance": "pythonide-db", "maxConnections": 60}
    told = findings(hints.hint("exam", settings("exam", cpu=1024, memory=2048, database=database), quiet()))
    assert told == [
        "6 tasks x 15 connections (DB_POOL_MAX) are 90, pythonide-db allows 60; DB_POOL_MAX of 10 would fit"
    ]


@pytest.mark.parametrize(
    ("instance_class", "connections"),
    [
        ("db.t3.micro", 112),
        ("db.t4g.small", 225),
        ("db.t3.medium", 450),
        ("db.m5.large", 901),
        ("db.r6g.2xlarge", 5000),
        ("db.m7i.xlarge", 1802),
        ("db.z1d.large", None),
        ("", None),
        (None, None),
    ],
)
def test_connections_by_instance_class(instance_class: str | None, connections: int | None) -> None:
    assert hints.max_connections(instance_class) == connections


def test_a_class_that_cannot_be_read_is_told_with_the_way_out() -> None:
    posture = settings("exam", cpu=1024, memory=2048, environment={"DB_POOL_MAX": "50"})
    assert findings(hints.hint("exam", posture, quiet(database_class=None))) == [
        "6 tasks x 50 connections (DB_POOL_MAX) are not compared: rds:DescribeDBInstances of pythonide-db tells no class "
        "that is known; set database.maxConnections"
    ]


def test_a_credential_in_clear_is_told_with_its_replacement_and_not_shown() -> None:
    told = hints.hint("exam", settings("idle"), live())
    assert told is not None
    assert SECRET not in told
    assert findings(told) == [
        "DATABASE_URL is a credential in clear in the task definition; store it in Secrets Manager and replace it: "
        "pulumi config set -s exam --plaintext --path secrets.DATABASE_URL <ARN>"
    ]
    assert hints.hint("exam", settings("idle", secrets={"DATABASE_URL": "/exam/url"}), live()) is None


@pytest.mark.parametrize(("environment", "pool"), [({}, 10), ({"DB_POOL_MIN": "4"}, 4), ({"DB_POOL_MIN": "many"}, 10)])
def test_what_a_task_opens_at_its_start(environment: dict[str, str], pool: int) -> None:
    assert hints.pool_minimum(settings("exam", environment=environment), quiet()) == pool
