"""The service's tasks: as many, of such a kind and as undisturbed as the posture wants them."""

from datetime import datetime, timedelta
from typing import Any

from components import figures, task_definition
from components.live import Live
from components.settings import Settings
from readiness.check import Check
from readiness.context import Context
from readiness.row import UP, Row, fail, ok

AREA, STOPPED = "ECS", "stopped tasks"
RECENT = timedelta(minutes=15)
# How ECS begins the reason of a task that it stopped because it is not wanted any more, and not because it failed.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
NOT_WANTED = "Scaling activity initiated by"
Task = dict[str, Any]


def live(context: Context) -> Live:
    """What runs now."""
    return context.live


def read_tasks(context: Context) -> list[Task]:
    """The service's tasks that are to run, and those that stopped lately, as DescribeTasks gives them (100 at most)."""

    def read() -> list[Task]:
        ecs, settings = context.client("ecs"), context.settings
        service = {"cluster": settings.cluster, "serviceName": settings.service}
        arns = [
            arn
            for status in ("RUNNING", "STOPPED")
            for arn in ecs.list_tasks(**service, desiredStatus=status)["taskArns"]
        ][:100]
        tasks: list[Task] = ecs.describe_tasks(cluster=settings.cluster, tasks=arns)["tasks"] if arns else []
        return tasks

    return context.once("tasks", read)


def running(tasks: list[Task]) -> list[Task]:
    """Those of `tasks` that are to go on running."""
    return [task for task in tasks if task["desiredStatus"] == "RUNNING"]


def counts(settings: Settings, live: Live) -> Row:
    """As many tasks run as are desired, and as many are desired as the posture has at least."""
    desired, now = live.desired_count, int(live.service["runningCount"])
    wanted = figures.desired_count(settings, desired)
    found, text = f"{now} running of {desired} desired", figures.tasks(wanted)
    if desired != wanted:
        return fail(AREA, "tasks", found, text, UP)
    if now != desired:
        return fail(AREA, "tasks", found, text, "wait a minute; if it stays, look at the service's events")
    return ok(AREA, "tasks", found, text)


def deployments(_: Settings, live: Live) -> Row:
    """One deployment, and it is completed."""
    every = live.service["deployments"]
    primary = next(d for d in every if d["status"] == "PRIMARY")
    state = primary.get("rolloutState", "COMPLETED")
    found = f"{live.revision} {state}" + (f", beside {len(every) - 1} older" if len(every) > 1 else "")
    wanted = "one deployment, COMPLETED"
    if state == "FAILED":
        return fail(AREA, "deployment", f"{found}: {primary.get('rolloutStateReason', '')}", wanted, UP)
    if state != "COMPLETED" or len(every) > 1:
        return fail(AREA, "deployment", found, wanted, "wait until it has ended")
    return ok(AREA, "deployment", found, wanted)


def read_kind(context: Context) -> tuple[Live, list[Task]]:
    """What runs now, and its tasks."""
    return context.live, read_tasks(context)


def kind(settings: Settings, found: tuple[Live, list[Task]]) -> Row:
    """Every running task has the posture's size and image."""
    live, tasks = found
    derived = task_definition.derive(live.task_definition, settings.container, settings)
    image = task_definition.container_of(derived, settings.container)["image"]
    wanted = _kind(derived["cpu"], derived["memory"], image)
    kinds = {_kind(task["cpu"], task["memory"], _image(task, settings)) for task in running(tasks)}
    text = "; ".join(sorted(kinds)) or "no running task"
    if kinds != {wanted}:
        return fail(AREA, "size and image", text, wanted, f"{UP}, or wait for the rollout's end")
    return ok(AREA, "size and image", text, wanted)


def _kind(cpu: str, memory: str, image: str) -> str:
    return f"{figures.size(int(cpu), int(memory))}, {image.rpartition('/')[2]}"


def _image(task: Task, settings: Settings) -> str:
    return next((str(c["image"]) for c in task["containers"] if c["name"] == settings.container), "(none)")


def read_stopped(context: Context) -> tuple[list[Task], datetime]:
    """The tasks, and the moment of the look."""
    return read_tasks(context), context.now


def stopped_since(tasks: list[Task], since: datetime) -> list[Task]:
    """Those of `tasks` that have stopped since then."""
    return [task for task in tasks if "stoppedAt" in task and task["stoppedAt"] > since]


def failed(tasks: list[Task]) -> list[Task]:
    """Those of stopped `tasks` that failed; one that a rollout or a lower count ended has not."""
    return [task for task in tasks if not task.get("stoppedReason", "").startswith(NOT_WANTED)]


def stopped(_: Settings, found: tuple[list[Task], datetime]) -> Row:
    """No task has stopped of itself lately."""
    tasks, now = found
    recent = stopped_since(tasks, now - RECENT)
    reasons = [reason(task) for task in failed(recent)]
    span = f"in {RECENT.seconds // 60} minutes"
    if reasons:
        text = f"{figures.tasks(len(reasons))} {span}: {'; '.join(dict.fromkeys(reasons))}"
        return fail(AREA, STOPPED, text, "none", "look at the logs; if it goes on, deploy the last good image")
    ended = f"none failed, {len(recent)} not wanted any more" if recent else "none"
    return ok(AREA, STOPPED, f"{ended} {span}", "none")


def reason(task: Task) -> str:
    """Why a task stopped, and with what its containers exited."""
    containers = [
        f"{container['name']} exited with {container['exitCode']}"
        for container in task["containers"]
        if container.get("exitCode")
    ]
    return ", ".join([task.get("stoppedReason", "no reason given"), *containers])


CHECKS = (
    Check(AREA, "tasks", live, counts),
    Check(AREA, "deployment", live, deployments),
    Check(AREA, "size and image", read_kind, kind),
    Check(AREA, STOPPED, read_stopped, stopped),
)
