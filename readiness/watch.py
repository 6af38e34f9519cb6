"""`--watch`: the checklist and the last hour's figures on one screen, kept up to date until Ctrl-C."""

import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from components import metrics
from components.errors import ExamError
from readiness import gauges
from readiness.check import LIMIT, Check
from readiness.checks import CHECKS
from readiness.context import Context, context_of
from readiness.gauges import Gauge
from readiness.metrics import read
from readiness.report import Report, screen, table
from readiness.row import Row, Verdict, unknown
from readiness.runner import rows_of, run

FIGURES_EVERY, CHECKS_EVERY, DRAWN_EVERY = 10, 30, 1  # seconds
# The checks that use the application, on every task, are not for every half minute of an exam.
SLOW_EVERY = 300
SIDE_BY_SIDE = 160  # columns from which on the checklist stands beside the figures
SLOW = tuple(check for check in CHECKS if check.limit > LIMIT)
QUICK = tuple(check for check in CHECKS if check.limit <= LIMIT)


@dataclass
class Watch:
    """What is known so far of `stack`, whose project is in `folder`. Three readers change it, the screen shows it."""

    folder: Path
    stack: str
    context: Context
    rows: dict[Check, list[Row]] = field(default_factory=dict)
    report: Report | None = None
    lines: list[Gauge] = field(default_factory=list)
    trouble: list[Row] = field(default_factory=list)

    def look(self, checks: Sequence[Check]) -> None:
        """Run `checks` anew, with fresh settings and credentials."""
        start = time.monotonic()
        try:
            self.context = context_of(self.folder, self.stack)
        except ExamError as error:
            row = unknown("settings", self.stack, str(error).splitlines()[0])
            self.report = Report(self.stack, datetime.now(UTC), 0, [row])
            return
        for check, found in run(self.context, checks):
            self.rows[check] = found
        if not self.rows.keys() >= set(QUICK):
            return
        waiting = {check: [unknown(check.area, check.name, "asking ...")] for check in CHECKS if check not in self.rows}
        rows = {**self.rows, **waiting}
        listed = [row for check in CHECKS for row in rows[check]]
        self.report = Report(self.stack, self.context.now, time.monotonic() - start, listed)

    def measure(self) -> None:
        """Read the figures; what goes wrong is a row in their place."""
        self.trouble = rows_of(Check("figures", "CloudWatch", self._read, lambda _, __: []), self.context)

    def _read(self, context: Context) -> None:
        live = context.live
        wanted = {key: metric for key, metric in metrics.table(context.settings, live).items() if key in gauges.SHOWN}
        found = read(context.client("cloudwatch"), wanted, datetime.now(UTC))
        self.lines = gauges.gauges(context.settings, live, found)

    @property
    def complete(self) -> bool:
        """Whether both halves have something to show."""
        return self.report is not None and bool(self.lines or self.trouble)


def watch(folder: Path, stack: str, console: Console) -> int:
    """Show `stack` until Ctrl-C (or SIGTERM), in place on a terminal, else as one plain picture after the other.

    Returns the exit code. Raises ExamError for a missing or wrong stack file.
    """
    now = Watch(folder, stack, context_of(folder, stack))
    stop = threading.Event()
    for seconds, job in (
        (FIGURES_EVERY, now.measure),
        (CHECKS_EVERY, lambda: now.look(QUICK)),
        (SLOW_EVERY, lambda: now.look(SLOW)),
    ):
        threading.Thread(target=_every, args=(seconds, stop, job), daemon=True).start()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _draw(now, console) if console.is_terminal and not console.is_dumb_terminal else _print(now, console)
    except KeyboardInterrupt:
        pass
    finally:
        stop.set()
    return 0


def _every(seconds: float, stop: threading.Event, job: Callable[[], None]) -> None:
    while not stop.is_set():
        job()
        stop.wait(seconds)


def _draw(now: Watch, console: Console) -> None:
    with Live(console=console, auto_refresh=False) as live:
        while True:
            live.update(shown(now, datetime.now(UTC), console.width), refresh=True)
            time.sleep(DRAWN_EVERY)


def _print(now: Watch, console: Console) -> None:
    while True:
        while not now.complete:
            time.sleep(DRAWN_EVERY)
        console.print(shown(now, datetime.now(UTC), console.width), "")
        time.sleep(CHECKS_EVERY)


def shown(watched: Watch, now: datetime, width: int) -> RenderableType:
    """The screen at `now` in `width` columns: figures and checklist, side by side where there is room."""
    parts = (_figures(watched, now), _checklist(watched.report))
    if width < SIDE_BY_SIDE:
        return Group(parts[0], "", parts[1])
    beside = Table.grid(padding=(0, 2), expand=True)
    beside.add_column(width=sum(gauges.WIDTHS) + len(gauges.WIDTHS))
    beside.add_column(ratio=1)
    beside.add_row(*parts)
    return beside


def _figures(watched: Watch, now: datetime) -> RenderableType:
    head = Text(f"{now:%Y-%m-%d %H:%M:%S} UTC, the last hour; Ctrl-C ends", "dim")
    if watched.trouble:
        return Group(head, table(watched.trouble))
    return Group(head, gauges.grid(watched.lines, now), Text("a full bar: the alarm, of tasks the maximum", "dim"))


def _checklist(report: Report | None) -> RenderableType:
    """The verdict and the rows that are not ok, of the others how many there are: it must fit beneath the figures."""
    if report is None:
        return Text("asking ...")
    rest = [row for row in report.rows if row.verdict is not Verdict.OK]
    count = Text(f"{len(report.rows) - len(rest)} of {len(report.rows)} rows are ok", "green")
    if not rest:
        return Group(Text(report.headline, "bold green"), count)
    return Group(screen(Report(report.stack, report.at, report.seconds, rest)), count)
