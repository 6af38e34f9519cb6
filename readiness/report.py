"""What the operator, or a machine, is told: the verdict first, then every row."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from readiness.checks import posture
from readiness.row import Row, Verdict

STYLES = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "bold red", Verdict.UNKNOWN: "magenta"}


class Outcome(IntEnum):
    """Whether the exam can start, or all is back after it; the number is the exit code."""

    READY = 0
    NOT_READY = 1
    CANNOT_TELL = 2

    @property
    def text(self) -> str:
        """The outcome in words."""
        return self.name.lower().replace("_", " ")


# What the same outcomes are called after an exam.
AFTERWARDS = {Outcome.READY: "back and cleaned up", Outcome.NOT_READY: "not yet back and cleaned up"}


@dataclass(frozen=True)
class Report:
    """The rows of one look at the live things from the posture of `stack`, begun `at`, and the `seconds` it took.

    `over`: the exam is, and the question is not whether it can start, but whether everything is back and cleaned up.
    """

    stack: str
    at: datetime
    seconds: float
    rows: Sequence[Row]
    over: bool = False

    @property
    def outcome(self) -> Outcome:
        """One fail is enough not to start; without one, an unknown is enough not to tell. A warning stops nobody."""
        if self._count(Verdict.FAIL):
            return Outcome.NOT_READY
        return Outcome.CANNOT_TELL if self._count(Verdict.UNKNOWN) else Outcome.READY

    @property
    def live(self) -> str | None:
        """The posture that is live: exam, idle, neither; None where it is not known."""
        return posture.is_live(list(self.rows), self.stack)

    @property
    def headline(self) -> str:
        """The verdict in one line."""
        fails, unknowns, warnings = (self._count(v) for v in (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WARN))
        parts = [
            _counted(fails, "check fails", "checks fail"),
            _counted(unknowns, "has no answer", "have no answer"),
            _counted(warnings, "warning", "warnings"),
        ]
        told = ", ".join(part for part in parts if part) or f"all {len(self.rows)} rows are ok"
        text = AFTERWARDS.get(self.outcome, self.outcome.text) if self.over else self.outcome.text
        return f"{text.upper()}: {told}"

    def json(self) -> dict[str, Any]:
        """The report for machines, in the form of schema.json."""
        return {
            "stack": self.stack,
            "live": self.live,
            "verdict": self.outcome.text,
            "at": self.at.isoformat(timespec="seconds"),
            "seconds": round(self.seconds, 2),
            "rows": [asdict(row) for row in self.rows],
        }

    def _count(self, verdict: Verdict) -> int:
        return sum(row.verdict is verdict for row in self.rows)


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}" if count else ""


def screen(report: Report) -> RenderableType:
    """The whole report: if the other posture is live that first, the verdict, the rows."""
    colour = {Outcome.READY: "bold green", Outcome.NOT_READY: "bold red", Outcome.CANNOT_TELL: "bold magenta"}
    verdict = Text(report.headline, style=colour[report.outcome])
    when = Text(f"stack {report.stack}, {report.at:%Y-%m-%d %H:%M:%S} UTC, {report.seconds:.1f} s", style="dim")
    return Group(*banner(report), verdict, when, table(report.rows))


def banner(report: Report) -> list[RenderableType]:
    """In large, where what is live is the other stack's posture."""
    if report.live in (None, "neither", report.stack):
        return []
    large = f"THE {str(report.live).upper()} POSTURE IS LIVE, NOT {report.stack.upper()}"
    text = Text(f"{large}\n\npulumi up -s {report.stack}", justify="center", style="bold white on red")
    return [Panel(text, box=box.HEAVY, padding=(1, 2), style="bold white on red")]


def markdown(report: Report) -> str:
    """The whole report as GitHub shows it in a job's summary: the verdict, a table with a line for every row."""
    when = f"stack {report.stack}, live: {report.live or 'unknown'}, {report.at:%Y-%m-%d %H:%M:%S} UTC"
    head = ["", "area", "check", "found", "wanted", "to do"]
    # What is as wanted needs no more words.
    told = [
        [
            row.verdict,
            row.area,
            row.name,
            row.found,
            *(("", "") if row.verdict is Verdict.OK else (row.wanted, row.todo)),
        ]
        for row in report.rows
    ]
    lines = [f"| {' | '.join(map(_cell, cells))} |" for cells in [head, ["---"] * len(head), *told]]
    return "\n".join([f"## {report.headline}", "", when, "", *lines])


def _cell(text: str) -> str:
    """A text in a table of Markdown: it stays in its cell, and nothing in it but a link is markup."""
    words = [w if w.startswith("https://") else re.sub(r"([\\`*_{}\[\]<>|~$])", r"\\\1", w) for w in text.split()]
    return " ".join(words)


def table(rows: Sequence[Row]) -> Table:
    """The rows, an area's name only at its first; below what is not ok, what was wanted and what to do."""
    grid = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0), expand=True)
    grid.add_column(width=7, no_wrap=True)
    grid.add_column(width=13)
    grid.add_column(width=17)
    grid.add_column(ratio=1, overflow="fold")
    area, reasons = "", set[str]()
    for row in rows:
        grid.add_row(
            Text(row.verdict.value if row.verdict is Verdict.OK else row.verdict.upper(), style=STYLES[row.verdict]),
            row.area if row.area != area else "",
            Text(row.name),
            # What ails many rows, like missing credentials, is told once.
            Text("as above") if row.verdict is Verdict.UNKNOWN and row.found in reasons else _told(row),
        )
        area = row.area
        reasons.add(row.found)
    return grid


def _told(row: Row) -> Text:
    text = Text(row.found)
    if row.verdict is Verdict.OK and row.found.startswith("https://"):
        # A terminal opens it as a whole although it takes several lines.
        return Text(row.found, f"link {row.found}")
    if row.verdict is Verdict.OK:
        return text
    if row.wanted:
        text.append(f"\nwanted: {row.wanted}", style="dim")
    if row.todo:
        text.append(f"\n-> {row.todo}", style="bold")
    return text
