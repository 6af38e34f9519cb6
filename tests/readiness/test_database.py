"""The database's rows, from what AWS and the database say."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from components.hints import Connections
from components.presence import NoAnswerError
from readiness.checks import database
from readiness.checks.database import GIB, Told
from readiness.context import Context
from readiness.row import Row, Verdict
from tests.postures import live, settings

POSTURE = settings("exam")
NOW = datetime(2026, 11, 25, 8, 55, tzinfo=UTC)
INSTANCE = {
    "DBInstanceIdentifier": "pythonide-db",
    "DBInstanceStatus": "available",
    "DBInstanceClass": "db.t3.micro",
    "AllocatedStorage": 20,
}


def told(row: Row) -> tuple[Verdict, str]:
    return row.verdict, row.found


def test_the_instance() -> None:
    assert told(database.instance(POSTURE, INSTANCE)) == (Verdict.OK, "pythonide-db available, db.t3.micro")
    stopped = {**INSTANCE, "DBInstanceStatus": "stopped"}
    assert told(database.instance(POSTURE, stopped)) == (Verdict.FAIL, "pythonide-db is stopped")


def test_the_connection() -> None:
    row = database.answers(POSTURE, Told(0.031, 12, 112))
    assert told(row) == (Verdict.OK, "SELECT current_timestamp after 0.03 s")
    row = database.answers(POSTURE, NoAnswerError("the database does not answer (ConnectionTimeout)"))
    assert told(row) == (Verdict.UNKNOWN, "the database does not answer (ConnectionTimeout)")
    assert "EXAM_DATABASE_URL" in row.todo


@pytest.mark.parametrize(
    ("asked", "in_use", "verdict", "found", "todo"),
    [
        (Connections(6, 15, 112), 20, Verdict.OK, "20 of 112 in use; 6 tasks x 15 may open 90", ""),
        (Connections(1, 50, 112), 10, Verdict.OK, "10 of 112 in use; 1 task x 50 may open 50", ""),
        (Connections(6, 50, 112), 20, Verdict.WARN, "20 of 112 in use; 6 tasks x 50 may open 300", "DB_POOL_MAX of 18 would fit"),
        (Connections(6, 15, 100), 90, Verdict.FAIL, "90 of 100 in use; 6 tasks x 15 may open 90", "see who holds them"),
        (Connections(6, 15, None), 20, Verdict.UNKNOWN, "20 in use, not known how many are allowed", "set database.maxConnections"),
        (Connections(6, 15, 112), None, Verdict.UNKNOWN, "not known how many are in use", "set EXAM_DATABASE_URL"),
    ],
)  # fmt: skip
def test_the_connections(asked: Connections, in_use: int | None, verdict: Verdict, found: str, todo: str) -> None:
    row = database.room(POSTURE, (asked, in_use))
    assert row.verdict is verdict
    assert row.found.startswith(found)
    assert row.todo.startswith(todo)


@pytest.mark.parametrize(
    ("free", "verdict", "found"),
    [
        (15 * GIB, Verdict.OK, "15.0 of 20 GiB free (75 %)"),
        (2 * GIB, Verdict.WARN, "2.0 of 20 GiB free (10 %)"),
        (0.5 * GIB, Verdict.FAIL, "0.5 of 20 GiB free (2 %)"),
        (None, Verdict.UNKNOWN, "no datapoint of FreeStorageSpace; 20 GiB in all"),
    ],
)
def test_the_storage(free: float | None, verdict: Verdict, found: str) -> None:
    assert told(database.storage(POSTURE, (INSTANCE, free))) == (verdict, found)


@pytest.mark.parametrize(
    ("percent", "verdict", "found"),
    [
        (0.0, Verdict.OK, "up to 0 % in 10 minutes"),
        (70.0, Verdict.WARN, "up to 70 % in 10 minutes"),
        (95.0, Verdict.FAIL, "up to 95 % in 10 minutes"),
        (None, Verdict.UNKNOWN, "no datapoint of CPUUtilization"),
    ],
)
def test_the_cpu(percent: float | None, verdict: Verdict, found: str) -> None:
    assert told(database.cpu(POSTURE, percent)) == (verdict, found)


class Aws:
    """RDS and CloudWatch: an instance, and values by metric, oldest first; an error is raised."""

    def __init__(self, **metrics: list[float] | Exception) -> None:
        self.metrics, self.asked = metrics, list[dict[str, Any]]()

    def describe_db_instances(self, **asked: Any) -> dict[str, Any]:
        assert asked == {"DBInstanceIdentifier": "pythonide-db"}
        return {"DBInstances": [INSTANCE]}

    def get_metric_statistics(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        values = self.metrics.get(asked["MetricName"], [])
        if isinstance(values, Exception):
            raise values
        (statistic,) = asked["Statistics"]
        points = [{"Timestamp": NOW + timedelta(minutes=n), statistic: value} for n, value in enumerate(values)]
        return {"Datapoints": points[::-1]}  # CloudWatch gives them in any order


def context(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Context:
    one = Context(POSTURE, "exam", settings("idle"), live().access, now=NOW)
    monkeypatch.setattr(one, "client", lambda _: aws)
    one.once("live", live)
    return one


def test_the_newest_datapoint_counts_and_of_the_cpu_the_highest(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = Aws(FreeStorageSpace=[9.0, 7.0, 8.0], CPUUtilization=[10.0, 80.0, 20.0])
    one = context(aws, monkeypatch)
    assert database.read_storage(one) == (INSTANCE, 8.0)
    assert database.read_cpu(one) == 80.0
    assert {q["Namespace"] for q in aws.asked} == {"AWS/RDS"}
    assert aws.asked[0]["Dimensions"] == [{"Name": "DBInstanceIdentifier", "Value": "pythonide-db"}]
    assert (aws.asked[0]["StartTime"], aws.asked[0]["EndTime"]) == (NOW - timedelta(minutes=10), NOW)


REFUSED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetMetricStatistics")


@pytest.mark.parametrize(
    ("metric", "answer", "expected"),
    [
        ([12.0, 14.0], NoAnswerError("no"), (Connections(6, 50, 112), 14)),
        ([12.0, 14.0], Told(0.1, 20, 100), (Connections(6, 50, 100), 20)),
        (REFUSED, Told(0.1, 20, 100), (Connections(6, 50, 100), 20)),
        ([], NoAnswerError("no"), (Connections(6, 50, 112), None)),
    ],
)
def test_who_tells_the_connections(
    metric: list[float] | Exception, answer: Any, expected: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = context(Aws(DatabaseConnections=metric), monkeypatch)
    one.once("database answer", lambda: answer)
    assert database.read_connections(one) == expected


def test_a_refused_metric_of_the_storage_is_the_runners_to_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ClientError):
        database.read_storage(context(Aws(FreeStorageSpace=REFUSED), monkeypatch))
