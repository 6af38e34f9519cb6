"""Whether the next task would find its image, and run the same code as its neighbours."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from components import task_definition
from components.image import NAME, read_image
from components.settings import Settings
from readiness.check import Check
from readiness.checks.ecs import Task, read_tasks, running
from readiness.context import Context
from readiness.row import Row, fail, ok, unknown, warn

AREA = "ECR"


@dataclass(frozen=True)
class Image:
    """The running definition's image: its name, what ECR has under it now (None: nothing), the running tasks."""

    name: str
    described: dict[str, Any] | None
    tasks: list[Task]
    now: datetime


def read(context: Context) -> Image:
    """Ask ECR about the image of the running definition; an image from elsewhere is not asked about."""
    live = context.live
    name = str(task_definition.container_of(live.task_definition, context.settings.container)["image"])
    found = read_image(context.client("ecr"), name) if NAME.fullmatch(name) else None
    return Image(name, found, read_tasks(context), context.now)


def image(settings: Settings, found: Image) -> list[Row]:
    """It exists; and what runs is what its tag points at, or a new task would run other code."""
    short = found.name.rpartition("/")[2]
    if not NAME.fullmatch(found.name):
        return [unknown(AREA, "image", f"{short} is not in ECR", "in ECR", "check by hand that it can be pulled")]
    if found.described is None:
        todo = "push it, or deploy an image that is there; no new task can start now"
        return [fail(AREA, "image", f"{short} is not there", "there", todo)]
    pushed = found.described["imagePushedAt"]
    there = ok(AREA, "image", f"{short}, pushed {_age(pushed, found.now)} ago", "there")
    return [there, _digest(settings, found, found.described["imageDigest"])]


def _digest(settings: Settings, found: Image, tagged: str) -> Row:
    containers = [c for task in running(found.tasks) for c in task["containers"] if c["name"] == settings.container]
    digests = {str(container["imageDigest"]) for container in containers if container.get("imageDigest")}
    name, service = "digest", f"--cluster {settings.cluster} --service {settings.service}"
    todo = f"before the exam, replace the running tasks: aws ecs update-service {service} --force-new-deployment"
    if not digests:
        return unknown(AREA, name, "no running task tells its digest", _short(tagged), "see the ECS rows")
    if len(digests) > 1:
        text = f"the tasks run different code: {', '.join(sorted(map(_short, digests)))}"
        return warn(AREA, name, text, _short(tagged), todo)
    if digests != {tagged}:
        text = f"running {_short(digests.pop())}, the tag points at {_short(tagged)}: a new task would run other code"
        return warn(AREA, name, text, "the same", todo)
    return ok(AREA, name, f"{_short(tagged)} runs and is tagged", "the same")


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:12]


def _age(then: datetime, now: datetime) -> str:
    age = now - then
    return f"{age.days} days" if age.days else f"{age.seconds // 3600} hours {age.seconds % 3600 // 60} minutes"


CHECKS = (Check(AREA, "image", read, image),)
