"""The last hour's figures: what CloudWatch is asked, and how a line of text shows the answer."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from components import metrics
from readiness.metrics import BARS, Series, columns, queries, read, series, sparkline
from tests.postures import live, settings

NOW = datetime(2026, 11, 25, 9, 0, 30, tzinfo=UTC)
TABLE = metrics.table(settings("exam"), live())


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


class CloudWatch:
    """Answers one call, the newest datapoint first."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def get_metric_data(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        points = {"Timestamps": [ago(1), ago(2)], "Values": [41, 39.5]}
        return {"MetricDataResults": [{"Id": "cpu", **points}, {"Id": "memory", "Timestamps": [], "Values": []}]}


def test_one_call_asks_for_every_series() -> None:
    cloudwatch = CloudWatch()
    found = read(cloudwatch, TABLE, NOW)
    (asked,) = cloudwatch.asked
    assert len(asked["MetricDataQueries"]) == len(TABLE) == len(found)
    # Periods begin at whole minutes.
    assert asked["StartTime"] == datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
    assert asked["EndTime"] == NOW
    assert found["cpu"].points == ((ago(2), 39.5), (ago(1), 41.0))
    assert found["memory"].points == found["response-time"].points == ()


def test_a_query_is_the_metric_of_the_table() -> None:
    query = next(q for q in queries(TABLE) if q["Id"] == "response_time")
    metric = TABLE["response-time"]
    assert query["MetricStat"] == {
        "Metric": {
            "Namespace": "AWS/ApplicationELB",
            "MetricName": "TargetResponseTime",
            "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions.items()],
        },
        "Period": 60,
        "Stat": "p95",
    }


def test_ids_are_what_aws_takes() -> None:
    ids = [query["Id"] for query in queries(TABLE)]
    assert len(set(ids)) == len(ids)
    assert all(i[0].islower() and i.replace("_", "").isalnum() for i in ids)


def test_an_unknown_result_is_nobodys() -> None:
    found = series({"cpu": TABLE["cpu"]}, [{"Id": "other", "Timestamps": [ago(1)], "Values": [1]}])
    assert found == {"cpu": Series(TABLE["cpu"])}


@pytest.mark.parametrize(("minutes", "newest"), [(1, 41.0), (4.9, 41.0), (6, None)])
def test_an_old_datapoint_is_not_what_is_now(minutes: float, newest: float | None) -> None:
    assert Series(TABLE["cpu"], ((ago(30), 5.0), (ago(minutes), 41.0))).newest(NOW) == newest


def test_no_datapoint_is_no_value() -> None:
    assert Series(TABLE["cpu"]).newest(NOW) is None


def test_columns_hold_the_worst_of_their_time() -> None:
    points = [(ago(59), 1.0), (ago(58), 3.0), (ago(31), 2.0), (ago(1), 7.0), (ago(0), 9.0), (ago(70), 99.0)]
    assert columns(points, NOW, 4, lowest=False) == [3.0, 2.0, None, 7.0]
    assert columns(points, NOW, 4, lowest=True) == [1.0, 2.0, None, 7.0]


def test_a_bar_is_full_from_the_top_on_and_never_below_it() -> None:
    assert sparkline([0, 39.9, 40, 80, None], 40) == f"{BARS[0]}{BARS[6]}{BARS[7]}{BARS[7]} "
    bars = sparkline([value / 10 for value in range(400)], 40)
    assert BARS[7] not in bars
    assert list(bars) == sorted(bars)
