"""Whether there is room for as many tasks as autoscaling may want."""

import math
from dataclasses import dataclass
from typing import Any

from components import figures
from components.settings import Settings
from readiness.check import Check
from readiness.checks.ecs import read_tasks
from readiness.checks.efs import subnets_of
from readiness.checks.network import described_subnets
from readiness.context import Context
from readiness.row import Row, fail, ok, warn

AREA = "limits"
# "Fargate On-Demand vCPU resource count": https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
SERVICE, QUOTA = "fargate", "L-3032A538"


@dataclass(frozen=True)
class Room:
    """vCPU that the account may run on Fargate, and that other tasks of the cluster use of it."""

    quota: float
    others: float


def read_room(context: Context) -> Room:
    """Ask for the quota, and for the cluster's tasks that are not the service's."""
    ecs, cluster = context.client("ecs"), context.settings.cluster
    quota = context.client("service-quotas").get_service_quota(ServiceCode=SERVICE, QuotaCode=QUOTA)["Quota"]["Value"]
    own = {task["taskArn"] for task in read_tasks(context)}
    arns = [arn for arn in ecs.list_tasks(cluster=cluster)["taskArns"] if arn not in own]
    tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
    return Room(float(quota), sum(int(task["cpu"]) for task in tasks) / figures.CPU_UNITS)


def quota(settings: Settings, room: Room) -> Row:
    """The quota covers autoscaling's maximum beside the cluster's other tasks."""
    name, most = "Fargate vCPU", settings.autoscaling.max
    need = most * settings.cpu / figures.CPU_UNITS
    wanted = f"{figures.tasks(most)} x {settings.cpu / figures.CPU_UNITS:g} vCPU = {need:g}"
    found = f"quota {room.quota:g}, other tasks use {room.others:g}"
    if need + room.others > room.quota:
        todo = f"ask for more: aws service-quotas request-service-quota-increase ({QUOTA}); it takes hours to days"
        return fail(AREA, name, found, wanted, todo)
    return ok(AREA, name, f"{need:g} of {found}", wanted)


def read_subnets(context: Context) -> list[dict[str, Any]]:
    """The service's subnets."""
    return described_subnets(context, subnets_of(context.live))


def addresses(settings: Settings, subnets: list[dict[str, Any]]) -> Row:
    """The subnets have an address for each task of autoscaling's maximum: a rollout starts that many anew."""
    name, most = "free addresses", settings.autoscaling.max
    free = {subnet["SubnetId"]: int(subnet["AvailableIpAddressCount"]) for subnet in subnets}
    found = f"{sum(free.values())} in {len(free)} subnets"
    todo = "give the service a larger subnet, or find what uses the addresses"
    if sum(free.values()) < most:
        return fail(AREA, name, found, str(most), todo)
    if short := [subnet for subnet, count in free.items() if count < math.ceil(most / len(free))]:
        return warn(AREA, name, f"{found}, few in {', '.join(short)}", f"{most}, evenly", todo)
    return ok(AREA, name, found, str(most))


CHECKS = (
    Check(AREA, "Fargate vCPU", read_room, quota),
    Check(AREA, "free addresses", read_subnets, addresses),
)
