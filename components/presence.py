"""Who is there: the application's sessions, else what the service logs, is asked for, and computes.

CPU and request count do not show a student who thinks or types: each costs 1.7 CPU-ms a minute and no HTTP request.
Sessions do (every WebSocket message updates one), and so do log events (every message is logged).
"""

import json
import os
import queue
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from components import task_definition
from components.figures import cpu_percent
from components.live import Live
from components.settings import Settings

URL_VARIABLE = "EXAM_DATABASE_URL"
# The application writes UTC without a time zone.
SESSIONS = """
    SELECT count(DISTINCT user_id) FROM sessions
    WHERE is_active AND last_activity > (now() AT TIME ZONE 'utc') - make_interval(mins => %s)
"""
# The account that the readiness checklist works with is nobody.
TEST_USER_VARIABLE = "EXAM_TEST_USER"
NOT_TEST_USER = " AND user_id NOT IN (SELECT id FROM users WHERE username = %s)"
# A secret's JSON key, stage and version: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html
SECRET_ARN = re.compile(r"(?P<arn>arn:[^:]+:secretsmanager:[^:]+:\d+:secret:[^:]+)(:(?P<key>[^:]*))?(:.*)?")


class NoAnswerError(Exception):
    """Why a source could not tell; never what it was asked with."""


@dataclass(frozen=True)
class Presence:
    """Whether students are there, what tells so (None: no source could), and which sources could not tell, and why."""

    there: bool
    told: str | None
    unanswered: tuple[str, ...] = ()


def presence(settings: Settings, live: Live) -> Presence:
    """Ask the sources in order, each within its time limit; the first that answers decides."""
    unanswered: list[str] = []
    for name, source in SOURCES.items():
        try:
            there, told = _within(settings.students_guard.timeout, partial(source, settings, live))
        except NoAnswerError as error:
            unanswered.append(f"{name}: {error}")
        else:
            return Presence(there, f"{told} ({name})", tuple(unanswered))
    return Presence(False, None, tuple(unanswered))


def _sessions(settings: Settings, live: Live) -> tuple[bool, str]:
    import psycopg  # noqa: PLC0415 (only an `up` that would end programs asks the database)

    guard = settings.students_guard
    url, test_user = database_url(settings, live), os.environ.get(TEST_USER_VARIABLE)
    query = SESSIONS + NOT_TEST_USER if test_user else SESSIONS
    try:
        with psycopg.connect(url, connect_timeout=guard.timeout, autocommit=True) as connection:
            row = connection.execute(query, [guard.minutes, *([test_user] if test_user else [])]).fetchone()
    except psycopg.Error as error:
        # Its text may repeat the URL.
        raise NoAnswerError(f"the database does not answer ({type(error).__name__})") from None
    count = row[0] if row else 0
    return count >= guard.sessions, f"{count} active students in the last {guard.minutes} minutes"


def database_url(settings: Settings, live: Live) -> str:
    """The database's URL as libpq takes it: from the environment, else the live definition's variable or secret.

    Never to be shown. Raises NoAnswerError when there is none, or the secret may not be read.
    """
    # SQLAlchemy's form names a driver, which libpq does not know.
    return re.sub(r"^(postgres(ql)?)\+\w+:", r"\1:", _given_url(settings, live))


def _given_url(settings: Settings, live: Live) -> str:
    if url := os.environ.get(URL_VARIABLE):
        return url
    if url := task_definition.environment(live.task_definition, settings.container).get("DATABASE_URL"):
        return url
    for secret in _container(settings, live).get("secrets", []):
        if secret["name"] == "DATABASE_URL":
            return _secret(settings, live, secret["valueFrom"])
    raise NoAnswerError(f"no DATABASE_URL in {live.revision}; set {URL_VARIABLE}")


def _container(settings: Settings, live: Live) -> dict[str, Any]:
    return task_definition.container_of(live.task_definition, settings.container)


