"""Whether autoscaling would do during the exam what the posture asks of it."""

from typing import Any

from components.autoscaling import HIGH, HIGH_RESOLUTION
from components.figures import cpu_percent
from components.live import Live
from components.settings import Settings
from readiness.check import Check
from readiness.checks.ecs import live
from readiness.row import UP, Row, fail, ok, warn

AREA = "autoscaling"
# What may be suspended, in AWS's names and in words.
# https://docs.aws.amazon.com/autoscaling/application/APIReference/API_SuspendedState.html
SUSPENDED = {
    "DynamicScalingOutSuspended": "scale-out",
    "DynamicScalingInSuspended": "scale-in",
    "ScheduledScalingSuspended": "scheduled scaling",
}


def bounds(settings: Settings, live: Live) -> Row:
    """The scalable target's bounds are the posture's."""
    target, wanted = live.scalable_target, f"{settings.autoscaling.min} to {settings.autoscaling.max} tasks"
    if target is None:
        return fail(AREA, "bounds", "no autoscaling", wanted, UP)
    found = f"{target['MinCapacity']} to {target['MaxCapacity']} tasks"
    return ok(AREA, "bounds", found, wanted) if found == wanted else fail(AREA, "bounds", found, wanted, UP)


def suspended(_: Settings, live: Live) -> Row:
    """Nothing of it is suspended, as an operator or the console may have it."""
    state = (live.scalable_target or {}).get("SuspendedState") or {}
    found = [text for name, text in SUSPENDED.items() if state.get(name)]
    if found:
        return fail(
            AREA,
            "suspended",
            f"{', '.join(found)} suspended",
            "nothing",
            "aws application-autoscaling register-scalable-target --suspended-state ... (all false)",
        )
    return ok(AREA, "suspended", "nothing", "nothing")


def policies(settings: Settings, live: Live) -> list[Row]:
    """Target tracking on CPU (and on memory where the posture has it): target, resolution, scale-in."""
    wanted = settings.autoscaling
    cpu = cpu_percent(wanted.target_cpu, settings.cpu, settings.application)
    rows = [_target("CPU", cpu.aws, f" ({wanted.target_cpu:g} % of usable)", live)]
    if wanted.target_memory is not None:
        rows.append(_target("Memory", wanted.target_memory, "", live))
    return [*rows, _metric(settings, live), _scale_in(settings, live), *_others(settings, live)]


def _target(kind: str, value: float, beside: str, live: Live) -> Row:
    name, wanted = f"{kind} target", f"{value:g} % of the task{beside}"
    found = [configuration["TargetValue"] for configuration in _tracking(live, kind)]
    if not found:
        return fail(AREA, name, "no policy", wanted, UP)
    text = " and ".join(f"{target:g} % of the task" for target in found)
    return ok(AREA, name, f"{text}{beside}", wanted) if found == [value] else fail(AREA, name, text, wanted, UP)


def _metric(settings: Settings, live: Live) -> Row:
    """The service's metrics, and which of them the policy goes by: a coarse one makes scale-out minutes slower."""
    seconds = settings.autoscaling.resolution
    tracked = {HIGH if HIGH_RESOLUTION in _metric_type(c) else 60 for c in _tracking(live, "CPU")} or {0}
    published = f"every {live.resolution} s" if live.resolution else "CPU and memory unlike each other"
    found = f"published {published}, tracked {' and '.join(f'every {s} s' if s else 'not at all' for s in tracked)}"
    wanted = f"every {seconds} s"
    if live.resolution == seconds and tracked == {seconds}:
        return ok(AREA, "resolution", found, wanted)
    return fail(AREA, "resolution", found, wanted, UP)


def _scale_in(settings: Settings, live: Live) -> Row:
    wanted = not settings.autoscaling.disable_scale_in
    on = [not c.get("DisableScaleIn", False) for c in _tracking(live, "")]
    found = "on" if any(on) else "off"
    if any(on) is wanted or (not on and not wanted):
        return ok(AREA, "scale-in", found, "on" if wanted else "off")
    if wanted:
        return warn(AREA, "scale-in", found, "on", UP)
    return fail(AREA, "scale-in", "on: it would end tasks with students on them", "off", UP)


def _others(settings: Settings, live: Live) -> list[Row]:
    """A policy of any other kind, by which somebody else scales the service."""
    names = [p["PolicyName"] for p in live.scaling_policies if not p.get("TargetTrackingScalingPolicyConfiguration")]
    todo = "ask who made it; delete it for the exam"
    return [warn(AREA, "other policies", ", ".join(names), "none", todo)] if names else []


def _tracking(live: Live, kind: str) -> list[dict[str, Any]]:
    """The target tracking configurations on a metric of `kind` (CPU, Memory, empty for any)."""
    found = [p.get("TargetTrackingScalingPolicyConfiguration") or {} for p in live.scaling_policies]
    return [configuration for configuration in found if configuration and kind in _metric_type(configuration)]


def _metric_type(configuration: dict[str, Any]) -> str:
    return str(configuration.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType", ""))


CHECKS = (
    Check(AREA, "bounds", live, bounds),
    Check(AREA, "suspended", live, suspended),
    Check(AREA, "policies", live, policies),
)
