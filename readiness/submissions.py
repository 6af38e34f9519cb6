"""Whether every student's code is on EFS: one short task of the service's own kind lists the students' folders.

The application keeps the files of user U in <IDE_DATA_PATH>/ide/Local/U and calls the folder Local/U (its protocol,
its storage code). The image runs its server by CMD, which the command of a task takes the place of, and is built on
python:3.11, so `python -c` is there. The task lists counts, sizes and times, never contents, and ends itself: it is
short even when nobody is there any more to stop it.
"""

import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from components import figures, task_definition
from components.errors import ExamError
from components.live import Live
from components.presence import TEST_USER_VARIABLE
from readiness import listing, runner
from readiness.check import Check
from readiness.checks.after import clock
from readiness.context import Context
from readiness.listing import Folder, Listing
from readiness.row import Row, Verdict, fail, ok, unknown, warn
from readiness.worked import Account, worked

AREA = "submissions"
POLICY = "have it allowed (docs/iam/readiness.json and submissions.json)"
LIMIT = 180  # seconds in which the task must have started and ended; Fargate takes about a minute to start one
LATE = 20  # seconds that its last lines may be late in the logs
GONE = 60  # seconds in which a stopped task must be gone; ECS kills it after 30
POLL = 1.0  # seconds
# What the application puts into a folder by itself, it does at the latest when the student comes in.
GRACE = timedelta(seconds=10)
ORDER = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WARN, Verdict.OK)


def rows(context: Context, span: timedelta, say: Callable[[str], None]) -> list[Row]:
    """The rows of the students' folders, those to act on first; `say` is told what it costs before it does.

    Call it from the main thread: then Ctrl-C stops the task too.
    """
    check = Check(AREA, "folders", partial(read, span=span, say=say), lambda _, found: judge(found))
    found = runner.rows_of(check, context)
    return [replace(row, todo=POLICY) if row.todo == runner.POLICY else row for row in found]


@dataclass(frozen=True)
class Found:
    """The folders, who worked (or why that is not known), and the span looked at."""

    listing: Listing
    accounts: list[Account] | str
    since: datetime
    now: datetime


def read(context: Context, span: timedelta, say: Callable[[str], None]) -> Found:
    """Have the folders listed, and ask who worked. Raises ExamError, or what boto3 raises, when they cannot be."""
    since = context.now - span
    found = run(context, say)
    # The checklist's own account is nobody's work.
    own = os.environ.get(TEST_USER_VARIABLE)
    found = replace(found, folders=tuple(folder for folder in found.folders if folder.name != own))
    try:
        accounts: list[Account] | str = worked(context, since)
    except ExamError as error:
        accounts = str(error)
    return Found(found, accounts, since, context.now)


def run(context: Context, say: Callable[[str], None]) -> Listing:
    """Start the task, wait for its end, read what it wrote; whatever happens, it is gone afterwards."""
    live, settings = context.live, context.settings
    group, prefix = _log_stream(live, settings.container)
    cpu, memory = int(live.task_definition["cpu"]), int(live.task_definition["memory"])
    cents = 100 * figures.hourly_cost(1, cpu, memory) * (LIMIT + GONE) / 3600
    say(f"starts one task of {live.revision} to list the students' folders: a minute or two, at most {cents:.1f} cents")
    ecs, cluster = context.client("ecs"), live.service["clusterArn"]
    answer = ecs.run_task(**request(live.service, settings.container), clientToken=uuid.uuid4().hex)
    if not answer["tasks"]:
        raise ExamError(f"no task was started: {answer['failures'][0]['reason']}; try again in a minute")
    arn = answer["tasks"][0]["taskArn"]
    try:
        _succeeded(_ended(ecs, cluster, arn, LIMIT), settings.container)
        stream = f"{prefix}/{settings.container}/{arn.rpartition('/')[2]}"
        return _written(context.client("logs"), group, stream)
    finally:
        ecs.stop_task(cluster=cluster, task=arn, reason="readiness: the listing is over")
        _ended(ecs, cluster, arn, GONE)


def request(service: dict[str, Any], container: str) -> dict[str, Any]:
    """RunTask's fields: the service's definition and network, with the command that lists the folders."""
    where = ("capacityProviderStrategy", "launchType", "networkConfiguration", "platformVersion")
    own = {key: service[key] for key in where if service.get(key)}
    if "capacityProviderStrategy" in own:
        own.pop("launchType", None)
    return {
        "cluster": service["clusterArn"],
        "taskDefinition": service["taskDefinition"],
        "count": 1,
        "startedBy": "readiness",
        **own,
        "overrides": {"containerOverrides": [{"name": container, "command": ["python", "-c", listing.PROGRAM]}]},
    }


