"""The ECS scheduler that moto lacks: it runs the rules of rules.py on the services of the sandbox."""

import ipaddress
import os
import random
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ecs.models import ecs_backends
from moto.elbv2.models import elbv2_backends

from sandbox.ecs import rules
from sandbox.ecs.rules import EXITED, Phase, Task
from sandbox.ecs.state import Ecs, LiveService, ecs_of, fargate, lock

TICK = 0.05  # seconds between two looks of the scheduler
KEPT_STOPPED_TASKS = 50
# How much faster than AWS's the sandbox's time is.
SPEED = float(os.environ.get("SANDBOX_SPEED", "300"))
# What a task takes to start, then to become healthy, in seconds of AWS's time: 1 s each at the default speed.
START_SECONDS = HEALTH_SECONDS = float(os.environ.get("SANDBOX_START_SECONDS", "300"))


def run(stop: threading.Event, also: Callable[[float], None]) -> None:
    """Ticks for every account and region until `stop` is set; `also` is told the time, under the lock, before each."""
    while not stop.wait(TICK):
        with lock:
            also(time.time())
            for regions in list(ecs_backends.values()):
                for backend in list(regions.values()):
                    _tick(ecs_of(backend), time.time())


def settle(ecs: Ecs, since: float) -> None:
    """Has every service run, in its steady state, since a time."""
    running = since + START_SECONDS / SPEED
    for moment in (since, running, running + HEALTH_SECONDS / SPEED):
        _tick(ecs, moment)


def pace(ecs: Ecs, live: LiveService) -> rules.Pace:
    """The pace of a service's tasks; the deregistration delay is read when a task begins to drain."""

    def drain() -> float:
        groups = elbv2_backends[ecs.account][ecs.region].target_groups
        attributes = [groups[arn].attributes for arn in live.target_group_arns if arn in groups]
        # moto has a number there at first, later the text that ModifyTargetGroupAttributes was given.
        return max((float(str(a["deregistration_delay.timeout_seconds"])) / SPEED for a in attributes), default=0)

    return rules.Pace(START_SECONDS / SPEED, HEALTH_SECONDS / SPEED, drain, fargate.answers)


def _tick(ecs: Ecs, now: float) -> None:
    for live in ecs.services.values():
        rules.advance(live.state, now, pace(ecs, live))
        for _ in range(rules.missing_tasks(live.state)):
            _start_task(ecs, live, now)
        stopped = [t for t in live.state.tasks if t.phase is Phase.STOPPED]
        for task in stopped[:-KEPT_STOPPED_TASKS]:
            live.state.tasks.remove(task)


def _start_task(ecs: Ecs, live: LiveService, now: float) -> None:
    deployment = live.state.primary
    definition = ecs.task_definitions.find(deployment.revision["taskDefinition"]).definition
    network = deployment.revision.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    subnet = random.choice(network.get("subnets") or [""])  # noqa: S311 - a placement, not a secret
    task = Task(
        id=uuid.uuid4().hex,
        deployment_id=deployment.id,
        task_definition=definition["taskDefinitionArn"],
        subnet=subnet,
        ip=free_address(ecs, subnet),
        failure=_failure(definition, live),
        created=now,
        until=now + pace(ecs, live).start,
    )
    live.state.tasks.append(task)
    live.state.tell(now, f"has started 1 tasks: (task {task.id}).")


def free_address(ecs: Ecs, subnet: str) -> str:
    """An address of a subnet that no task has."""
    cidr = ec2_backends[ecs.account][ecs.region].get_subnet(subnet).cidr_block if subnet else "10.255.0.0/24"
    taken = {t.ip for live in ecs.services.values() for t in live.state.tasks if t.phase is not Phase.STOPPED}
    taken |= {t.ip for t in ecs.one_offs if t.status != "STOPPED"}
    # AWS keeps the first addresses of a subnet for itself.
    return next(ip for host in list(ipaddress.ip_network(cidr).hosts())[3:] if (ip := str(host)) not in taken)


def _failure(definition: dict[str, Any], live: LiveService) -> str | None:
    """Why a task never becomes healthy: an image whose tag or digest contains "broken", and how AWS finds out."""
    for container in definition["containerDefinitions"]:
        _, _, tag_or_digest = container["image"].rsplit("/", 1)[-1].replace("@", ":").partition(":")
        if "broken" in tag_or_digest:
            if "healthCheck" in container:
                return "Task failed container health checks"
            for arn in live.target_group_arns:
                return f"Task failed ELB health checks in (target-group {arn})"
            return EXITED
    return None
