"""The rules of the ECS scheduler, without a clock, a lock or an AWS API: what becomes of a service as time passes.

Everything here changes the dataclasses that it is given and nothing else. Times are seconds since the epoch.

Sources: "Service definition parameters" (minimum and maximum percent) and "How the Amazon ECS deployment circuit
breaker detects failures" in the Amazon ECS developer guide. Reasons and events are worded as AWS words them.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any


class Phase(Enum):
    """Where a task is in its life, as the scheduler and the load balancer see it."""

    PENDING = auto()
    INITIAL = auto()  # runs and is registered; its first health checks are under way
    HEALTHY = auto()
    DRAINING = auto()  # deregistered, and stopped only when the deregistration delay is over
    STOPPED = auto()


EXITED = "Essential container in task exited"  # why a task stopped whose container ended by itself
ACTIVE = (Phase.PENDING, Phase.INITIAL, Phase.HEALTHY)
# AWS counts a task as running until it has stopped, which is after it has drained.
RUNNING = (Phase.INITIAL, Phase.HEALTHY, Phase.DRAINING)


@dataclass
class Task:
    """One task of a service.

    `until` is when its phase ends (None: nothing ends it by itself), `failure` why its health checks fail (None: they
    pass).
    """

    id: str
    deployment_id: str
    task_definition: str
    subnet: str
    ip: str
    failure: str | None
    created: float
    until: float | None
    phase: Phase = Phase.PENDING
    started: float | None = None
    stopped: float | None = None
    stopped_reason: str = ""


@dataclass
class Deployment:
    """One deployment. `revision` is what it deploys: the service's fields, `taskDefinition` among them."""

    id: str
    revision: dict[str, Any]
    created: float
    updated: float
    rollout_state: str = "IN_PROGRESS"
    reason: str = ""
    failed_tasks: int = 0
    rolled_back_to: str | None = None


@dataclass
class Service:
    """A service's state.

    `deployments` is what DescribeServices lists: PRIMARY first, then those that still have tasks. `history` is every
    deployment, oldest first. `events` (time, message) are newest first.
    """

    name: str
    desired_count: int
    deployments: list[Deployment] = field(default_factory=list)
    minimum_percent: int = 100
    maximum_percent: int = 200
    circuit_breaker: bool = False
    rollback: bool = False
    tasks: list[Task] = field(default_factory=list)
    history: list[Deployment] = field(default_factory=list)
    events: list[tuple[float, str]] = field(default_factory=list)

    @property
    def primary(self) -> Deployment:
        """The deployment that the service is moving to, or has reached."""
        return self.deployments[0]

    def count(self, phases: tuple[Phase, ...], deployment: Deployment | None = None) -> int:
        """How many tasks, of one deployment or of all, are in one of the phases."""
        return sum(t.phase in phases and (deployment is None or t.deployment_id == deployment.id) for t in self.tasks)

    def deployment_of(self, task: Task) -> Deployment:
        """The deployment that started a task."""
        return next(d for d in self.history if d.id == task.deployment_id)

    def tell(self, now: float, message: str) -> None:
        """Adds a service event."""
        self.events.insert(0, (now, f"(service {self.name}) {message}"))


@dataclass(frozen=True)
class Pace:
    """Seconds that a task takes to start, then at least to become healthy, and to drain.

    `drain` is asked when a task begins to drain; `answers` says whether a task's process answers health checks by now.
    """

    start: float
    health: float
    drain: Callable[[], float]
    answers: Callable[[Task], bool] = lambda _: True


def deploy(service: Service, deployment: Deployment) -> None:
    """Makes a new deployment the PRIMARY one."""
    deployment.reason = f"ECS deployment {deployment.id} in progress."
    service.history.append(deployment)
    service.deployments.insert(0, deployment)


def advance(service: Service, now: float, pace: Pace) -> None:
    """Lets time pass up to `now`: tasks start, become healthy, fail, drain and stop; deployments complete or fail."""
    for task in service.tasks:
        if task.until is not None and now >= task.until:
            _enter_next_phase(service, task, now, pace)
    _break_circuit(service, now)
    for task in surplus_tasks(service):
        begin_to_stop(service, task, now, pace, f"Scaling activity initiated by (deployment {service.primary.id})")
    primary = service.primary
    # It takes AWS a while to find a service steady, also one that was rolled back and has lost no task.
    if primary.rollout_state == "IN_PROGRESS" and _settled(service) and now >= primary.updated + pace.health:
        _complete(service, now)
    service.deployments = [d for d in service.deployments if d is primary or _is_listed(service, d)]


def begin_to_stop(service: Service, task: Task, now: float, pace: Pace, reason: str) -> None:
    """Stops a task for a reason: one that is registered with the load balancer serves on until it has drained."""
    task.stopped_reason = reason
    if task.phase is Phase.PENDING:
        _stop(task, now)
    else:
        task.phase, task.until = Phase.DRAINING, now + pace.drain()
        service.tell(now, "has begun draining connections on 1 tasks.")


