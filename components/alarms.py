"""The alarms, as a table of data."""

from dataclasses import dataclass, field

import pulumi
from pulumi_aws import cloudwatch

from components.figures import cpu_percent
from components.live import Live
from components.settings import Settings


@dataclass(frozen=True)
class Alarm:
    """One alarm: a metric, how its datapoints are summed up, and when it is too much or too little."""

    key: str
    description: str
    namespace: str
    metric: str
    statistic: str
    comparison: str
    threshold: float
    missing: str = "missing"
    dimensions: dict[str, str] = field(default_factory=dict)


def table(settings: Settings, live: Live) -> list[Alarm]:
    """Every alarm of the posture, with thresholds as AWS counts them.

    Metrics: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html,
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html,
    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-metrics.html
    """
    wanted, cpu = settings.alarms, cpu_percent(settings.alarms.cpu, settings.cpu, settings.application)
    above, at_least, below = "GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold"
    ecs, elb, rds = "AWS/ECS", "AWS/ApplicationELB", "AWS/RDS"
    service = {"ClusterName": settings.cluster, "ServiceName": settings.service}
    group = {"TargetGroup": live.target_group_suffix, "LoadBalancer": live.load_balancer}
    database = {"DBInstanceIdentifier": settings.database.instance}
    return [
        Alarm("cpu", f"CPU above {cpu}", ecs, "CPUUtilization", "Average", above, cpu.aws, dimensions=service),
        Alarm(
            "memory",
            f"memory above {wanted.memory:g} %",
            ecs,
            "MemoryUtilization",
            "Average",
            above,
            wanted.memory,
            dimensions=service,
        ),
        Alarm(
            "database-connections",
            f"{wanted.database_connections} or more connections to {settings.database.instance}",
            rds,
            "DatabaseConnections",
            "Maximum",
            at_least,
            wanted.database_connections,
            dimensions=database,
        ),
        Alarm(
            "unhealthy-hosts",
            f"{wanted.unhealthy_hosts} or more unhealthy targets",
            elb,
            "UnHealthyHostCount",
            "Maximum",
            at_least,
            wanted.unhealthy_hosts,
            dimensions=group,
        ),
        Alarm(
            "healthy-hosts",
            f"fewer than {settings.autoscaling.min} healthy targets",
            elb,
            "HealthyHostCount",
            "Minimum",
            below,
            settings.autoscaling.min,
            # No datapoint means no healthy target at all.
            "breaching",
            group,
        ),
        Alarm(
            "server-errors",
            f"{wanted.server_errors} or more HTTP 5xx answers in a period",
            elb,
            "HTTPCode_Target_5XX_Count",
            "Sum",
            at_least,
            wanted.server_errors,
            # Published only when there is an error.
            "notBreaching",
            group,
        ),
        Alarm(
            "response-time",
            f"p95 of the answers slower than {wanted.response_seconds:g} s",
            elb,
            "TargetResponseTime",
            "p95",
            above,
            wanted.response_seconds,
            # Published only when there is a request.
            "notBreaching",
            group,
        ),
    ]


def alarms(
    name: str, settings: Settings, live: Live, topic_arn: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> list[cloudwatch.MetricAlarm]:
    """Declare the table's alarms as `<name>-<key>`; each tells the topic when it goes off and when it is over."""
    return [
        cloudwatch.MetricAlarm(
            f"{name}-{alarm.key}",
            name=f"{name}-{alarm.key}",
            alarm_description=alarm.description,
            namespace=alarm.namespace,
            metric_name=alarm.metric,
            dimensions=alarm.dimensions,
            # AWS takes a percentile in a field of its own.
            statistic=None if alarm.statistic.startswith("p") else alarm.statistic,
            extended_statistic=alarm.statistic if alarm.statistic.startswith("p") else None,
            comparison_operator=alarm.comparison,
            threshold=alarm.threshold,
            period=settings.alarms.period,
            evaluation_periods=settings.alarms.evaluation_periods,
            treat_missing_data=alarm.missing,
            alarm_actions=[topic_arn],
            ok_actions=[topic_arn],
            opts=opts,
        )
        for alarm in table(settings, live)
    ]
