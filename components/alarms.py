"""The alarms, as a table of data."""

from dataclasses import dataclass

import pulumi
from pulumi_aws import cloudwatch

from components import metrics
from components.figures import cpu_percent
from components.live import Live
from components.metrics import Metric
from components.settings import Settings


@dataclass(frozen=True)
class Alarm:
    """One alarm: a metric, and when it is too much or too little. `missing` is what no datapoint counts as."""

    metric: Metric
    description: str
    comparison: str
    threshold: float
    missing: str = "missing"

    @property
    def key(self) -> str:
        """Its name without the component's; the metric's key."""
        return self.metric.key


def table(settings: Settings, live: Live) -> list[Alarm]:
    """Every alarm of the posture, with thresholds as AWS counts them."""
    wanted, cpu = settings.alarms, cpu_percent(settings.alarms.cpu, settings.cpu, settings.application)
    above, at_least, below = "GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold"
    of = metrics.table(settings, live)
    return [
        Alarm(of["cpu"], f"CPU above {cpu}", above, cpu.aws),
        Alarm(of["memory"], f"memory above {wanted.memory:g} %", above, wanted.memory),
        Alarm(
            of["database-connections"],
            f"{wanted.database_connections} or more connections to {settings.database.instance}",
            at_least,
            wanted.database_connections,
        ),
        Alarm(
            of["unhealthy-hosts"],
            f"{wanted.unhealthy_hosts} or more unhealthy targets",
            at_least,
            wanted.unhealthy_hosts,
        ),
        Alarm(
            of["healthy-hosts"],
            f"fewer than {settings.autoscaling.min} healthy targets",
            below,
            settings.autoscaling.min,
            # No datapoint means no healthy target at all.
            "breaching",
        ),
        Alarm(
            of["server-errors"],
            f"{wanted.server_errors} or more HTTP 5xx answers in a period",
            at_least,
            wanted.server_errors,
            # Published only when there is an error.
            "notBreaching",
        ),
        Alarm(
            of["response-time"],
            f"p95 of the answers slower than {wanted.response_seconds:g} s",
            above,
            wanted.response_seconds,
            # Published only when there is a request.
            "notBreaching",
        ),
    ]


def alarms(
    name: str, settings: Settings, live: Live, topic_arn: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> dict[str, cloudwatch.MetricAlarm]:
    """Declare the table's alarms, by key, as `<name>-<key>`; each tells the topic when it goes off and is over."""
    return {
        alarm.key: _declared(f"{name}-{alarm.key}", alarm, settings, topic_arn, opts) for alarm in table(settings, live)
    }


def _declared(
    name: str, alarm: Alarm, settings: Settings, topic_arn: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> cloudwatch.MetricAlarm:
    metric = alarm.metric
    percentile = metric.statistic.startswith("p")
    return cloudwatch.MetricAlarm(
        name,
        name=name,
        alarm_description=alarm.description,
        namespace=metric.namespace,
        metric_name=metric.name,
        dimensions=metric.dimensions,
        # AWS takes a percentile in a field of its own.
        statistic=None if percentile else metric.statistic,
        extended_statistic=metric.statistic if percentile else None,
        comparison_operator=alarm.comparison,
        threshold=alarm.threshold,
        period=settings.alarms.period,
        evaluation_periods=settings.alarms.evaluation_periods,
        treat_missing_data=alarm.missing,
        alarm_actions=[topic_arn],
        ok_actions=[topic_arn],
        opts=opts,
    )