def fail(task: Task, now: float, reason: str) -> None:
    """Has a task that runs stop, and count as failed, when time passes next; one that drains just stops."""
    task.failure, task.until = reason, now


def missing_tasks(service: Service) -> int:
    """How many tasks the primary deployment may start now, within the maximum percent of the desired count."""
    if service.primary.rollout_state == "FAILED":
        return 0
    maximum = service.desired_count * service.maximum_percent // 100
    wanted = service.desired_count - service.count(ACTIVE, service.primary)
    return max(0, min(wanted, maximum - service.count(ACTIVE)))


def surplus_tasks(service: Service) -> list[Task]:
    """The tasks to stop now: beyond the desired count, or of an older deployment.

    Of an older deployment a task that is not healthy goes at once, a healthy one as soon as the minimum percent of the
    desired count is healthy without it.
    """
    active = [t for t in service.tasks if t.phase in ACTIVE]
    active.sort(key=lambda t: (t.phase is not Phase.HEALTHY, t.created))
    mine = [t for t in active if t.deployment_id == service.primary.id]
    old = [t for t in active if t.deployment_id != service.primary.id]
    kept, beyond = mine[: service.desired_count], mine[service.desired_count :]
    old_healthy = [t for t in old if t.phase is Phase.HEALTHY]
    minimum = math.ceil(service.desired_count * service.minimum_percent / 100)
    still_needed = max(0, minimum - sum(t.phase is Phase.HEALTHY for t in kept))
    return [*beyond, *(t for t in old if t.phase is not Phase.HEALTHY), *old_healthy[still_needed:]]


def steady(service: Service) -> bool:
    """Whether nothing is left to do: one deployment, completed, every task healthy, none draining."""
    return len(service.deployments) == 1 and service.primary.rollout_state == "COMPLETED" and _settled(service)


def failure_threshold(desired_count: int) -> int:
    """After how many failed tasks the circuit breaker acts: half the desired count, at least 3, at most 200."""
    return min(max(math.ceil(desired_count / 2), 3), 200)


def _settled(service: Service) -> bool:
    living = [(t.deployment_id, t.phase) for t in service.tasks if t.phase is not Phase.STOPPED]
    return living == [(service.primary.id, Phase.HEALTHY)] * service.desired_count


def _is_listed(service: Service, old: Deployment) -> bool:
    """An older deployment is listed while it has tasks; a failed one also until it is rolled back."""
    rolling_back = service.primary.id == old.rolled_back_to and service.primary.rollout_state == "IN_PROGRESS"
    return rolling_back or service.count((*ACTIVE, Phase.DRAINING), old) > 0


def _enter_next_phase(service: Service, task: Task, now: float, pace: Pace) -> None:
    deployment = service.deployment_of(task)
    if task.phase is Phase.PENDING:
        task.phase, task.started, task.until = Phase.INITIAL, now, now + pace.health
    elif task.phase is Phase.DRAINING:
        _stop(task, now)
    elif task.failure is None and not pace.answers(task):
        return
    elif task.failure is None:
        task.phase, task.until = Phase.HEALTHY, None
        # "Once a service deployment has one or more successfully running tasks, the failed task count resets to zero."
        deployment.failed_tasks = 0
    else:
        task.stopped_reason = task.failure
        _stop(task, now)
        deployment.failed_tasks += 1
        deployment.updated = now
        service.tell(now, f"(task {task.id}) {task.failure.removeprefix('Task ')}.")


def _stop(task: Task, now: float) -> None:
    task.phase, task.until, task.stopped = Phase.STOPPED, None, now


def _break_circuit(service: Service, now: float) -> None:
    failing = service.primary
    tripped = failing.failed_tasks >= failure_threshold(service.desired_count)
    if not (service.circuit_breaker and tripped and failing.rollout_state == "IN_PROGRESS"):
        return
    failing.rollout_state, failing.updated = "FAILED", now
    failing.reason = "ECS deployment circuit breaker: tasks failed to start."
    service.tell(now, f"(deployment {failing.id}) deployment failed: tasks failed to start.")
    last_good = next((d for d in reversed(service.history) if d.rollout_state == "COMPLETED"), None)
    if not (service.rollback and last_good):
        return
    # AWS does not deploy anew: the most recent completed deployment goes back to IN_PROGRESS, and its tasks live on.
    failing.rolled_back_to = last_good.id
    last_good.rollout_state, last_good.updated = "IN_PROGRESS", now
    last_good.reason = f"ECS deployment circuit breaker: rolling back to deploymentId {last_good.id}."
    service.deployments = [last_good, *(d for d in service.deployments if d is not last_good)]
    service.tell(now, f"rolling back to deployment {last_good.id}.")


def _complete(service: Service, now: float) -> None:
    primary = service.primary
    primary.rollout_state, primary.updated = "COMPLETED", now
    primary.reason = f"ECS deployment {primary.id} completed."
    service.tell(now, f"(deployment {primary.id}) deployment completed.")
    service.tell(now, "has reached a steady state.")
