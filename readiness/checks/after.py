"""The clean-up after an exam: what it cost, what went wrong in it, who worked. Nothing of it is a fail any more."""

import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from components import figures
from components.settings import Settings
from readiness import span as spans
from readiness.check import Check
from readiness.checks import after_cost, alarms, ecs, logs
from readiness.context import COMPONENT, Context
from readiness.row import Row, ok, warn
from readiness.worked import Account, worked

AREA = after_cost.AREA
LIMIT = 10.0  # seconds: hours are read, not minutes
# ECS tells of a stopped task for about an hour, of a service's last 100 events.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-errors.html
KEPT = timedelta(hours=1)
BAD_NEWS = re.compile(r"unhealthy|unable|fail|error", re.IGNORECASE)
SHOWN = 3  # reasons, events
# What these say of the last minutes the clean-up says of the whole span, and does not call a fail any more.
OVER = ((ecs.AREA, ecs.STOPPED), (logs.AREA, logs.NAME))


def checks(span: timedelta) -> tuple[Check, ...]:
    """The clean-up checks over the last `span`. Whether the idle posture is back is the posture's own row."""
    return (
        Check(AREA, after_cost.NAME, partial(after_cost.read, span=span), after_cost.cost, LIMIT),
        Check(AREA, "errors logged", partial(logs.read, span=span), errors, LIMIT),
        Check(AREA, ecs.STOPPED, partial(read_stopped, span=span), stopped, LIMIT),
        Check(AREA, "alarms", partial(read_alarms, span=span), fired, LIMIT),
        Check(AREA, "who worked", partial(read_worked, span=span), who, LIMIT),
    )


def clock(moment: datetime, now: datetime) -> str:
    """A time of day, with its date unless that is today's."""
    return f"{moment:%H:%M}" if moment.date() == now.date() else f"{moment:%Y-%m-%d %H:%M}"


def errors(settings: Settings, found: logs.Errors) -> Row:
    """The row of the logs' own check, over the whole span."""
    return replace(logs.errors(settings, found), area=AREA, name="errors logged")


@dataclass(frozen=True)
class Stopped:
    """The service's tasks that stopped of themselves, and its events that are bad news, since `now` less `span`."""

    tasks: list[dict[str, Any]]
    events: list[dict[str, Any]]
    span: timedelta
    now: datetime


def read_stopped(context: Context, span: timedelta) -> Stopped:
    """Look for tasks that stopped, and for what the service says of itself."""
    since = context.now - span
    tasks = ecs.failed(ecs.stopped_since(ecs.read_tasks(context), since))
    events = [event for event in context.live.service.get("events", []) if event["createdAt"] > since]
    bad = [event for event in events if BAD_NEWS.search(event["message"])]
    return Stopped(tasks, sorted(bad, key=lambda event: str(event["createdAt"])), span, context.now)


def stopped(_: Settings, found: Stopped) -> Row:
    """None is ok; each reason is told once, with how many tasks had it."""
    name, since = ecs.STOPPED, f"in {spans.words(found.span)}"
    if found.span > KEPT:
        since += ", as far as ECS still knows (tasks: an hour, events: the last 100)"
    if not found.tasks and not found.events:
        return ok(AREA, name, f"none {since}", "none")
    reasons = Counter(ecs.reason(task) for task in found.tasks).most_common(SHOWN)
    lines = [f"{figures.tasks(len(found.tasks))} {since}", *(f"{count} x {reason}" for reason, count in reasons)]
    lines += [f"{clock(event['createdAt'], found.now)} {event['message']}" for event in found.events[-SHOWN:]]
    return warn(AREA, name, "\n".join(lines), "none", "look at the logs of that time")


@dataclass(frozen=True)
class Fired:
    """When which alarm went off; `quiet` are how many did not."""

    times: dict[str, list[datetime]]
    quiet: int
    span: timedelta
    now: datetime


def read_alarms(context: Context, span: timedelta) -> Fired:
    """Read the history of each of the posture's alarms (the newest 100 changes of each)."""
    cloudwatch, since = context.client("cloudwatch"), context.now - span
    names = sorted(alarms.wanted(context.settings, context.live))
    histories = {
        name: cloudwatch.describe_alarm_history(
            AlarmName=name, HistoryItemType="StateUpdate", StartDate=since, EndDate=context.now
        )["AlarmHistoryItems"]
        for name in names
    }
    times = {name.removeprefix(f"{COMPONENT}-"): went_off(items) for name, items in histories.items()}
    return Fired({k: v for k, v in times.items() if v}, sum(not v for v in times.values()), span, context.now)


def went_off(items: list[dict[str, Any]]) -> list[datetime]:
    """When an alarm went to ALARM by its history's items, oldest first.

    What an item's data says: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_AlarmHistoryItem.html
    """
    return sorted(
        item["Timestamp"]
        for item in items
        if json.loads(item["HistoryData"]).get("newState", {}).get("stateValue") == "ALARM"
    )


def fired(_: Settings, found: Fired) -> Row:
    """None is ok; each alarm that went off is told with its times."""
    name, since = "alarms", f"in {spans.words(found.span)}"
    if not found.times:
        return ok(AREA, name, f"none of {found.quiet} went off {since}", "none")
    lines = [
        f"{key} at {', '.join(clock(time, found.now) for time in times[-SHOWN:])}"
        + (f" and {len(times) - SHOWN} more before" if len(times) > SHOWN else "")
        for key, times in found.times.items()
    ]
    count = f"{len(found.times)} of {len(found.times) + found.quiet} went off {since} (UTC)"
    return warn(AREA, name, "\n".join([count, *lines]), "none", "look at the dashboard of that time")


def read_worked(context: Context, span: timedelta) -> tuple[list[Account], datetime]:
    """The accounts that worked, and the moment of the look."""
    return worked(context, context.now - span), context.now


def who(_: Settings, found: tuple[list[Account], datetime]) -> Row:
    """How many students and others, and of each the first login and the last activity."""
    accounts, now = found
    if not accounts:
        return warn(AREA, "who worked", "nobody", "the class", "is --since long enough?")
    students = sum(account.student for account in accounts)
    first, last = min(a.first for a in accounts), max(a.last for a in accounts)
    others = f" and {len(accounts) - students} of the staff" if students < len(accounts) else ""
    count = f"{students} student{'' if students == 1 else 's'}{others}: {clock(first, now)} to {clock(last, now)} UTC"
    lines = [f"{account.name} {clock(account.first, now)} to {clock(account.last, now)}" for account in accounts]
    return ok(AREA, "who worked", "\n".join([count, *lines]), "the class")
