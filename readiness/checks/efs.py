"""Whether every task finds the students' files where the application looks for them."""

from pathlib import PurePosixPath
from typing import Any

from components import task_definition
from components.live import Live
from components.settings import Settings
from readiness.check import Check
from readiness.checks.ecs import live
from readiness.context import Context
from readiness.row import Row, fail, ok

AREA = "EFS"
DATA_PATH = "IDE_DATA_PATH"


def mount(settings: Settings, live: Live) -> Row:
    """The definition mounts an EFS file system, writable, where IDE_DATA_PATH lies."""
    name, todo = "mount", "put the mount back into the task definition"
    path = _data_path(settings, live)
    if path is None:
        return fail(AREA, name, f"no {DATA_PATH} in {live.revision}", f"{DATA_PATH} on a file system", todo)
    point = _mount_point(settings, live)
    files = file_system(settings, live)
    if point is None or files is None:
        return fail(AREA, name, f"{path} is not on EFS: each task has its own files", "a file system", todo)
    if point.get("readOnly"):
        return fail(AREA, name, f"{files} at {point['containerPath']} is read-only", "writable", todo)
    return ok(AREA, name, f"{DATA_PATH} on {files}", path)


def file_system(settings: Settings, live: Live) -> str | None:
    """The id of the file system that IDE_DATA_PATH lies on; None where it is on none."""
    point = _mount_point(settings, live)
    volumes = {volume["name"]: volume for volume in live.task_definition.get("volumes", [])}
    volume = volumes.get(point["sourceVolume"], {}) if point else {}
    found = volume.get("efsVolumeConfiguration", {}).get("fileSystemId")
    return str(found) if found else None


def _data_path(settings: Settings, live: Live) -> str | None:
    return task_definition.environment(live.task_definition, settings.container).get(DATA_PATH)


def _mount_point(settings: Settings, live: Live) -> dict[str, Any] | None:
    """The innermost mount point that IDE_DATA_PATH lies under."""
    path = PurePosixPath(_data_path(settings, live) or "/")
    container = task_definition.container_of(live.task_definition, settings.container)
    points = [p for p in container.get("mountPoints", []) if path.is_relative_to(p["containerPath"])]
    return max(points, key=lambda point: len(PurePosixPath(point["containerPath"]).parts), default=None)


def read_file_system(context: Context) -> dict[str, Any] | None:
    """The file system as DescribeFileSystems gives it; None where the definition has none."""
    files = file_system(context.settings, context.live)
    if files is None:
        return None
    efs = context.client("efs")
    try:
        return dict(efs.describe_file_systems(FileSystemId=files)["FileSystems"][0])
    except efs.exceptions.FileSystemNotFound:
        return {"FileSystemId": files, "LifeCycleState": "gone"}


def available(_: Settings, found: dict[str, Any] | None) -> Row:
    """The file system is available."""
    name = "file system"
    if found is None:
        return fail(AREA, name, "none in the task definition", "available", "see the mount row")
    text = f"{found['FileSystemId']} is {found['LifeCycleState']}"
    if found["LifeCycleState"] != "available":
        return fail(AREA, name, text, "available", "look at it in the EFS console")
    return ok(AREA, name, text, "available")


def read_mount_targets(context: Context) -> tuple[Live, list[dict[str, Any]]]:
    """What runs now, and the file system's mount targets."""
    files = file_system(context.settings, context.live)
    efs = context.client("efs")
    return context.live, efs.describe_mount_targets(FileSystemId=files)["MountTargets"] if files else []


def mount_targets(_: Settings, found: tuple[Live, list[dict[str, Any]]]) -> Row:
    """An available mount target in every subnet of the service, or a task that starts there cannot."""
    live, targets = found
    subnets = subnets_of(live)
    there = {target["SubnetId"] for target in targets if target["LifeCycleState"] == "available"}
    wanted = f"one in each of {len(subnets)} subnets"
    if missing := [subnet for subnet in subnets if subnet not in there]:
        todo = "create them in the EFS console, or take the subnets from the service"
        return fail(AREA, "mount targets", f"none in {', '.join(missing)}", wanted, todo)
    return ok(AREA, "mount targets", wanted, wanted)


def subnets_of(live: Live) -> list[str]:
    """The subnets that the service's tasks start in."""
    return list(live.service.get("networkConfiguration", {}).get("awsvpcConfiguration", {}).get("subnets", []))


CHECKS = (
    Check(AREA, "mount", live, mount),
    Check(AREA, "file system", read_file_system, available),
    Check(AREA, "mount targets", read_mount_targets, mount_targets),
)
