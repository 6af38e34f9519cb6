"""What CloudWatch keeps of the service, as a table of data: the alarms, the dashboard and the watch go by it."""

from dataclasses import dataclass

from components import task_definition
from components.live import Live
from components.settings import Settings


@dataclass(frozen=True)
class Metric:
    """One series: the CloudWatch metric, its statistic, its period in seconds, and how to name and count it."""

    key: str
    title: str
    namespace: str
    name: str
    statistic: str
    dimensions: dict[str, str]
    unit: str = ""
    period: int = 60


def table(settings: Settings, live: Live) -> dict[str, Metric]:
    """Every series by its key.

    `log-events` only where the container logs to a log group. Metrics:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html,
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html,
    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-metrics.html,
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
    """
    ecs, elb, rds, logs = "AWS/ECS", "AWS/ApplicationELB", "AWS/RDS", "AWS/Logs"
    service = {"ClusterName": settings.cluster, "ServiceName": settings.service}
    group = {"TargetGroup": live.target_group_suffix, "LoadBalancer": live.load_balancer}
    database = {"DBInstanceIdentifier": settings.database.instance}
    rows = [
        Metric("cpu", "CPU, percent of the task", ecs, "CPUUtilization", "Average", service, "%"),
        Metric("memory", "Memory, percent of the task", ecs, "MemoryUtilization", "Average", service, "%"),
        # Every task sends one datapoint at a time. At 20 s, the finest that there is, none of them is counted twice;
        # a metric that is published every 60 s has one of three such periods filled.
        Metric("running", "Running tasks", ecs, "CPUUtilization", "SampleCount", service, period=20),
        Metric("healthy-hosts", "Healthy targets", elb, "HealthyHostCount", "Minimum", group),
        Metric("unhealthy-hosts", "Unhealthy targets", elb, "UnHealthyHostCount", "Maximum", group),
        Metric("server-errors", "HTTP 5xx answers", elb, "HTTPCode_Target_5XX_Count", "Sum", group),
        Metric("response-time", "p95 of the response time", elb, "TargetResponseTime", "p95", group, "s"),
        Metric("database-connections", "Database connections", rds, "DatabaseConnections", "Maximum", database),
    ]
    if log_group := task_definition.log_options(live.task_definition, settings.container).get("awslogs-group"):
        rows.append(Metric("log-events", "Log events", logs, "IncomingLogEvents", "Sum", {"LogGroupName": log_group}))
    return {metric.key: metric for metric in rows}
