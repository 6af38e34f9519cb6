"""Whether somebody would be told, when something goes wrong during the exam."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from components import alarms, dashboard
from components.live import Live
from components.settings import Settings
from readiness.check import Check
from readiness.context import COMPONENT, Context
from readiness.row import UP, Row, fail, ok, warn

AREA = "alarms"
PENDING = "PendingConfirmation"  # in the place of a subscription's ARN


@dataclass(frozen=True)
class Alarms:
    """What runs now, the topic's ARN, and the posture's alarms as far as they exist, by name."""

    live: Live
    topic: str
    there: dict[str, dict[str, Any]]


def topic_arn(context: Context) -> str:
    """The ARN of the topic that alarms tell."""
    return f"arn:aws:sns:{context.live.region}:{context.live.account}:{COMPONENT}-alarms"


def read_alarms(context: Context) -> Alarms:
    """Look for the alarms that the posture declares."""
    names = sorted(wanted(context.settings, context.live))
    answer = context.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
    return Alarms(context.live, topic_arn(context), {alarm["AlarmName"]: alarm for alarm in answer})


def wanted(settings: Settings, live: Live) -> dict[str, float]:
    """The names of the posture's alarms, each with its threshold as AWS counts it."""
    return {f"{COMPONENT}-{alarm.key}": alarm.threshold for alarm in alarms.table(settings, live)}


def judge_alarms(settings: Settings, found: Alarms) -> list[Row]:
    """All exist with the posture's thresholds, none has gone off, each tells the topic."""
    exist = _exist(wanted(settings, found.live), found)
    return [exist, _quiet(found), _tell(found)] if found.there else [exist]


def _exist(thresholds: dict[str, float], found: Alarms) -> Row:
    text = f"all {len(thresholds)}, thresholds as the posture says"
    if missing := [_short(name) for name in thresholds if name not in found.there]:
        return fail(AREA, "alarms", f"missing: {', '.join(missing)}", f"{len(thresholds)} alarms", UP)
    other = [
        f"{_short(name)} at {found.there[name]['Threshold']:g} instead of {threshold:g}"
        for name, threshold in thresholds.items()
        if found.there[name]["Threshold"] != threshold
    ]
    return fail(AREA, "alarms", "; ".join(other), text, UP) if other else ok(AREA, "alarms", text, text)


def _quiet(found: Alarms) -> Row:
    states = {_short(name): alarm["StateValue"] for name, alarm in found.there.items()}
    if off := [name for name, state in states.items() if state == "ALARM"]:
        return fail(AREA, "state", f"in ALARM: {', '.join(off)}", "none in ALARM", "see docs/runbook.md for each")
    silent = sum(state == "INSUFFICIENT_DATA" for state in states.values())
    return ok(AREA, "state", "none in ALARM" + (f", {silent} without data yet" if silent else ""), "none in ALARM")


def _tell(found: Alarms) -> Row:
    mute = [
        _short(name)
        for name, alarm in found.there.items()
        if not alarm["ActionsEnabled"] or found.topic not in alarm["AlarmActions"]
    ]
    if mute:
        return fail(AREA, "actions", f"off for {', '.join(mute)}", "on for all", UP)
    return ok(AREA, "actions", "on for all", "on for all")


def _short(name: str) -> str:
    return name.removeprefix(f"{COMPONENT}-")


def read_rule(context: Context) -> str:
    """The state of the event rule for deployments; empty where there is none."""
    events = context.client("events")
    try:
        return str(events.describe_rule(Name=f"{COMPONENT}-deployment")["State"])
    except events.exceptions.ResourceNotFoundException:
        return ""


def rule(_: Settings, state: str) -> Row:
    """The rule is there and enabled."""
    name = "deployment rule"
    if state != "ENABLED":
        return fail(AREA, name, f"is {state}" if state else "missing", "ENABLED", UP)
    return ok(AREA, name, state, "ENABLED")


def read_dashboard(context: Context) -> str:
    """Where the console shows the dashboard; empty where there is none."""
    cloudwatch = context.client("cloudwatch")
    try:
        cloudwatch.get_dashboard(DashboardName=COMPONENT)
    except (cloudwatch.exceptions.ResourceNotFound, cloudwatch.exceptions.DashboardNotFoundError):
        return ""
    return dashboard.console(COMPONENT, context.access.region)


def shown(_: Settings, link: str) -> Row:
    """There is a dashboard to look at; without one nothing goes wrong."""
    return ok(AREA, "dashboard", link, "there") if link else warn(AREA, "dashboard", "missing", "there", UP)


def read_subscriptions(context: Context) -> list[dict[str, Any]] | None:
    """The topic's subscriptions; None where there is no topic."""
    try:
        answer = context.client("sns").list_subscriptions_by_topic(TopicArn=topic_arn(context))
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NotFound", "NotFoundException"):
            return None
        raise
    return list(answer["Subscriptions"])


def subscriptions(settings: Settings, found: list[dict[str, Any]] | None) -> Row:
    """Everybody of `notify` is subscribed and has confirmed; that it is nobody is worth a warning."""
    name = "subscriptions"
    if found is None:
        return fail(AREA, name, "no topic: nobody is told", "a topic", UP)
    addresses = {subscription["Endpoint"] for subscription in found}
    pending = sorted(s["Endpoint"] for s in found if s["SubscriptionArn"] == PENDING)
    if missing := sorted(set(settings.notify) - addresses):
        return fail(AREA, name, f"not subscribed: {', '.join(missing)}", "everybody of notify", UP)
    if pending:
        todo = "open the mail from AWS Notifications there and click on Confirm subscription"
        return fail(AREA, name, f"not confirmed, so not told: {', '.join(pending)}", "confirmed", todo)
    if not found:
        todo = "pulumi config set -s {stack} --path 'notify[0]' you@school.example, then pulumi up -s {stack}"
        return warn(AREA, name, "nobody is told", "somebody", todo)
    return ok(AREA, name, f"confirmed: {', '.join(sorted(addresses))}", "confirmed")


CHECKS = (
    Check(AREA, "alarms", read_alarms, judge_alarms),
    Check(AREA, "dashboard", read_dashboard, shown),
    Check(AREA, "deployment rule", read_rule, rule),
    Check(AREA, "subscriptions", read_subscriptions, subscriptions),
)
