"""The dashboard: the alarms' metrics with their thresholds as lines, the tasks and the log events.

A posture's values are not in it: a threshold is the alarm's own, so both stacks put the same body, and a switch leaves
it alone. Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_aws import cloudwatch

from components import metrics
from components.live import Live
from components.metrics import Metric
from components.settings import Settings

COLUMNS, WIDTH, HEIGHT = 3, 8, 6  # the grid is 24 wide
# Row by row. A widget shows an alarm, or else metrics: one alarm is all that it takes.
ALARMS = (
    "cpu",
    "memory",
    "healthy-hosts",
    "server-errors",
    "response-time",
    "database-connections",
    "unhealthy-hosts",
)
SERIES = {"Tasks": ("running", "healthy-hosts"), "Log events": ("log-events",)}


def body(table: Mapping[str, Metric], alarm_arns: Mapping[str, str], region: str) -> dict[str, Any]:
    """The dashboard of the metrics in `table`, `alarm_arns` by its keys. A series that is not there is left out."""
    shown = [_alarm(table[key], alarm_arns[key]) for key in ALARMS]
    for title, keys in SERIES.items():
        if series := [table[key] for key in keys if key in table]:
            shown.append(_metrics(title, series))
    return {
        "start": "-PT3H",
        # Each widget's own period: the console's choice would count a task several times over.
        "periodOverride": "inherit",
        "widgets": [
            {
                "type": "metric",
                "x": number % COLUMNS * WIDTH,
                "y": number // COLUMNS * HEIGHT,
                "width": WIDTH,
                "height": HEIGHT,
                "properties": {"region": region, "view": "timeSeries", **properties},
            }
            for number, properties in enumerate(shown)
        ],
    }


def _alarm(metric: Metric, arn: str) -> dict[str, Any]:
    return {"title": metric.title, "annotations": {"alarms": [arn]}}


def _metrics(title: str, series: Sequence[Metric]) -> dict[str, Any]:
    return {
        "title": title,
        "metrics": [
            [
                metric.namespace,
                metric.name,
                *(text for pair in metric.dimensions.items() for text in pair),
                {"stat": metric.statistic, "period": metric.period, "label": metric.title},
            ]
            for metric in series
        ],
        "yAxis": {"left": {"min": 0}},
    }


def dashboard(
    name: str,
    settings: Settings,
    live: Live,
    alarms: Mapping[str, cloudwatch.MetricAlarm],
    opts: pulumi.ResourceOptions,
) -> cloudwatch.Dashboard:
    """Declare the dashboard `name` over the declared `alarms`, by key."""
    arns = pulumi.Output.all(**{key: alarm.arn for key, alarm in alarms.items()})
    table = metrics.table(settings, live)
    return cloudwatch.Dashboard(
        f"{name}-dashboard",
        dashboard_name=name,
        dashboard_body=arns.apply(lambda known: json.dumps(body(table, known, live.region), sort_keys=True)),
        opts=opts,
    )


def console(name: str, region: str) -> str:
    """Where the console shows the dashboard."""
    return f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#dashboards/dashboard/{name}"