def _log_stream(live: Live, container: str) -> tuple[str, str]:
    """The group and the stream prefix that the container logs to. Raises ExamError where the listing would be lost."""
    options = task_definition.log_options(live.task_definition, container)
    if not {"awslogs-group", "awslogs-stream-prefix"} <= options.keys():
        raise ExamError(f"{live.revision} logs to no log stream; give it the awslogs driver with a stream prefix")
    if task_definition.container_of(live.task_definition, container).get("entryPoint"):
        raise ExamError(f"{live.revision} has an entryPoint, which no task can override; look at EFS from another task")
    return options["awslogs-group"], options["awslogs-stream-prefix"]


def _ended(ecs: Any, cluster: str, arn: str, limit: float) -> dict[str, Any]:
    """The task when it has stopped. Raises ExamError when it has not within `limit` seconds."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        # A task that was just started may be missing for a moment.
        for task in ecs.describe_tasks(cluster=cluster, tasks=[arn])["tasks"]:
            if task["lastStatus"] == "STOPPED":
                return dict(task)
        time.sleep(POLL)
    raise ExamError(f"task {arn.rpartition('/')[2]} has not stopped within {limit:g} s; look at it in the ECS console")


def _succeeded(task: dict[str, Any], container: str) -> None:
    code = next((c.get("exitCode") for c in task["containers"] if c["name"] == container), None)
    if code != 0:
        said = task.get("stoppedReason", "no reason given")
        raise ExamError(f"the listing failed: {said}, exit code {'none' if code is None else code}; look at its logs")


def _written(logs: Any, group: str, stream: str) -> Listing:
    """What the task wrote; its lines may come a little after its end."""
    end = time.monotonic() + LATE
    while time.monotonic() < end:
        found = listing.parse(_messages(logs, group, stream))
        if found:
            return found
        time.sleep(POLL)
    raise ExamError(f"the listing is not in {group}, stream {stream}; try again")


def _messages(logs: Any, group: str, stream: str) -> list[str]:
    asked: dict[str, Any] = {"logGroupName": group, "logStreamName": stream, "startFromHead": True}
    found: list[str] = []
    try:
        while True:
            answer = logs.get_log_events(**asked)
            found += [event["message"] for event in answer["events"]]
            # The same token again is the end of the stream.
            if answer["nextForwardToken"] == asked.get("nextToken"):
                return found
            asked["nextToken"] = answer["nextForwardToken"]
    except logs.exceptions.ResourceNotFoundException:
        return []


def judge(found: Found) -> list[Row]:
    """A row for all folders, then one for each folder and each student who worked, those to act on first."""
    folders = {folder.name: folder for folder in found.listing.folders}
    accounts = {a.name: a for a in found.accounts} if isinstance(found.accounts, list) else None
    names = sorted(folders.keys() | {name for name, account in (accounts or {}).items() if account.student})
    each = [_one(name, folders.get(name), accounts, found) for name in names]
    return [_all(found), *sorted(each, key=lambda row: ORDER.index(row.verdict))]


def _all(found: Found) -> Row:
    folders, root = found.listing.folders, found.listing.root
    files, size = sum(f.files for f in folders), sum(f.bytes for f in folders)
    text = f"{len(folders)} folder{'' if len(folders) == 1 else 's'}, {_files(files)}, {_size(size)} in {root}"
    if not folders:
        return fail(AREA, "folders", f"none in {root}", "one a student", "is IDE_DATA_PATH the right folder?")
    if isinstance(found.accounts, str):
        why, _, todo = found.accounts.partition("; ")
        return unknown(AREA, "folders", f"{text}; who worked is not known: {why}", todo=todo)
    return ok(AREA, "folders", text)


def _one(name: str, folder: Folder | None, accounts: dict[str, Account] | None, found: Found) -> Row:
    account = accounts.get(name) if accounts is not None else None
    since = max(account.first + GRACE, found.since) if account else found.since
    text = _told(folder, found.now)
    saved = folder is not None and folder.newest is not None and folder.newest >= since
    if accounts is None:
        told = f"{text}; nothing saved in that time"
        return ok(AREA, name, text) if saved else unknown(AREA, name, told, todo=f"ask whether {name} worked")
    if account is None:
        return ok(AREA, name, f"{text}; did not work")
    if not saved and account.student:
        worked_at = f"worked {clock(account.first, found.now)} to {clock(account.last, found.now)}, saved nothing"
        todo = f"ask {name}; look at EFS before anything is cleaned up"
        return fail(AREA, name, f"{worked_at}: {text}", f"a file saved since {clock(since, found.now)} UTC", todo)
    if folder and (folder.empty or folder.unread):
        return warn(AREA, name, text, "no empty file", f"ask {name}: creating a file anew empties the old one")
    return ok(AREA, name, text)


def _told(folder: Folder | None, now: datetime) -> str:
    if folder is None:
        return "no folder"
    parts = [f"{_files(folder.files)}, {_size(folder.bytes)}"]
    if folder.newest:
        parts.append(f"newest {clock(folder.newest, now)}")
    if folder.empty:
        parts.append(f"{folder.empty} empty")
    if folder.unread:
        parts.append(f"{folder.unread} could not be looked at")
    return ", ".join(parts)


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:  # noqa: PLR2004
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"
