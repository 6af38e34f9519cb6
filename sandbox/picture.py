"""docs/dashboard.png: the dashboard's own widgets, drawn from a simulated exam's metrics. `make dashboard` writes it.

The class comes, works, runs everything at once for a while, and goes; the tasks follow by the rules of the sandbox's
autoscaling. The metrics go to the sandbox's CloudWatch and are read back as the console reads them.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import matplotlib as mpl
from moto import mock_aws

from components import alarms, dashboard, figures, metrics
from components.alarms import Alarm
from components.aws import Access
from components.live import read_live
from components.metrics import Metric
from components.settings import Settings
from components.stack_files import read_settings
from readiness.metrics import Series, queries, series
from sandbox import autoscaling, moto_gaps, world
from sandbox.autoscaling import Activity
from sandbox.process import PROJECT
from sandbox.surge import policy

mpl.use("Agg")
from matplotlib import dates, pyplot

PICTURE = PROJECT / "docs" / "dashboard.png"
END = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
MINUTES = 180
# Minutes of the picture: the `up`, the class comes, everybody runs everything, the class goes.
UP, COME, SURGE, GO = 15, 40, range(95, 125), 165
SURGE_VCPU = 1.8  # beside what the class uses
START = 2  # minutes from a new desired count to healthy tasks
BLUE, RED = "#1f77b4", "#d62728"


@dataclass(frozen=True)
class Minute:
    """One minute of the exam: what each metric's values are, by the metric's key."""

    at: datetime
    values: Mapping[str, list[float]]


def exam(settings: Settings) -> Iterator[Minute]:
    """The exam minute by minute, the same every time: students, the tasks that follow them, and what comes of both."""
    chance = random.Random(34)  # noqa: S311 - a picture, not a secret
    rule, size = policy(settings, 60), settings.cpu / figures.CPU_UNITS
    usable = settings.application.vcpus or size
    desired, published, last = [1] * (START + 1), list[float](), Activity()
    for minute in range(MINUTES):
        students, healthy, count = _students(minute, settings.students), desired[-1 - START], desired[-1]
        load = 0.02 + students * figures.VCPU_A_STUDENT * (1 + 0.1 * chance.gauss(0, 1))
        load += SURGE_VCPU if minute in SURGE else 0
        published.append(autoscaling.utilization(load, healthy, size, usable))
        if minute < UP:
            wanted = 1
        else:
            wanted = max(settings.task_count, autoscaling.desired_count(rule, published, count, last, minute * 60))
        if wanted != count:
            last = autoscaling.after(last, count, wanted, minute * 60)
        desired.append(wanted)
        busy = min(load / (healthy * usable), 1)
        values: dict[str, list[float]] = {
            "cpu": [published[-1]] * count,
            "memory": [14 + 1.1 * students / healthy + chance.gauss(0, 0.3)],
            "healthy-hosts": [healthy],
            "unhealthy-hosts": [0],
            "server-errors": [2] if busy == 1 else [],
            "response-time": [0.1 + 0.4 * busy + 3 * busy**8 + 0.02 * chance.random()] if students else [],
            "database-connections": [5 * healthy + students // 3],
            "log-events": [6 * healthy + students * (5 + chance.random())],
        }
        yield Minute(END - timedelta(minutes=MINUTES - minute), values)


def _students(minute: int, students: int) -> int:
    if minute < COME or minute >= GO + 10:
        return 0
    return round(students * min((minute - COME + 1) / 10, 1, (GO + 10 - minute) / 10))


def publish(cloudwatch: Any, table: Mapping[str, Metric], minutes: Iterator[Minute]) -> None:
    """Put the exam into CloudWatch."""
    for minute in minutes:
        for key, values in minute.values.items():
            metric = table[key]
            dimensions = [{"Name": name, "Value": value} for name, value in metric.dimensions.items()]
            if values:
                datum = {"MetricName": metric.name, "Dimensions": dimensions, "Timestamp": minute.at, "Values": values}
                cloudwatch.put_metric_data(Namespace=metric.namespace, MetricData=[datum])


def draw(body: Mapping[str, Any], found: Mapping[str, Series], by_arn: Mapping[str, Alarm], path: Path) -> None:
    """Draw the widgets of a dashboard's `body` where its grid has them."""
    rows = max(widget["y"] for widget in body["widgets"]) // dashboard.HEIGHT + 1
    figure, axes = pyplot.subplots(rows, dashboard.COLUMNS, figsize=(13, 2.6 * rows), squeeze=False)
    by_title = {each.metric.title: each for each in found.values()}
    for widget in body["widgets"]:
        axis = axes[widget["y"] // dashboard.HEIGHT][widget["x"] // dashboard.WIDTH]
        properties = widget["properties"]
        axis.set_title(properties["title"], fontsize=10, loc="left")
        for arn in properties.get("annotations", {}).get("alarms", []):
            alarm = by_arn[arn]
            _line(axis, found[alarm.key], BLUE)
            axis.axhline(alarm.threshold, color=RED, linewidth=1.2)
            axis.annotate(
                alarm.description,
                (0.01, alarm.threshold),
                color=RED,
                fontsize=8,
                va="bottom",
                xycoords=("axes fraction", "data"),
                xytext=(0, 2),
                textcoords="offset points",
            )
        for number, metric in enumerate(properties.get("metrics", [])):
            _line(axis, by_title[metric[-1]["label"]], f"C{number * 2}")
        if len(properties.get("metrics", [])) > 1:
            axis.legend(fontsize=7, loc="upper left")
        # Room for a threshold's words above its line.
        axis.set_ylim(0, 1.12 * max(axis.get_ylim()[1], 1))
        axis.set_xlim(END - timedelta(minutes=MINUTES), END)
        axis.xaxis.set_major_formatter(dates.DateFormatter("%H:%M"))  # type: ignore[no-untyped-call]
        axis.tick_params(labelsize=7)
        axis.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=75, metadata={"Software": None})
    pyplot.close(figure)


def _line(axis: Any, shown: Series, colour: str) -> None:
    times, values = [at for at, _ in shown.points], [value for _, value in shown.points]
    # What happens seldom is dots: a line would claim what is between them.
    seldom = len(values) < MINUTES // 3
    axis.plot(times, values, "." if seldom else "-", color=colour, linewidth=1.3, label=shown.metric.title)


def main(path: Path = PICTURE) -> None:
    """Write the picture."""
    settings = read_settings(PROJECT, "exam")
    with mock_aws():
        moto_gaps.fill()
        world.seed()
        live = read_live(Access(world.REGION), settings)
        table = metrics.table(settings, live)
        cloudwatch = boto3.client("cloudwatch", region_name=world.REGION)
        publish(cloudwatch, table, exam(settings))
        answer = cloudwatch.get_metric_data(
            MetricDataQueries=queries(table), StartTime=END - timedelta(minutes=MINUTES), EndTime=END
        )
    found = series(table, answer["MetricDataResults"])
    arns = {
        a.key: f"arn:aws:cloudwatch:{live.region}:{live.account}:alarm:{a.key}" for a in alarms.table(settings, live)
    }
    by_arn = {arns[alarm.key]: alarm for alarm in alarms.table(settings, live)}
    draw(dashboard.body(table, arns, live.region), found, by_arn, path)


if __name__ == "__main__":
    main()
