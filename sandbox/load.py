"""A load on the exam service's CPU, the metrics that ECS publishes of it, and the autoscaling that follows them.

There is none until one is set: so many vCPU, or what the tasks' processes really use, which metrics.py publishes. Time
is AWS's: SANDBOX_SPEED times as fast as the clock.
"""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.utils import utcnow
from moto.ecs.models import ecs_backends

from sandbox import autoscaling
from sandbox.autoscaling import Activity, Policy
from sandbox.ecs import answers
from sandbox.ecs.rules import Phase
from sandbox.ecs.scheduler import SPEED
from sandbox.ecs.state import LiveService, ecs_of, lock
from sandbox.world import ACCOUNT, CLUSTER, REGION, SERVICE, the_service

CPU = "CPUUtilization"
ACTIVITIES = "sandbox_activities"  # beside what moto's backend has, so that its reset empties both
USABLE = 1.0  # vCPU: the application is one process on one core
DIMENSIONS = [{"Name": "ClusterName", "Value": CLUSTER}, {"Name": "ServiceName", "Value": SERVICE}]


class Load:
    """The load and what came of it since it was first set; `seconds` of AWS's time count from then."""

    def __init__(self, used: Callable[[], Mapping[str, float]] = dict) -> None:
        """No load. `used` tells the CPU seconds that each running task's process has used so far."""
        self._used = used
        self.end()

    def end(self) -> None:
        """Ends the load: the sandbox's autoscaling does nothing."""
        with lock:
            self._vcpus: float | None = None
            self._measured = False
            self._used_then: Mapping[str, float] = {}
            self._seconds = self._then = self._area = self._into = 0.0
            self._resolution = 0
            self._published: list[float] = []
            self._last = Activity()
            self._activities: list[dict[str, Any]] = []

    def set(self, vcpus: float, now: float) -> None:
        """Sets the load in vCPU, from `now` (seconds since the epoch) on."""
        with lock:
            if not self._on:
                self._then = now
            self._vcpus, self._measured = vcpus, False

    def measure(self, now: float) -> None:
        """Takes what the tasks' processes use from `now` on for the load."""
        used = self._used()
        with lock:
            self._then, self._used_then = now, used
            self._vcpus, self._measured = None, True

    @property
    def _on(self) -> bool:
        return self._measured or self._vcpus is not None

    def told(self) -> dict[str, Any]:
        """The load (vCPU; null: none, or measured), its seconds, the percents published and the activities so far."""
        with lock:
            return {
                "vcpus": self._vcpus,
                "seconds": self._seconds,
                "resolution": self._resolution,
                "published": list(self._published),
                "activities": list(self._activities),
            }

    def advance(self, now: float) -> None:
        """Lets time pass up to `now`, with the tasks that are healthy now; the lock is held."""
        live = the_service()
        if not self._on or live is None:
            return
        seconds, self._then = now - self._then, now
        passed = seconds * SPEED
        resolution = answers.resolution(live, CPU)
        if resolution != self._resolution:
            self._resolution, self._published, self._area, self._into = resolution, [], 0.0, 0.0
        definition = ecs_of(ecs_backends[ACCOUNT][REGION]).task_definitions.find(
            live.state.primary.revision["taskDefinition"]
        )
        size = int(definition.definition["cpu"]) / 1024
        if self._vcpus is None:
            percent = self._percent(seconds, size)
        else:
            percent = autoscaling.utilization(self._vcpus, live.state.count((Phase.HEALTHY,)), size, USABLE)
        while passed > 0:
            step = min(passed, resolution - self._into)
            passed, self._into, self._seconds = passed - step, self._into + step, self._seconds + step
            self._area += percent * step
            if self._into >= resolution:
                self._publish(live, self._area / resolution)

    def _percent(self, seconds: float, size: float) -> float:
        """What the tasks used in the last seconds, in percent of their size; of a new task all that it used."""
        used, before = self._used(), self._used_then
        self._used_then = used
        spent = sum(max(now - before.get(task, 0), 0) for task, now in used.items())
        return 100 * spent / (seconds * size * len(used)) if used and seconds > 0 else 0

    def _publish(self, live: LiveService, percent: float) -> None:
        self._published.append(percent)
        self._area = self._into = 0.0
        if not self._measured:
            datum = {"MetricName": CPU, "Dimensions": DIMENSIONS, "Value": percent, "Timestamp": utcnow()}
            cloudwatch_backends[ACCOUNT][REGION].put_metric_data("AWS/ECS", [{**datum, "Unit": "Percent"}])
        policy = _policy()
        shown = autoscaling.datapoints(self._published, self._resolution, policy.period) if policy else []
        if policy is None or not shown or len(self._published) * self._resolution % policy.period:
            return
        # AWS suspends scale-in during a deployment.
        deploying = live.state.primary.rollout_state == "IN_PROGRESS"
        policy = replace(policy, scale_in=policy.scale_in and not deploying)
        count = live.state.desired_count
        desired = autoscaling.desired_count(policy, shown, count, self._last, self._seconds)
        if desired != count:
            self._last = autoscaling.after(self._last, count, desired, self._seconds)
            self._activities.append({"seconds": self._seconds, "from": count, "to": desired})
            _record(desired)
            live.state.desired_count = desired


def _record(desired: int) -> None:
    """Has AWS know of a scaling activity, as DescribeScalingActivities answers it."""
    backend = applicationautoscaling_backends[ACCOUNT][REGION]
    known: list[dict[str, Any]] = vars(backend).setdefault(ACTIVITIES, [])
    now = time.time()
    known.insert(
        0,
        {
            "ActivityId": str(uuid.uuid4()),
            "ServiceNamespace": "ecs",
            "ResourceId": f"service/{CLUSTER}/{SERVICE}",
            "ScalableDimension": "ecs:service:DesiredCount",
            "Description": f"Setting desired count to {desired}.",
            "Cause": "monitor alarm in state ALARM triggered policy",
            "StartTime": now,
            "EndTime": now,
            "StatusCode": "Successful",
            "StatusMessage": f"Successfully set desired count to {desired}. Change successfully fulfilled by ecs.",
        },
    )


def _policy() -> Policy | None:
    """The service's target tracking policy on CPU with its bounds, None if there is none."""
    backend = applicationautoscaling_backends[ACCOUNT][REGION]
    resource = f"service/{CLUSTER}/{SERVICE}"
    target = backend.targets.get("ecs:service:DesiredCount", {}).get(resource)
    for policy in backend.policies.values():
        configuration = policy.target_tracking_scaling_policy_configuration or {}
        metric = configuration.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType", "")
        if target and policy.resource_id == resource and "AverageCPUUtilization" in metric:
            return Policy(
                target=configuration["TargetValue"],
                period=20 if metric.endswith("HighResolution") else 60,
                minimum=target.min_capacity or 0,
                maximum=target.max_capacity or 0,
                scale_out_cooldown=configuration.get("ScaleOutCooldown", 300),
                scale_in_cooldown=configuration.get("ScaleInCooldown", 300),
                scale_in=not configuration.get("DisableScaleIn", False),
            )
    return None
