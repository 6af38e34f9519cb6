"""What the tasks cost: the minutes of each, from CloudWatch's counts, times Fargate's price for its size.

How many tasks ran in a minute is what AWS documents of a service's utilization metrics: every running task sends
samples, so the statistic SampleCount over a minute counts them ("Service RUNNING task count",
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cloudwatch-metrics.html). It needs no Container Insights,
and it counts tasks that drain or are not healthy yet, which cost as much; a load balancer's HealthyHostCount does not.
A service whose metrics have a resolution of 20 s sends three samples a minute and task. Periods of a minute are kept
for 15 days, shorter ones for 3 hours. Which size and resolution were in force when is told by the service's
deployments (ECS keeps 90 days of them) and their revisions.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from components import figures, metrics
from components.live import STANDARD
from components.settings import Settings
from readiness.context import Context
from readiness.metrics import read as read_series
from readiness.row import Row, ok, unknown

AREA, NAME = "after", "cost"
MINUTE = 60  # seconds
# A deployment that failed left the one before it in force.
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeploymentBrief.html
IN_FORCE = ("SUCCESSFUL", "IN_PROGRESS", "PENDING")
PAGES, REVISIONS = 5, 20  # of 100 deployments; that DescribeServiceRevisions takes


@dataclass(frozen=True)
class Kind:
    """What ran from a moment on: CPU units, MB, and the resolution of the service's metrics in seconds."""

    start: datetime
    cpu: int
    memory: int
    resolution: int


@dataclass(frozen=True)
class Counts:
    """By the minute the samples of CPUUtilization, over `span`; the kinds of task in force, oldest first; idle's cost.

    `idle` is in USD an hour.
    """

    samples: tuple[tuple[datetime, float], ...]
    kinds: tuple[Kind, ...]
    span: timedelta
    idle: float


def read(context: Context, span: timedelta) -> Counts:
    """Count the running tasks of the last `span`, by the minute."""
    metric = replace(metrics.table(context.settings, context.live)["running"], period=MINUTE)
    found = read_series(context.client("cloudwatch"), {metric.key: metric}, context.now, span)
    idle = context.settings if context.stack == "idle" else context.other
    cost = figures.hourly_cost(idle.task_count, idle.cpu, idle.memory)
    return Counts(found[metric.key].points, _kinds(context, context.now - span), span, cost)


def _kinds(context: Context, since: datetime) -> tuple[Kind, ...]:
    """The kinds of task in force since then, that of the last deployment before it first."""
    started = {d["targetServiceRevisionArn"]: d["startedAt"] for d in _deployments(context) if "startedAt" in d}
    before = [start for start in started.values() if start <= since]
    first = max(before, default=since)
    chosen = sorted((arn for arn, start in started.items() if start >= first), key=lambda arn: started[arn])
    ecs = context.client("ecs")
    revisions = [
        revision
        for at in range(0, len(chosen), REVISIONS)
        for revision in ecs.describe_service_revisions(serviceRevisionArns=chosen[at : at + REVISIONS])[
            "serviceRevisions"
        ]
    ]
    sizes = {arn: _size(ecs, arn) for arn in {revision["taskDefinition"] for revision in revisions}}
    kinds = [
        Kind(started[revision["serviceRevisionArn"]], *sizes[revision["taskDefinition"]], resolution(revision))
        for revision in revisions
    ]
    return tuple(sorted(kinds, key=lambda kind: kind.start))


def _deployments(context: Context) -> list[dict[str, Any]]:
    ecs, service = context.client("ecs"), context.live.service
    asked = {"cluster": service["clusterArn"], "service": service["serviceArn"], "status": list(IN_FORCE)}
    found: list[dict[str, Any]] = []
    for _ in range(PAGES):
        answer = ecs.list_service_deployments(**asked)
        found += answer["serviceDeployments"]
        if "nextToken" not in answer:
            break
        asked["nextToken"] = answer["nextToken"]
    # The sandbox does not filter by status.
    return [deployment for deployment in found if deployment["status"] in IN_FORCE]


def _size(ecs: Any, arn: str) -> tuple[int, int]:
    definition = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    return int(definition["cpu"]), int(definition["memory"])


def resolution(revision: dict[str, Any]) -> int:
    """How often tasks of a service revision send their CPU, in seconds."""
    for configuration in revision.get("monitoring", {}).get("metricConfigurations", []):
        if "CPUUtilization" in configuration["metricNames"]:
            return int(configuration["resolutionSeconds"])
    return STANDARD


def cost(_: Settings, found: Counts) -> Row:
    """Task-hours by size, what they cost, and what idle would have cost in that time."""
    if not found.samples:
        return unknown(AREA, NAME, "CloudWatch has no count of running tasks", todo="look at Cost Explorer tomorrow")
    if not found.kinds:
        return unknown(AREA, NAME, "ECS tells of no deployment of the service", todo="look at Cost Explorer tomorrow")
    hours = task_hours(found)
    total = sum(figures.hourly_cost(1, *size) * count for size, count in hours.items())
    above = total - found.idle * found.span / timedelta(hours=1)
    sizes = ", ".join(f"{count:.1f} h of {figures.size(*size)}" for size, count in sorted(hours.items()))
    lines = [f"{total:.2f} USD, {max(above, 0):.2f} more than idle", f"{sum(hours.values()):.1f} task-hours: {sizes}"]
    missing = found.span // timedelta(minutes=1) - len(found.samples)
    # The newest minutes come late.
    if missing > 5:  # noqa: PLR2004
        lines.append(f"{missing} minutes without a count are not in it")
    return ok(AREA, NAME, "\n".join(lines))


def task_hours(found: Counts) -> dict[tuple[int, int], float]:
    """The hours that tasks of each size (CPU units, MB) ran."""
    hours: Counter[tuple[int, int]] = Counter()
    for moment, samples in found.samples:
        kind = next((k for k in reversed(found.kinds) if k.start <= moment), found.kinds[0])
        hours[kind.cpu, kind.memory] += samples * kind.resolution / MINUTE / 60  # type: ignore[assignment]
    return dict(hours)
