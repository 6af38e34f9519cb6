"""`python -m loadtest -s exam`: will it hold the class? Exit 0 (holds), 1 (does not hold), 2 (could not tell)."""

import argparse
import os
import secrets
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from components.errors import ExamError
from components.stack_files import STACKS
from loadtest import page, report, safety
from loadtest.accounts import read_accounts
from loadtest.config import FILE, read_exam
from loadtest.hall import PROJECT, WEB, Crew, end, start
from loadtest.job import Job, Place
from loadtest.progress import Progress
from loadtest.run import Order, run
from loadtest.verdict import Answer
from readiness.context import Context, context_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it in the project's folder and show the report; returns the exit code."""
    asked = _parser().parse_args(arguments)
    # A SIGTERM ends it as Ctrl-C does: by way of the clean-up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(highlight=False)
    try:
        if asked.compare:
            from loadtest.compare import compare  # noqa: PLC0415 - only this needs the sandbox

            compare(asked.students, _seed(asked), asked.reports, console)
            return Answer.HOLDS
        context = context_of(Path.cwd(), asked.stack)
        if asked.master_host:
            return _work(context, asked)
        return _lead(context, asked, console)
    except ExamError as error:
        print(error, file=sys.stderr)
        return Answer.CANNOT_TELL


def _lead(context: Context, asked: argparse.Namespace, console: Console) -> int:
    """The load test itself."""
    exam = read_exam(asked.exam)
    students = asked.students or context.settings.students
    crew = Crew(asked.processes, asked.expect_workers, asked.web)
    if asked.web:
        console.print(f"Locust's own page: http://{WEB[0]}:{WEB[1]}/")
    with Progress(console, exam, students) as show:
        result = run(context, Order(exam, students, _seed(asked), crew), console.print, show)
    made = report.report(result, exam, context.settings.application)
    kept = page.keep(made, asked.reports)
    console.print(report.screen(made))
    console.print(f"\nThe report: {kept}", soft_wrap=True)
    return made.verdict.answer


def _work(context: Context, asked: argparse.Namespace) -> int:
    """Be workers for a load test that another machine leads."""
    safety.check_address(context.address)
    read_accounts(1, PROJECT)
    place = Place(context.settings.url, context.address)
    processes = ["--processes", str(asked.processes)] if asked.processes > 1 else []
    locust = start(Job(place, os.getpid()), ["--worker", "--master-host", asked.master_host, *processes], sys.stderr)
    try:
        return locust.wait()
    finally:
        end(locust)


def _seed(asked: argparse.Namespace) -> int:
    return secrets.randbelow(1_000_000) if asked.seed is None else int(asked.seed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m loadtest", description="Will the posture hold the class?")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("-s", "--stack", choices=STACKS, help="the stack whose service is loaded")
    what.add_argument("--compare", action="store_true", help="several postures in the sandbox, one table")
    parser.add_argument("--exam", type=Path, default=Path(FILE), help=f"what the class does and must get ({FILE})")
    parser.add_argument("--students", type=_count, help="how many (the stack's own class)")
    parser.add_argument("--seed", type=int, help="of an earlier run: the same once more")
    parser.add_argument("--web", action="store_true", help="locust's own page beside it")
    parser.add_argument("--processes", type=_count, default=1, help="that the students are in")
    parser.add_argument("--expect-workers", type=_count, default=0, help="have the students in so many, elsewhere")
    parser.add_argument("--master-host", metavar="HOST", help="be a worker of the load test that HOST leads")
    parser.add_argument("--reports", type=Path, default=Path("reports"), help="where the report's folder is made")
    return parser


def _count(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError(text)
    return number


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
