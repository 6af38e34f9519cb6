"""A surge of a class's CPU on the exam posture, at both resolutions: the scheduler's rules with a clock of their own.

`make scale-out` writes what comes out into docs/scale-out.md.
"""

from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from components import figures
from components.settings import Settings
from components.stack_files import read_settings
from sandbox import autoscaling
from sandbox.autoscaling import Activity, Policy
from sandbox.ecs import rules
from sandbox.ecs.rules import Deployment, Pace, Phase, Service, Task
from sandbox.process import PROJECT

DOCUMENT = PROJECT / "docs" / "scale-out.md"
BEGIN, END = "<!-- make scale-out: begin -->", "<!-- make scale-out: end -->"
RESOLUTIONS = (60, 20)
# What the class uses in all, in vCPU: what it was measured at, and everybody running programs at once.
QUIET, SURGE = 0.65, 4.0
# From the trigger to running tasks, as AWS measured it (109 - 86 seconds):
# https://aws.amazon.com/blogs/aws/amazon-ecs-introduces-new-high-resolution-metrics-for-faster-service-auto-scaling/
START = 23
WARM_UP, LONGEST = 300, 1800  # seconds


@dataclass(frozen=True)
class Outcome:
    """Seconds from the surge to the first scale-out, and until its tasks and the last ones are healthy; their count."""

    triggered: int
    first_healthy: int
    all_healthy: int
    tasks: int


def surge(settings: Settings, resolution: int, phase: int) -> Outcome:
    """The surge, `phase` seconds into a period of the metric, met with `resolution` instead of the posture's own."""
    rule, size = policy(settings, resolution), settings.cpu / figures.CPU_UNITS
    usable = settings.application.vcpus or size
    service = _steady(settings)
    last, activities, healthy, published, area = Activity(), [], [], [], 0.0
    began = WARM_UP + phase
    for now in range(1, began + LONGEST):
        count = service.count((Phase.HEALTHY,))
        healthy.append(count)
        if count == rule.maximum:
            break
        area += autoscaling.utilization(SURGE if now > began else QUIET, count, size, usable)
        if now % resolution == 0:
            published.append(area / resolution)
            area = 0.0
            desired = autoscaling.desired_count(rule, published, service.desired_count, last, now)
            if desired != service.desired_count:
                last = autoscaling.after(last, service.desired_count, desired, now)
                activities.append((now, desired))
                service.desired_count = desired
        _tick(service, now, settings)
    (triggered, first), (_, tasks) = activities[0], activities[-1]
    return Outcome(triggered - began, healthy.index(first) - began, healthy.index(tasks) - began, tasks)


def policy(settings: Settings, resolution: int) -> Policy:
    """The posture's target tracking on CPU, with metrics every `resolution` seconds."""
    scaling = settings.autoscaling
    return Policy(
        target=figures.cpu_percent(scaling.target_cpu, settings.cpu, settings.application).aws,
        period=resolution,
        minimum=scaling.min,
        maximum=scaling.max,
        scale_out_cooldown=scaling.scale_out_cooldown,
        scale_in_cooldown=scaling.scale_in_cooldown,
        scale_in=not scaling.disable_scale_in,
    )


def _steady(settings: Settings) -> Service:
    service = Service("exam", settings.task_count)
    rules.deploy(service, Deployment("exam", {}, -WARM_UP, -WARM_UP))
    for now in range(-WARM_UP, 0):
        _tick(service, now, settings)
    return service


def _tick(service: Service, now: int, settings: Settings) -> None:
    group = settings.target_group
    rules.advance(service, now, Pace(START, group.interval * group.healthy_threshold, lambda: 0))
    for number in range(rules.missing_tasks(service)):
        service.tasks.append(Task(f"{now}-{number}", service.primary.id, "", "", "", None, now, now + START))


def table(settings: Settings) -> str:
    """The two resolutions side by side, over every second of a period that the surge may begin in; what is given."""
    rows = ["| | metrics every 60 s | metrics every 20 s |", "|---|---|---|"]
    outcomes = {r: [surge(settings, r, phase) for phase in range(r)] for r in RESOLUTIONS}
    for text, name in (
        ("from the surge to the first scale-out", "triggered"),
        ("until the tasks of that are healthy", "first_healthy"),
        ("until all are healthy", "all_healthy"),
    ):
        cells = [[getattr(outcome, name) for outcome in outcomes[r]] for r in RESOLUTIONS]
        rows.append(f"| {text} | " + " | ".join(f"{min(c)}-{max(c)} s, mean {mean(c):.0f}" for c in cells) + " |")
    rows.append("| tasks then | " + " | ".join(str(max(o.tasks for o in outcomes[r])) for r in RESOLUTIONS) + " |")
    group = settings.target_group
    taken = (
        f"The class goes from {QUIET:g} to {SURGE:g} vCPU; a task runs {START} s after it was asked for and is healthy "
        f"{group.interval * group.healthy_threshold} s later."
    )
    return "\n".join([*rows, "", taken])


def written(document: str, settings: Settings) -> str:
    """The document with the table as it is now between its two marks."""
    before, _, rest = document.partition(BEGIN)
    return f"{before}{BEGIN}\n{table(settings)}\n{END}{rest.partition(END)[2]}"


def main(path: Path = DOCUMENT) -> None:
    """Write the table into the document, and show it."""
    settings = read_settings(PROJECT, "exam")
    path.write_text(written(path.read_text(), settings))
    print(table(settings))


if __name__ == "__main__":
    main()