def _secret(settings: Settings, live: Live, source: str) -> str:
    found = SECRET_ARN.fullmatch(source)
    try:
        if found:
            text = str(
                _client(settings, live, "secretsmanager").get_secret_value(SecretId=found["arn"])["SecretString"]
            )
            return str(json.loads(text)[found["key"]]) if found["key"] else text
        name = source.partition(":parameter")[2] or source
        return str(_client(settings, live, "ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
    except (BotoCoreError, ClientError) as error:
        raise NoAnswerError(f"the secret of DATABASE_URL cannot be read ({_named(error)})") from None
    except (KeyError, ValueError):
        raise NoAnswerError("the secret of DATABASE_URL is not what its valueFrom says") from None


def _log_events(settings: Settings, live: Live) -> tuple[bool, str]:
    options = task_definition.log_options(live.task_definition, settings.container)
    if "awslogs-group" not in options:
        raise NoAnswerError(f"{live.revision} logs to no log group")
    group, guard = options["awslogs-group"], settings.students_guard
    events = sum(_datapoints(settings, live, "AWS/Logs", "IncomingLogEvents", {"LogGroupName": group}, "Sum"))
    threshold = guard.log_events * max(live.desired_count, 1)
    return events >= threshold, f"{events:g} log events in the last {guard.minutes} minutes, {threshold} and more count"


def _requests(settings: Settings, live: Live) -> tuple[bool, str]:
    guard = settings.students_guard
    dimensions = {"TargetGroup": live.target_group_suffix, "LoadBalancer": live.load_balancer}
    requests = sum(_datapoints(settings, live, "AWS/ApplicationELB", "RequestCount", dimensions, "Sum"))
    return (
        requests >= guard.requests,
        f"{requests:g} requests in the last {guard.minutes} minutes, {guard.requests} and more count",
    )


def _cpu(settings: Settings, live: Live) -> tuple[bool, str]:
    dimensions = {"ClusterName": settings.cluster, "ServiceName": settings.service}
    highest = max(_datapoints(settings, live, "AWS/ECS", "CPUUtilization", dimensions, "Average"))
    limit = cpu_percent(settings.students_guard.cpu, int(live.task_definition["cpu"]), settings.application)
    return highest >= limit.aws, f"CPU up to {highest:.1f} % of the task, {limit.aws:g} % and more count"


# Best first: the order is the guard's.
SOURCES: dict[str, Callable[[Settings, Live], tuple[bool, str]]] = {
    "sessions table": _sessions,
    "log events": _log_events,
    "requests": _requests,
    "CPU": _cpu,
}


def _datapoints(
    settings: Settings, live: Live, namespace: str, metric: str, dimensions: dict[str, str], statistic: str
) -> list[float]:
    """The metric's values by the minute over the guard's window. Raises NoAnswerError when there is none."""
    now = datetime.now(UTC)
    try:
        answer = _client(settings, live, "cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=now - timedelta(minutes=settings.students_guard.minutes),
            EndTime=now,
            Period=60,
            Statistics=[statistic],
        )
    except (BotoCoreError, ClientError) as error:
        raise NoAnswerError(_named(error)) from None
    if not answer["Datapoints"]:
        raise NoAnswerError(f"no datapoint of {metric}")
    return [float(point[statistic]) for point in answer["Datapoints"]]


def _named(error: Exception) -> str:
    if isinstance(error, ClientError):
        return f"{error.operation_name}: {error.response['Error']['Code']}"
    return type(error).__name__


def _client(settings: Settings, live: Live, service: str) -> Any:
    limit = settings.students_guard.timeout
    config = Config(connect_timeout=limit, read_timeout=limit, retries={"total_max_attempts": 1})
    return live.access.client(service, config)


def _within(seconds: int, ask: Callable[[], tuple[bool, str]]) -> tuple[bool, str]:
    """What `ask` answers within the time limit; it is left behind when it takes longer."""
    answers: queue.SimpleQueue[tuple[bool, str] | Exception] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put(ask())
        except Exception as error:
            answers.put(error)

    # A daemon: a source that hangs must not keep the program from ending.
    threading.Thread(target=run, daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise NoAnswerError(f"no answer within {seconds} s") from None
    if isinstance(answer, Exception):
        raise answer
    return answer
