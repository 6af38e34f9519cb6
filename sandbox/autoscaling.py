"""The rules of target tracking on a service's CPU, without a clock or an AWS API: datapoints in, desired count out.

Sources: "How target tracking scaling for Application Auto Scaling works",
https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html, and the two
alarms that it makes for an ECS service: 3 datapoints above the target, 15 minutes below 90 % of it. How many datapoints
the alarm on a high-resolution metric has is not documented: 3 here too.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

HIGH_DATAPOINTS, LOW_SECONDS, LOW_PART = 3, 900, 0.9


@dataclass(frozen=True)
class Policy:
    """A target tracking policy and its target's bounds: percent of a task's size, tasks, seconds.

    `period` is that of its metric: 20 for a high-resolution one, else 60.
    """

    target: float
    period: int
    minimum: int
    maximum: int
    scale_out_cooldown: float
    scale_in_cooldown: float
    scale_in: bool


@dataclass(frozen=True)
class Activity:
    """The last scale-out (when, from how many tasks) and the last scale-in, in seconds of any clock."""

    out_at: float = -math.inf
    out_from: int = 0
    in_at: float = -math.inf


def utilization(load: float, tasks: int, size: float, usable: float) -> float:
    """The CPU of a service in percent of its tasks' size: `load`, `size` and what a task can use of it in vCPU."""
    return 100 * min(load, tasks * min(size, usable)) / (tasks * size) if tasks else 0


def datapoints(published: Sequence[float], resolution: int, period: int) -> list[float]:
    """What a metric that is published every `resolution` seconds shows in whole periods of `period` seconds."""
    a_period = period // resolution
    if not a_period:
        return []
    whole = range(0, len(published) - a_period + 1, a_period)
    return [sum(published[start : start + a_period]) / a_period for start in whole]


def desired_count(policy: Policy, shown: Sequence[float], count: int, last: Activity, now: float) -> int:
    """What the policy makes of `count` tasks when the newest of the datapoints `shown` (oldest first) is there.

    It adds in proportion, rounded up. In the cool-down of a scale-out, what that added counts as added: only a metric
    that asks for more adds more.
    """
    recent = shown[-HIGH_DATAPOINTS:]
    if len(recent) == HIGH_DATAPOINTS and min(recent) > policy.target:
        cooling = now < last.out_at + policy.scale_out_cooldown
        return max(count, _proportional(policy, shown[-1], last.out_from if cooling else count))
    quiet = LOW_SECONDS // policy.period
    recent = shown[-quiet:]
    low = len(recent) == quiet and max(recent) < policy.target * LOW_PART
    if low and policy.scale_in and now >= max(last.in_at, last.out_at) + policy.scale_in_cooldown:
        return min(count, _proportional(policy, max(recent), count))
    return count


def after(last: Activity, count: int, desired: int, now: float) -> Activity:
    """The last activities after one that took the count from `count` to `desired`."""
    if desired > count:
        return replace(last, out_at=now, out_from=count)
    return replace(last, in_at=now)


def _proportional(policy: Policy, metric: float, count: int) -> int:
    return min(max(math.ceil(count * metric / policy.target), policy.minimum), policy.maximum)
