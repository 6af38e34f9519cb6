"""The sandbox's own metrics, pure and through CloudWatch, and the picture that is drawn from them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from sandbox import moto_gaps, picture, world
from sandbox.load import CPU
from sandbox.load_balancer import Traffic
from sandbox.metrics import DATABASE_CPU, Metrics, Reading, Targets, figures
from tests.postures import settings

TARGETS = Targets(healthy=2, unhealthy=1, vcpus=2, memory=4 * 1024**3)
MB = 1024**2
FIRST = Reading(1000, {"a": 10}, {"a": 100 * MB}, Traffic(50, 1, 0.2), 8, 100, 2**20)
LAST = Reading(1060, {"a": 40, "b": 12}, {"a": 1024 * MB, "b": 512 * MB}, Traffic(80, 1, 0.3), 12, 106, 2**30)
KILOBYTES = 150


def test_what_tasks_use_is_percent_of_their_size() -> None:
    values = figures(FIRST, LAST, TARGETS, 7)
    # 30 s and 12 s of 60 s on 2 vCPU; a value a task, so that their number is the running tasks.
    assert values[CPU] == [25, 10]
    assert values["MemoryUtilization"] == [25, 12.5]


def test_the_rest_is_as_it_is_counted() -> None:
    values = figures(FIRST, LAST, TARGETS, 7)
    assert (values["HealthyHostCount"], values["UnHealthyHostCount"]) == ([2], [1])
    assert (values["RequestCount"], values["TargetResponseTime"]) == ([30], [0.3])
    assert (values["DatabaseConnections"], values["IncomingLogEvents"]) == ([12], [7])
    # 6 s of 60 s on 2 vCPU; a gigabyte of twenty.
    assert (values[DATABASE_CPU], values["FreeStorageSpace"]) == ([5], [19 * 2**30])


def test_what_did_not_happen_is_not_published() -> None:
    quiet = figures(FIRST, replace(LAST, traffic=FIRST.traffic), TARGETS, 0)
    assert not {"HTTPCode_Target_5XX_Count", "TargetResponseTime"} & quiet.keys()
    errors = figures(FIRST, replace(LAST, traffic=Traffic(80, 4, 0.3)), TARGETS, 0)
    assert errors["HTTPCode_Target_5XX_Count"] == [3]


def test_a_load_balancer_that_counts_anew_has_counted_this_period() -> None:
    assert figures(FIRST, replace(LAST, traffic=Traffic(5, 2, 0.3)), TARGETS, 0)["RequestCount"] == [5]


def test_a_period_has_one_datapoint_that_is_put_right(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = {"now": 1_800_000_000.0}
    used = {"a": 0.0}

    def read(now: float, pids: Mapping[str, int], traffic: Traffic, _: str) -> Reading:
        return Reading(now, dict.fromkeys(pids, used["a"]), dict.fromkeys(pids, MB), traffic, 3, 0, 0)

    monkeypatch.setattr("sandbox.metrics.time.time", lambda: clock["now"])
    monkeypatch.setattr("sandbox.metrics._reading", read)
    with mock_aws():
        moto_gaps.fill()
        world.seed()
        metrics = Metrics("")
        for seconds in range(0, 65, 5):
            clock["now"], used["a"] = 1_800_000_000.0 + seconds, seconds / 2
            metrics.look(lambda: {"a": 1}, lambda: Traffic(10, 0, 0.1))
            # Not before it is time again.
            metrics.look(lambda: {"a": 1, "never": 2}, Traffic)
        answer = boto3.client("cloudwatch", region_name=world.REGION).get_metric_statistics(
            Namespace="AWS/ECS",
            MetricName=CPU,
            Dimensions=[
                {"Name": "ClusterName", "Value": world.CLUSTER},
                {"Name": "ServiceName", "Value": world.SERVICE},
            ],
            StartTime=datetime.fromtimestamp(1_800_000_000, UTC),
            EndTime=datetime.fromtimestamp(1_800_000_120, UTC),
            Period=60,
            Statistics=["Average", "SampleCount"],
        )
    points = sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])
    assert [(p["Average"], p["SampleCount"]) for p in points] == [(50, 1), (50, 1)]


def test_percentiles_are_answered() -> None:
    now = datetime(2026, 11, 25, 9, tzinfo=UTC)
    with mock_aws():
        moto_gaps.fill()
        cloudwatch = boto3.client("cloudwatch", region_name=world.REGION)
        data = {"MetricName": "t", "Timestamp": now, "Values": [n / 10 for n in range(1, 101)]}
        cloudwatch.put_metric_data(Namespace="n", MetricData=[data])
        stat = {"Metric": {"Namespace": "n", "MetricName": "t"}, "Period": 60, "Stat": "p95"}
        answer = cloudwatch.get_metric_data(
            MetricDataQueries=[{"Id": "q", "MetricStat": stat}], StartTime=now, EndTime=now + timedelta(minutes=1)
        )
    assert answer["MetricDataResults"][0]["Values"] == [9.5]


def test_the_exam_of_the_picture_scales_out_and_is_the_same_every_time() -> None:
    minutes = list(picture.exam(settings("exam")))
    assert minutes == list(picture.exam(settings("exam")))
    assert len(minutes) == picture.MINUTES
    healthy = [minute.values["healthy-hosts"][0] for minute in minutes]
    assert (healthy[0], healthy[picture.COME], healthy[-1]) == (1, 2, 6)


def test_the_picture_is_drawn_and_small(tmp_path: Path) -> None:
    picture.main(tmp_path / "dashboard.png")
    drawn = (tmp_path / "dashboard.png").read_bytes()
    assert drawn.startswith(b"\x89PNG")
    assert len(drawn) < KILOBYTES * 1000
    assert len(picture.PICTURE.read_bytes()) < KILOBYTES * 1000
