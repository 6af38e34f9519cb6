"""What an `up` would change, told before it happens: one line a change, credentials never. Pure."""

from collections.abc import Iterable
from typing import Any

from components import figures, revert, task_definition
from components.credentials import shown
from components.live import Live
from components.settings import Settings


def text(stack: str, lines: list[str]) -> str:
    """The summary for the operator: a heading and the lines of `changes`, or that there is none."""
    if not lines:
        return f"posture {stack} is live already: count, size, bounds, variables and health checks stay as they are"
    return "\n  ".join([f"posture {stack} changes what is live:", *lines])


def changes(settings: Settings, live: Live) -> list[str]:
    """A line for every value of the posture that differs from what is live, as `name: old -> new`."""
    derived = task_definition.derive(live.task_definition, settings.container, settings)
    group = settings.target_group
    pairs: list[tuple[str, Any, Any]] = [
        ("desired count", live.desired_count, figures.desired_count(settings, live.desired_count)),
        ("task size", _size(live.task_definition), _size(derived)),
        ("autoscaling bounds", _bounds(live), f"{settings.autoscaling.min}-{settings.autoscaling.max}"),
        *_scaling(settings, live),
        *_container(settings, live, derived),
        ("target group health check", _live_check(live), _wanted_check(settings)),
        (
            "stickiness",
            _stickiness(
                live.target_group_attributes.get("stickiness.enabled") == "true",
                live.target_group_attributes.get("stickiness.lb_cookie.duration_seconds"),
            ),
            _stickiness(group.stickiness.enabled, group.stickiness.cookie_duration),
        ),
        ("metrics", _resolution(live.resolution), _resolution(settings.autoscaling.resolution)),
        ("deregistration delay", f"{live.deregistration_delay} s", f"{group.deregistration_delay} s"),
        (revert.LINE, revert.now(live), revert.wanted(settings)),
    ]
    differing = [(name, old, new) for name, old, new in pairs if old != new]
    return [f"{name}: {old} -> {new}" for name, old, new in [*differing, *_variables(settings, live, derived)]]


def _container(settings: Settings, live: Live, derived: task_definition.Definition) -> Iterable[tuple[str, str, str]]:
    old = task_definition.container_of(live.task_definition, settings.container)
    new = task_definition.container_of(derived, settings.container)
    yield "image", old["image"], new["image"]
    yield "container health check", _check(old.get("healthCheck")), _check(new.get("healthCheck"))


def _variables(settings: Settings, live: Live, derived: task_definition.Definition) -> Iterable[tuple[str, str, str]]:
    containers = [task_definition.container_of(d, settings.container) for d in (live.task_definition, derived)]
    for field, kind in (("environment", "variable"), ("secrets", "secret")):
        before, after = ({entry["name"]: entry for entry in c.get(field, [])} for c in containers)
        for name in sorted(before.keys() | after.keys()):
            # A change of a hidden value must still be seen as one, so the entries decide, not what is shown of them.
            if before.get(name) != after.get(name):
                yield f"{kind} {name}", _entry(before.get(name)), _entry(after.get(name))


def _entry(entry: dict[str, str] | None) -> str:
    if entry is None:
        return "(none)"
    return shown(entry["name"], entry["value"]) if "value" in entry else entry["valueFrom"]


def _scaling(settings: Settings, live: Live) -> Iterable[tuple[str, str, str]]:
    wanted = settings.autoscaling
    cpu = figures.cpu_percent(wanted.target_cpu, settings.cpu, settings.application)
    targets = {"CPU": f"{cpu.aws:g} %", "Memory": f"{wanted.target_memory:g} %" if wanted.target_memory else None}
    for kind, target in targets.items():
        policies = [
            policy["TargetTrackingScalingPolicyConfiguration"]
            for policy in live.scaling_policies
            if kind
            in str(policy.get("TargetTrackingScalingPolicyConfiguration", {}).get("PredefinedMetricSpecification"))
        ]
        now = policies[0] if policies else None
        if target:
            yield f"autoscaling target {kind} (of the task)", f"{now['TargetValue']:g} %" if now else "(none)", target
        if target and now:
            yield "scale-in", _on(not now.get("DisableScaleIn", False)), _on(not wanted.disable_scale_in)


def _resolution(seconds: int) -> str:
    return f"every {seconds} s" if seconds else "CPU and memory unlike each other"


def _on(value: bool) -> str:
    return "on" if value else "off"


def _stickiness(enabled: bool, seconds: object) -> str:
    return f"on for {seconds} s" if enabled else "off"


def _bounds(live: Live) -> str:
    target = live.scalable_target
    return f"{target['MinCapacity']}-{target['MaxCapacity']}" if target else "(none)"


def _size(definition: task_definition.Definition) -> str:
    return figures.size(int(definition["cpu"]), int(definition["memory"]))


def _check(check: dict[str, Any] | None) -> str:
    if not check:
        return "(none)"
    times = ", ".join(f"{key} {value}" for key, value in check.items() if key != "command")
    return f"{' '.join(check['command'][1:])} ({times})"


def _live_check(live: Live) -> str:
    group = live.target_group
    return _target_check(
        group["HealthCheckPath"],
        group["HealthCheckIntervalSeconds"],
        group["HealthCheckTimeoutSeconds"],
        group["HealthyThresholdCount"],
        group["UnhealthyThresholdCount"],
    )


def _wanted_check(settings: Settings) -> str:
    group = settings.target_group
    return _target_check(group.path, group.interval, group.timeout, group.healthy_threshold, group.unhealthy_threshold)


def _target_check(path: str, interval: int, timeout: int, healthy: int, unhealthy: int) -> str:
    return f"{path} every {interval} s, timeout {timeout} s, healthy {healthy}, unhealthy {unhealthy}"
