"""What CloudWatch says of a span of time, in one call, and how a line of text shows the last hour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from components.metrics import Metric

SPAN = timedelta(hours=1)
# A last datapoint that is older than this is not what is now. The load balancer's come minutes late.
STALE = timedelta(minutes=5)
BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Series:
    """The datapoints of a metric, oldest first: the beginning of the period and the value."""

    metric: Metric
    points: tuple[tuple[datetime, float], ...] = ()

    def newest(self, now: datetime) -> float | None:
        """The newest value; None where there is none of the last minutes."""
        if not self.points or now - self.points[-1][0] > STALE:
            return None
        return self.points[-1][1]


def read(cloudwatch: Any, table: Mapping[str, Metric], end: datetime, span: timedelta = SPAN) -> dict[str, Series]:
    """The series of `table` over the `span` before `end`, by key: one GetMetricData, whose errors it raises."""
    # A whole minute: CloudWatch's periods begin there.
    start = (end - span).replace(second=0, microsecond=0)
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=queries(table), StartTime=start, EndTime=end, ScanBy="TimestampAscending"
    )
    return series(table, answer["MetricDataResults"])


def queries(table: Mapping[str, Metric]) -> list[dict[str, Any]]:
    """The table as GetMetricData takes it."""
    return [
        {
            "Id": _id(key),
            "MetricStat": {
                "Metric": {
                    "Namespace": metric.namespace,
                    "MetricName": metric.name,
                    "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions.items()],
                },
                "Period": metric.period,
                "Stat": metric.statistic,
            },
        }
        for key, metric in table.items()
    ]


def series(table: Mapping[str, Metric], results: Sequence[Mapping[str, Any]]) -> dict[str, Series]:
    """The answer of GetMetricData, by the table's keys; a metric without datapoints has an empty series."""
    found = {
        result["Id"]: tuple(sorted(zip(result["Timestamps"], map(float, result["Values"]), strict=True)))
        for result in results
    }
    return {key: Series(metric, found.get(_id(key), ())) for key, metric in table.items()}


def _id(key: str) -> str:
    return key.replace("-", "_")


def columns(points: Sequence[tuple[datetime, float]], end: datetime, width: int, *, lowest: bool) -> list[float | None]:
    """The hour before `end` in `width` columns, oldest first: of each the highest value, or the lowest.

    None where there is no datapoint.
    """
    values: list[list[float]] = [[] for _ in range(width)]
    for at, value in points:
        column = (at - (end - SPAN)) * width // SPAN
        if 0 <= column < width:
            values[column].append(value)
    worst = min if lowest else max
    return [worst(column) if column else None for column in values]


def sparkline(values: Sequence[float | None], top: float) -> str:
    """One character a value: nothing where there is none, the full bar from `top` on and never below it."""
    return "".join(" " if value is None else _bar(value, top) for value in values)


def _bar(value: float, top: float) -> str:
    if value >= top:
        return BARS[-1]
    return BARS[max(0, int(value / top * (len(BARS) - 1)))]
