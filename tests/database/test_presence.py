"""Who is there: each source, its time limit, and the order in which they are asked."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from components import presence
from components.live import Live
from tests.postures import DEFINITION, SECRET, live, settings

POSTURE = settings("exam", studentsGuard=settings("exam").students_guard.model_dump(by_alias=True) | {"timeout": 1})
GROUP = {"logDriver": "awslogs", "options": {"awslogs-group": "/aws/ecs/pythonide-exam"}}


@pytest.fixture(autouse=True)
def no_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(presence.URL_VARIABLE, raising=False)


def world(environment: dict[str, str] | None = None, **container: Any) -> Live:
    variables = [{"name": name, "value": value} for name, value in (environment or {}).items()]
    own = {**DEFINITION["containerDefinitions"][0], "environment": variables, **container}
    return live(task_definition={**DEFINITION, "containerDefinitions": [own]})


class CloudWatch:
    """Datapoints by metric; what is not there has none, what is an error is raised."""

    def __init__(self, **metrics: list[float] | Exception) -> None:
        self.metrics, self.asked = metrics, list[dict[str, Any]]()

    def get_metric_statistics(self, **query: Any) -> dict[str, Any]:
        self.asked.append(query)
        values = self.metrics.get(query["MetricName"], [])
        if isinstance(values, Exception):
            raise values
        return {"Datapoints": [{query["Statistics"][0]: value} for value in values]}


def fake(monkeypatch: pytest.MonkeyPatch, client: Any) -> None:
    monkeypatch.setattr(presence, "_client", lambda *_: client)


def sign_in(url: str, ages: list[str], *, active: bool = True) -> None:
    """Sessions whose last activity was so long ago, each of a student of its own."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("TRUNCATE sessions, users RESTART IDENTITY")
        for number, age in enumerate(ages):
            connection.execute("INSERT INTO users (username) VALUES (%s)", [f"student{number}"])
            connection.execute(
                "INSERT INTO sessions (user_id, token, is_active, last_activity) "
                "VALUES (%s, %s, %s, (now() AT TIME ZONE 'utc') - %s::interval)",
                [number + 1, f"token{number}", active, age],
            )


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_active_sessions_are_students(database: str, zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGTZ", zone)
    sign_in(database, ["1 second", "9 minutes", "11 minutes", "3 hours"])
    who = presence.presence(POSTURE, world({"DATABASE_URL": database}))
    assert who == presence.Presence(True, "2 active students in the last 10 minutes (sessions table)")


def test_ended_sessions_are_nobody(database: str) -> None:
    sign_in(database, ["1 second"], active=False)
    who = presence.presence(POSTURE, world({"DATABASE_URL": database}))
    assert who == presence.Presence(False, "0 active students in the last 10 minutes (sessions table)")


def test_the_url_of_the_environment_comes_first(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(database, ["1 second"])
    monkeypatch.setenv(presence.URL_VARIABLE, database.replace("postgresql:", "postgresql+psycopg:"))
    assert presence.presence(POSTURE, world({"DATABASE_URL": "postgresql://nowhere.invalid/x"})).there


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("arn:aws:secretsmanager:us-east-2:123456789012:secret:exam-AbCdEf", "URL"),
        ("arn:aws:secretsmanager:us-east-2:123456789012:secret:exam-AbCdEf:url::", '{"url": "URL"}'),
        ("arn:aws:ssm:us-east-2:123456789012:parameter/exam/url", "URL"),
        ("/exam/url", "URL"),
    ],
)
def test_the_url_may_be_a_secret(database: str, source: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Store:
        def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803 (AWS's own name)
            assert SecretId == "arn:aws:secretsmanager:us-east-2:123456789012:secret:exam-AbCdEf"
            return {"SecretString": text.replace("URL", database)}

        def get_parameter(self, Name: str, WithDecryption: bool) -> dict[str, dict[str, str]]:  # noqa: N803
            assert (Name, WithDecryption) == ("/exam/url", True)
            return {"Parameter": {"Value": text.replace("URL", database)}}

    fake(monkeypatch, Store())
    sign_in(database, ["1 second"])
    assert presence.presence(POSTURE, world(secrets=[{"name": "DATABASE_URL", "valueFrom": source}])).there


@pytest.fixture
def silent() -> Iterator[str]:
    """A database that takes the connection and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"postgresql://exam:{SECRET}@127.0.0.1:{server.getsockname()[1]}/pythonide_exam"


def test_a_database_that_does_not_answer_gives_way_within_its_time_limit(
    silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(monkeypatch, CloudWatch(IncomingLogEvents=[60.0, 70.0]))
    started = time.monotonic()
    who = presence.presence(POSTURE, world({"DATABASE_URL": silent}, logConfiguration=GROUP))
    assert time.monotonic() - started < 10  # one time limit and the other sources, not the database's own minutes
    assert who.there
    assert who.told == "130 log events in the last 10 minutes, 100 and more count (log events)"
    assert len(who.unanswered) == 1
    assert SECRET not in repr(who)


@pytest.mark.parametrize(
    "url", [f"postgresql://exam:{SECRET}@127.0.0.1:1/x", f"not a url {SECRET}", f"mysql://{SECRET}"]
)
def test_a_url_that_leads_nowhere_is_not_repeated(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, CloudWatch())
    who = presence.presence(POSTURE, world({"DATABASE_URL": url}))
    assert who.unanswered[0].startswith("sessions table: the database does not answer (")
    assert SECRET not in repr(who)


NO_ENTRY = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetMetricStatistics")


@pytest.mark.parametrize(
    ("metrics", "there", "told", "unanswered"),
    [
        ({"IncomingLogEvents": [99.0]}, False, "99 log events in the last 10 minutes, 100 and more count (log events)", 1),
        ({"RequestCount": [15.0, 5.0]}, True, "20 requests in the last 10 minutes, 20 and more count (requests)", 2),
        ({"CPUUtilization": [2.0, 10.5]}, True, "CPU up to 10.5 % of the task, 10 % and more count (CPU)", 3),
        ({"CPUUtilization": [2.0]}, False, "CPU up to 2.0 % of the task, 10 % and more count (CPU)", 3),
        ({"IncomingLogEvents": NO_ENTRY, "RequestCount": [1.0]}, False, "1 requests in the last 10 minutes, 20 and more count (requests)", 2),
        ({"IncomingLogEvents": ConnectTimeoutError(endpoint_url="x"), "CPUUtilization": [1.0]}, False, "CPU up to 1.0 % of the task, 10 % and more count (CPU)", 3),
        ({}, False, None, 4),
    ],
)  # fmt: skip
def test_the_first_source_that_answers_decides(
    metrics: dict[str, Any],
    there: bool,
    told: str | None,
    unanswered: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake(monkeypatch, CloudWatch(**metrics))
    who = presence.presence(POSTURE, world(logConfiguration=GROUP))
    assert (who.there, who.told, len(who.unanswered)) == (there, told, unanswered)
    assert who.unanswered[0] == "sessions table: no DATABASE_URL in pythonide-exam-task:7; set EXAM_DATABASE_URL"


def test_a_refused_metric_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, CloudWatch(IncomingLogEvents=NO_ENTRY))
    who = presence.presence(POSTURE, world(logConfiguration=GROUP))
    assert "log events: GetMetricStatistics: AccessDenied" in who.unanswered


def test_health_checks_alone_do_not_count_however_many_tasks_run(monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, CloudWatch(IncomingLogEvents=[360.0]))
    six = live(
        task_definition=world(logConfiguration=GROUP).task_definition, service={**live().service, "desiredCount": 6}
    )
    assert not presence.presence(POSTURE, six).there


def test_what_cloudwatch_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    cloudwatch = CloudWatch()
    fake(monkeypatch, cloudwatch)
    presence.presence(POSTURE, world(logConfiguration=GROUP))
    asked = {
        (q["Namespace"], q["MetricName"]): {d["Name"]: d["Value"] for d in q["Dimensions"]} for q in cloudwatch.asked
    }
    assert asked == {
        ("AWS/Logs", "IncomingLogEvents"): {"LogGroupName": "/aws/ecs/pythonide-exam"},
        ("AWS/ApplicationELB", "RequestCount"): {
            "TargetGroup": "targetgroup/pythonide-exam-tg/6de063e219368e1f",
            "LoadBalancer": "app/pythonide-alb/50dc6c495c0c9188",
        },
        ("AWS/ECS", "CPUUtilization"): {
            "ClusterName": "pythonide-cluster",
            "ServiceName": "pythonide-exam-task-service",
        },
    }
