"""`make rehearse`: the whole exam on this machine, in a sandbox of its own, with what may go wrong in it.

AWS's clock runs faster (process.CLASS_SPEED) for what takes minutes there: tasks that start, metrics, cool-downs,
draining. What students wait for takes the time that it takes. Every row of the table at the end was measured.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import IO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from components.errors import ExamError
from components.guard import FORCE
from loadtest import page, report
from loadtest.record import Activity
from loadtest.report import Report
from rehearsal.acts import AFTER, BEFORE, DURING, Act
from rehearsal.stage import Exam
from sandbox import engine, process
from sandbox.process import PROJECT, SandboxError

EXAM, REPORTS = PROJECT / "rehearsal" / "exam.yaml", PROJECT / "reports"
LIMIT = 300.0  # seconds that the class may stay when all acts are over


@dataclass(frozen=True)
class Row:
    """What was to be shown, what was measured, and whether that shows it."""

    what: str
    measured: str
    held: bool


def main() -> int:
    """Rehearse; 0 if everything was shown, 1 if not, 130 after Ctrl-C."""
    # A SIGTERM ends it as Ctrl-C does: by way of the clean-up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console, began = Console(highlight=False), time.monotonic()
    rows: list[Row] = []

    def show(row: Row) -> None:
        rows.append(row)
        console.print(f"{time.monotonic() - began:4.0f} s  {row.what}: {row.measured}", soft_wrap=True, markup=False)

    try:
        with tempfile.TemporaryDirectory(prefix="pythonide-exam-rehearsal-") as folder, _sandbox(Path(folder)) as exam:
            _rehearse(exam, Path(folder), show)
        kept = page.keep(marked(exam.seen, exam.marks), REPORTS)
    except KeyboardInterrupt:
        console.print("Stopped; nothing is left running.")
        return 130
    except (SandboxError, ExamError) as error:
        print(error, file=sys.stderr)
        return 1
    console.print("", table(rows, time.monotonic() - began), f"\nThe report: {kept}", soft_wrap=True)
    return 0 if all(row.held for row in rows) else 1


@contextmanager
def _sandbox(home: Path) -> Iterator[Exam]:
    """A sandbox in a folder, and this process's environment to work on it."""
    for name in (*process.ELSEWHERE, FORCE):
        os.environ.pop(name, None)
    os.environ |= process.environment_apart(home) | process.CLASS_PACE
    try:
        started = subprocess.run([sys.executable, "-m", "sandbox", "start"], cwd=PROJECT, check=False)
        server = process.find(home)
        if started.returncode or server is None:
            raise SandboxError("the sandbox did not start")
        variables = process.exam_variables(home, server)
        if variables["EXAM_ADDRESS"] == process.NOBODY:
            raise SandboxError("there is no application to rehearse with: run make setup for HAProxy and PostgreSQL")
        os.environ |= engine.environment(home, server.port) | variables
        yield Exam(server)
    finally:
        process.stop(home)


def _rehearse(exam: Exam, folder: Path, show: Callable[[Row], None]) -> None:
    """The whole of it: `show` is told each row as soon as it is there. Raises ExamError where it cannot go on."""

    def play(acts: Sequence[Act]) -> None:
        for act in acts:
            exam.marks[act.what] = time.time()
            measured, held = act.play(exam)
            show(Row(act.what, measured, held))
            if act.needed and not held:
                raise ExamError("Without that the rehearsal cannot go on")

    play(BEFORE)
    reports, path = folder / "reports", folder / "load-test.log"
    with path.open("wb") as log, _load_test(reports, log) as running:
        exam.class_is_over = lambda: running.poll() is not None
        play(DURING)
        with suppress(subprocess.TimeoutExpired):
            running.wait(LIMIT)
    made = next(reports.glob("*/report.json"), None)
    if made is None:
        said = path.read_text().strip().splitlines() or ["it said nothing"]
        raise ExamError(f"The load test made no report: {said[-1]}")
    exam.report = report.read(made)
    play(AFTER)


@contextmanager
def _load_test(reports: Path, log: IO[bytes]) -> Iterator["subprocess.Popen[bytes]"]:
    """The class, in a process of its own; on the way out it leaves, whatever it was at."""
    command = ["-m", "loadtest", "-s", "exam", "--exam", str(EXAM), "--reports", str(reports)]
    running = subprocess.Popen(
        [sys.executable, *command],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        yield running
    finally:
        if running.poll() is None:
            running.send_signal(signal.SIGINT)
        running.wait()


def marked(made: Report, marks: Mapping[str, float]) -> Report:
    """The load test's report with what the rehearsal did meanwhile (seconds since the epoch) among its activities."""
    start = datetime.fromisoformat(made.result.started).timestamp()
    acts = [Activity(round(at - start, 1), f"rehearsal: {what}") for what, at in marks.items()]
    during = [act for act in acts if 0 <= act.at <= made.result.seconds]
    activities = sorted([*made.result.activities, *during], key=lambda activity: activity.at)
    return replace(made, result=replace(made.result, activities=activities))


def table(rows: Sequence[Row], seconds: float) -> Table:
    """What was shown."""
    title = f"Rehearsal: {sum(row.held for row in rows)} of {len(rows)} shown in {seconds:.0f} s"
    grid = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name in ("", "what", "measured"):
        grid.add_column(name, header_style="dim")
    for row in rows:
        grid.add_row(Text("ok", "green") if row.held else Text("NOT", "bold red"), row.what, Text(row.measured))
    return grid


if __name__ == "__main__":
    sys.exit(main())
