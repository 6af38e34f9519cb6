"""`python -m readiness -s exam`: can the exam start? Reads only, exits with 0 (ready), 1 (not) or 2 (cannot tell).

With `--since`, after the exam: is everything back and cleaned up? With `--database`, days before it: what slows the
database, or fills it?
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.live import Live

from components.errors import ExamError
from components.stack_files import STACKS
from readiness import span as spans
from readiness import submissions
from readiness.check import Check
from readiness.checks import CHECKS, after
from readiness.context import Context, context_of
from readiness.health import CHECKS as HEALTH
from readiness.report import Outcome, Report, markdown, screen, table
from readiness.row import Row
from readiness.runner import run
from readiness.watch import watch


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the checklist in the project's folder and show it; returns the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        context = context_of(Path.cwd(), asked.stack)
        span = _span(asked)
    except ExamError as error:
        print(error, file=sys.stderr)
        return Outcome.CANNOT_TELL
    if asked.watch:
        return watch(Path.cwd(), asked.stack, Console(highlight=False))
    checks, console = HEALTH if asked.database else _checks(span), Console(highlight=False)
    plain = asked.json or asked.markdown
    report = replace(look(context, checks) if plain else _shown(console, context, checks), over=span is not None)
    if asked.submissions and span:
        report = _with_submissions(report, context, span)
    if asked.json:
        print(json.dumps(report.json(), indent=2))
    elif asked.markdown:
        print(markdown(report))
    else:
        console.print(screen(report))
    return report.outcome


def _checks(span: timedelta | None) -> tuple[Check, ...]:
    """All of them; after an exam with the clean-up in the place of what it tells better."""
    if span is None:
        return CHECKS
    return (*(check for check in CHECKS if (check.area, check.name) not in after.OVER), *after.checks(span))


def look(context: Context, checks: Sequence[Check] = CHECKS, show: "Live | None" = None) -> Report:
    """Run every check once; `show`, if given, is kept up to date with the rows that are there."""
    start = time.monotonic()
    rows: dict[Check, list[Row]] = {}
    for check, found in run(context, checks):
        rows[check] = found
        if show:
            show.update(table(in_order(checks, rows)))
    return Report(context.stack, context.now, time.monotonic() - start, in_order(checks, rows))


def in_order(checks: Sequence[Check], rows: dict[Check, list[Row]]) -> list[Row]:
    """The rows in the order of the checks, however they came."""
    return [row for check in checks for row in rows.get(check, [])]


def _shown(console: Console, context: Context, checks: Sequence[Check]) -> Report:
    """The report; on a terminal the rows are seen while they come."""
    if not console.is_terminal:
        return look(context, checks)
    with Live(console=console, transient=True) as live:
        return look(context, checks, live)


def _with_submissions(report: Report, context: Context, span: timedelta) -> Report:
    """The report with the students' folders; in the main thread, where Ctrl-C stops the task that looks."""
    start = time.monotonic()
    rows = submissions.rows(context, span, partial(print, "submissions:", file=sys.stderr, flush=True))
    return replace(report, rows=[*report.rows, *rows], seconds=report.seconds + time.monotonic() - start)


def _span(asked: argparse.Namespace) -> timedelta | None:
    """How far the clean-up rows look back; None without them. Raises ExamError for what does not go together."""
    if asked.since is None and asked.submissions:
        raise ExamError("--submissions needs --since, the time since the exam began: --since 3h")
    if asked.database and (asked.watch or asked.since is not None):
        raise ExamError("--database looks at the database alone; without --watch, --since and --submissions")
    if asked.since is not None and asked.watch:
        raise ExamError("--since is for after the exam, --watch for during it; choose one")
    if asked.since is not None and asked.stack != "idle":
        raise ExamError("--since is for after the exam, when idle should be back; use it with -s idle")
    return None if asked.since is None else spans.parse(asked.since)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m readiness", description="Can the exam start? Reads only.")
    parser.add_argument("-s", "--stack", required=True, choices=STACKS, help="the posture that should be live")
    parser.add_argument("--watch", action="store_true", help="keep it up to date, with the last hour's figures")
    parser.add_argument("--since", metavar="3h", help="after the exam: what it cost, what went wrong, who worked")
    parser.add_argument("--submissions", action="store_true", help="with --since: the students' files, by a short task")
    parser.add_argument("--database", action="store_true", help="the database alone: what slows it, the SQL that helps")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="for machines: readiness/schema.json")
    form.add_argument("--markdown", action="store_true", help="for the summary of a job on GitHub")
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
