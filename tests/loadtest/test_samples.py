"""What is sampled from AWS: what it answers goes where it belongs, and what it refuses is said once."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from components import metrics
from loadtest.record import Sample
from loadtest.samples import Sampler, filled, posture
from readiness.context import Context
from readiness.metrics import Series
from tests.postures import live, settings

BEGAN = datetime(2026, 11, 25, 5, 0, 0, tzinfo=UTC)
TABLE = metrics.table(settings("exam"), live())


class Aws:
    """The clients of AWS in one: what each call answers, a function of the sampler's start, or the error."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def __getattr__(self, name: str) -> Any:
        return lambda **_: self._answer(name)

    def _answer(self, name: str) -> Any:
        if isinstance(self.answers[name], Exception):
            raise self.answers[name]
        return self.answers[name]


def service(**changes: Any) -> dict[str, Any]:
    return {"services": [{"desiredCount": 3, "runningCount": 2, "events": [], **changes}]}


def context(**answers: Any) -> Context:
    known: dict[str, Any] = {
        "describe_services": service(),
        "describe_target_health": {"TargetHealthDescriptions": [{"TargetHealth": {"State": s}} for s in STATES]},
        "describe_scaling_activities": {"ScalingActivities": []},
        "get_metric_data": {"MetricDataResults": []},
    }
    found = Context(settings("exam"), "exam", settings("idle"), live().access)
    client = Aws(**{**known, **answers})
    found.once("live", live)
    for name in ("ecs", "elbv2", "application-autoscaling", "cloudwatch"):
        found.once(f"client {name}", lambda: client)
    return found


STATES = ("healthy", "draining", "healthy", "initial")


def sampled(**answers: Any) -> Sampler:
    """A sampler after one look, of a run that started ten seconds ago."""
    sampler = Sampler(context(**answers), time.monotonic() - 10, every=60)
    with sampler:
        limit = time.monotonic() + 5
        while not (sampler.samples or sampler.notes) and time.monotonic() < limit:
            time.sleep(0.01)
    return sampler


def test_counts() -> None:
    (sample,) = sampled().samples
    assert (sample.desired, sample.running, sample.healthy) == (3, 2, 2)
    assert 10 <= sample.at < 12


def test_events_since_the_start_and_scaling_activities_are_told_once_and_in_order() -> None:
    now = datetime.now(UTC)
    events = [
        {"id": "2", "createdAt": now - timedelta(seconds=4), "message": f"(service {settings('exam').service}) later"},
        {"id": "1", "createdAt": now - timedelta(seconds=6), "message": "earlier"},
        {"id": "0", "createdAt": now - timedelta(minutes=6), "message": "long ago"},
    ]
    activity = {
        "ActivityId": "a",
        "StartTime": now - timedelta(seconds=1),
        "Description": "Setting desired count to 3.",
    }
    sampler = Sampler(
        context(
            describe_services=service(events=events), describe_scaling_activities={"ScalingActivities": [activity]}
        ),
        time.monotonic() - 10,
        every=0.01,
    )
    with sampler:
        time.sleep(0.1)
    assert len(sampler.samples) > 1
    assert [activity.text for activity in sampler.activities] == [
        "earlier",
        "later",
        "autoscaling: Setting desired count to 3.",
    ]
    assert sampler.activities[0].at == pytest.approx(4, abs=0.5)


def test_metrics_are_filled_in_at_the_end_and_usable_is_worked_out() -> None:
    minute = datetime.now(UTC).replace(second=0, microsecond=0)
    points = {"cpu": 30.0, "memory": 12.5, "database_connections": 21.0, "server_errors": 2.0}
    results = [
        {
            "Id": key,
            "Timestamps": [minute - timedelta(minutes=1), minute, minute + timedelta(minutes=1)],
            "Values": [v] * 3,
        }
        for key, v in points.items()
    ]
    (sample,) = sampled(get_metric_data={"MetricDataResults": results}).samples
    # The live task has 1 vCPU, all of which is usable.
    assert (sample.cpu_task, sample.cpu_usable, sample.memory) == (30, 30, 12.5)
    assert (sample.connections, sample.errors_5xx) == (21, 2)


def test_a_count_belongs_to_one_sample_of_its_period_and_a_level_to_all() -> None:
    kept = {key: Series(TABLE[key]) for key in ("cpu", "memory", "database-connections")}
    kept["server-errors"] = Series(TABLE["server-errors"], ((BEGAN, 4.0),))
    kept["cpu"] = Series(TABLE["cpu"], ((BEGAN, 50.0),))
    first = filled(Sample(5), None, kept, BEGAN)
    second = filled(Sample(10), Sample(5), kept, BEGAN)
    beyond = filled(Sample(60), Sample(10), kept, BEGAN)
    assert (first.errors_5xx, second.errors_5xx, beyond.errors_5xx) == (4, None, None)
    assert (first.cpu_task, second.cpu_task, beyond.cpu_task) == (50, 50, None)


def test_what_is_refused_is_said_once_and_the_rest_goes_on() -> None:
    denied = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "secret"}}, "DescribeScalingActivities")
    sampler = Sampler(context(describe_scaling_activities=denied), time.monotonic(), every=0.01)
    with sampler:
        time.sleep(0.1)
    assert sampler.notes == ["not sampled: DescribeScalingActivities: AccessDeniedException"]
    assert len(sampler.samples) > 1


def test_the_facts_of_a_posture() -> None:
    found = context()
    assert posture(found) == {"tasks": 1, "cpu": 1024, "memory": 2048, "min": 1, "max": 1, "usd_per_hour": 0.0494}
