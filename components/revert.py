"""A forgotten revert is bounded: when the exam is surely over, AWS itself takes the service down to idle's count.

A posture that names `exam.endsAt` has a scheduled action do so, and an event rule tell of it, `revertGrace` hours after
that. Both are named after the service. A posture that names none takes away what is there: the other stack put it, so
that no state of this one knows of it.
"""

import asyncio
import json
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pulumi
from botocore.exceptions import ClientError
from pulumi_aws import appautoscaling, cloudwatch

from components.aws import explained
from components.errors import ExamError
from components.figures import tasks
from components.live import SCALING, Live, revert_name
from components.moment import shown
from components.settings import Settings

# The stack that reverts; the other one begins an exam.
IDLE = "idle"
# The name of its line in the summary, and what that says of none.
LINE, UNBOUNDED = "forgotten revert", "not bounded"
# An exam that is over sooner is none to plan for: the value is most likely last time's, or a slip.
NOTICE = timedelta(hours=1)
AT = "%Y-%m-%dT%H:%M:%S"
# How the rule's description begins.
TELLS = re.compile(r"The exam ends (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d) UTC")
# What AWS answers when somebody else, or the other stack's own `up`, was faster.
GONE = ("ObjectNotFoundException", "ResourceNotFoundException")
TARGET = "alarms"


def bounded_at(settings: Settings) -> datetime | None:
    """When the posture has a forgotten revert bounded (UTC, whole minutes: a rule knows no seconds); None: never."""
    if settings.exam.ends_at is None:
        return None
    moment = settings.exam.ends_at + timedelta(hours=settings.revert_grace)
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def live_bound(live: Live) -> datetime | None:
    """When the scheduled action that is live acts (UTC); None where there is none, or one of another kind."""
    action = live.scheduled_action or {}
    # Somebody may have written another one in the console.
    if found := re.fullmatch(r"at\((.+)\)", action.get("Schedule", "")):
        with suppress(ValueError, KeyError):
            local = datetime.fromisoformat(found[1])
            return local.replace(tzinfo=ZoneInfo(action.get("Timezone") or "UTC")).astimezone(UTC)
    return None


def ends_at(settings: Settings, live: Live) -> datetime | None:
    """When the exam ends by what is live, whoever put it and from where; None where nothing says.

    The rule tells it: the grace of the posture that put it need not be this one's, and counts only where no rule is.
    """
    bound = live_bound(live)
    told = TELLS.match((live.revert_rule or {}).get("Description", ""))
    if bound and told:
        return datetime.strptime(told[1], AT).replace(tzinfo=UTC)
    return bound - timedelta(hours=settings.revert_grace) if bound else None


def check(stack: str, settings: Settings, live: Live, now: datetime | None = None) -> None:
    """Refuse an `exam.endsAt` that is past, new and less than an hour ahead, or idle's; tell that an exam names none.

    Raises ExamError, one line.
    """
    end, now = settings.exam.ends_at, now or datetime.now(UTC)
    if end is None:
        if stack != IDLE:
            pulumi.log.info("exam.endsAt is null: nothing bounds a revert that is forgotten")
        return
    if stack == IDLE:
        raise ExamError(
            f"configuration of stack {stack}: exam.endsAt: {shown(end)} is not for {stack}, which ends an exam; "
            f"allowed: null. Take it out: pulumi config set -s {stack} --path exam.endsAt null"
        )
    problem = "is past" if end <= now else "is less than an hour ahead" if end < now + NOTICE else None
    # A re-run in mid-exam is no new value.
    if problem is None or (end > now and bounded_at(settings) == live_bound(live)):
        return
    raise ExamError(
        f"configuration of stack {stack}: exam.endsAt: {shown(end)} {problem}; allowed: a time at least an hour ahead, "
        f"or null. Move it: pulumi config set -s {stack} --path exam.endsAt <time>; after the exam: pulumi up -s idle"
    )


def wanted(settings: Settings) -> str:
    """What the posture does about a forgotten revert, for the summary."""
    at = bounded_at(settings)
    return f"bounded from {shown(at)} on" if at else UNBOUNDED


def now(live: Live) -> str:
    """What is live of it, in the same words where it is the same."""
    at, action, rule = live_bound(live), live.scheduled_action, live.revert_rule
    if action is None:
        return "a mail only" if rule else UNBOUNDED
    mail = at and rule and rule.get("ScheduleExpression") == _cron(at)
    return f"bounded from {shown(at) if at else action['Schedule']} on{'' if mail else ', without a mail'}"


def _cron(at: datetime) -> str:
    return f"cron({at.minute} {at.hour} {at.day} {at.month} ? {at.year})"


def bound(
    name: str,
    settings: Settings,
    count: int,
    target: appautoscaling.Target,
    topic_arn: pulumi.Input[str],
    after: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """Declare the scheduled action and the rule with its target, if the posture names an end, once `after` is known.

    Not before: from then on the guard takes the exam to be running. `count` is idle's task count.
    https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-scheduled-scaling.html
    """
    end, at = settings.exam.ends_at, bounded_at(settings)
    if end is None or at is None:
        return
    key = f"{name}-{LINE.replace(' ', '-')}"
    action = appautoscaling.ScheduledAction(
        key,
        name=revert_name(settings),
        service_namespace=target.service_namespace,
        scalable_dimension=target.scalable_dimension,
        resource_id=target.resource_id,
        schedule=after.apply(lambda _: f"at({at:{AT}})"),
        scalable_target_action={"min_capacity": count, "max_capacity": count},
        opts=opts,
    )
    after_it = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[action]))
    rule = cloudwatch.EventRule(
        key,
        name=revert_name(settings),
        description=f"The exam ends {end.astimezone(UTC):{AT}} UTC. This tells that nobody has run pulumi up -s idle.",
        schedule_expression=_cron(at),
        opts=after_it,
    )
    text = (
        f"The exam ended at {shown(end)} and nobody has reverted it. "
        f"{settings.service} goes down to {tasks(count)} now, of the exam's size: run pulumi up -s idle."
    )
    cloudwatch.EventTarget(
        key,
        rule=rule.name,
        target_id=TARGET,
        arn=topic_arn,
        input=json.dumps(text),
        opts=after_it,
    )


def lifted(settings: Settings, live: Live, after: pulumi.Output[str]) -> pulumi.Output[str]:
    """`after`, once what bounds a forgotten revert is gone, where the posture names no end; else `after` as it is.

    The last thing of an `up`: one that fails leaves the revert bounded.
    """
    there = live.scheduled_action or live.revert_rule
    if settings.exam.ends_at or not there or pulumi.runtime.is_dry_run():
        return after
    return after.apply(lambda known: asyncio.to_thread(_lift, settings, live, str(known)))


def _lift(settings: Settings, live: Live, known: str) -> str:
    name = revert_name(settings)
    scaled = {**SCALING, "ResourceId": settings.resource_id}
    try:
        with explained(f"scheduled action and rule {name}", live.region, "deleting"):
            if live.revert_rule:
                events = live.access.client("events")
                _unless_gone(events.remove_targets, Rule=name, Ids=[TARGET])
                _unless_gone(events.delete_rule, Name=name)
            if live.scheduled_action:
                scaling = live.access.client("application-autoscaling")
                _unless_gone(scaling.delete_scheduled_action, **scaled, ScheduledActionName=name)
    except ExamError as error:
        raise pulumi.RunError(str(error)) from None
    return known


def _unless_gone(delete: Callable[..., object], **asked: object) -> None:
    try:
        delete(**asked)
    except ClientError as error:
        if error.response["Error"]["Code"] not in GONE:
            raise
