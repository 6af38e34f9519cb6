"""What the application logs as an error."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from components import task_definition
from components.credentials import masked
from components.errors import ExamError
from components.settings import Settings
from readiness import span as spans
from readiness.check import Check
from readiness.context import Context
from readiness.row import Row, ok, warn

AREA, NAME = "logs", "errors"
SPAN = timedelta(minutes=15)
# Any of these words: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
PATTERN = "?ERROR ?CRITICAL ?FATAL ?Traceback"
PAGES, LINES, WIDTH = 5, 3, 160  # of up to 1 MB; shown; characters


@dataclass(frozen=True)
class Errors:
    """The log group, its error events of the last `span`, and whether there may be more than were read."""

    group: str
    events: list[dict[str, Any]]
    more: bool
    span: timedelta = SPAN


def log_group(context: Context) -> str:
    """The log group of the running definition. Raises ExamError where it has none."""
    options = task_definition.log_options(context.live.task_definition, context.settings.container)
    if not (group := options.get("awslogs-group")):
        raise ExamError(f"{context.live.revision} logs to no log group; give it the awslogs driver")
    return group


def read(context: Context, span: timedelta = SPAN) -> Errors:
    """Look for errors of the last `span`, a bounded number of pages."""
    group, logs = log_group(context), context.client("logs")
    asked: dict[str, Any] = {
        "logGroupName": group,
        "startTime": int((context.now - span).timestamp() * 1000),
        "filterPattern": PATTERN,
    }
    events: list[dict[str, Any]] = []
    for _ in range(PAGES):
        answer = logs.filter_log_events(**asked)
        events += answer["events"]
        if "nextToken" not in answer:
            return Errors(group, events, False, span)
        asked["nextToken"] = answer["nextToken"]
    return Errors(group, events, True, span)


def errors(_: Settings, found: Errors) -> Row:
    """None is ok; some are a warning with the last lines, credentials masked: the application lives with many."""
    span = f"in {spans.words(found.span)}"
    if not found.events:
        return ok(AREA, NAME, f"none {span}" + (", as far as was read" if found.more else ""), "none")
    lines = [_line(event) for event in sorted(found.events, key=lambda event: int(event["timestamp"]))[-LINES:]]
    count = f"{'at least ' if found.more else ''}{len(found.events)} {span}"
    return warn(
        AREA, NAME, "\n".join([count, *lines]), "none", f"aws logs tail {found.group} --since {spans.short(found.span)}"
    )


def _line(event: dict[str, Any]) -> str:
    text = masked(" ".join(str(event["message"]).split()))
    return text if len(text) <= WIDTH else f"{text[:WIDTH]} ..."


CHECKS = (Check(AREA, NAME, read, errors),)
