"""What the operator, or a machine, is told of a run: one sentence first, then the tables.

The tables are made once, as text: the terminal and the page show the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from components.figures import size
from components.settings import Application
from loadtest.config import Exam
from loadtest.criteria import Criterion
from loadtest.figures import Figures, Line, Span, figures
from loadtest.record import Outcome, Result, Verb
from loadtest.verdict import Answer, Verdict, clock, judge

STYLES = {
    Answer.HOLDS: "bold green",
    Answer.DOES_NOT_HOLD: "bold red",
    Answer.CANNOT_TELL: "bold magenta",
}
SAMPLED = {
    "desired": "desired tasks",
    "running": "running tasks",
    "healthy": "healthy targets",
    "cpu_task": "CPU, % of the task",
    "cpu_usable": "CPU, % of usable",
    "memory": "memory, % of the task",
    "errors_5xx": "HTTP 5xx answers",
    "connections": "database connections",
}


@dataclass(frozen=True)
class Report:
    """A run's verdict and figures, and its record, from which both can be worked out again."""

    verdict: Verdict
    figures: Figures
    result: Result


REPORT = TypeAdapter(Report)


@dataclass(frozen=True)
class Sheet:
    """A table as text: its title, the columns' heads, the rows; the first column names the row."""

    title: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]


def report(result: Result, exam: Exam, application: Application) -> Report:
    """The report of a run, judged by the exam's criteria; `application` is the posture's facts about it."""
    found = figures(result)
    return Report(judge(result, found, exam, application), found, result)


def write(report: Report, path: Path) -> None:
    """Write the report as JSON."""
    path.write_bytes(REPORT.dump_json(report, indent=1))


def read(path: Path) -> Report:
    """A report from its JSON. Raises pydantic.ValidationError, OSError."""
    return REPORT.validate_json(path.read_bytes())


def facts(result: Result) -> str:
    """What ran where, in one line."""
    posture = result.posture
    task = size(int(posture["cpu"]), int(posture["memory"]))
    return (
        f"{result.students} students on stack {result.stack}: {posture['tasks']:g} x {task} "
        f"({posture['min']:g}-{posture['max']:g} tasks, {posture['usd_per_hour']:.2f} USD an hour); "
        f"{result.started[:19].replace('T', ' ')} UTC, {clock(result.seconds)} min, seed {result.seed}"
    )


def sheets(report: Report) -> list[Sheet]:
    """The tables of a report."""
    found, result = report.figures, report.result
    times = ("p50 s", "p95 s", "longest")
    return [
        Sheet("Criteria", ("", "found", "limit", "", "since"), [_criterion(c) for c in report.verdict.criteria]),
        Sheet("What students did", ("", "count", "right", "else", *times), [_line(line) for line in found.verbs]),
        Sheet(
            "Runs by program",
            ("", "count", "right", "else", *times[:2], "alone s", "slower"),
            [(*_line(p)[:-1], _number(p.baseline), _times(p.slower)) for p in found.programs],
        ),
        Sheet("By phase", ("", "count", "right", "else", *times), [_line(line) for line in found.phases if line.count]),
        Sheet(
            "AWS while it ran",
            ("", "lowest", "mean", "highest"),
            [_span(title, found.sampled[name]) for name, title in SAMPLED.items()],
        ),
        Sheet("The load test itself", ("", ""), list(_generator(result))),
    ]


def _criterion(criterion: Criterion) -> tuple[str, ...]:
    unit = f" {criterion.unit}" if criterion.unit else ""
    found = "never" if criterion.found is None else f"{criterion.found:g}{unit}"
    since = "" if criterion.since is None else clock(criterion.since)
    return criterion.name, found, f"{criterion.limit:g}{unit}", "held" if criterion.held else "BROKEN", since


def _line(line: Line) -> tuple[str, ...]:
    right = line.outcomes.get(Outcome.OK, 0)
    rest = ", ".join(f"{count} {outcome}" for outcome, count in line.outcomes.items() if outcome != Outcome.OK)
    # A time that no percentile has is one that never came, where there was anything to come.
    never = "never" if line.count else ""
    # Of a socket what counts is that it broke, not how long that took.
    times = [""] * 3 if line.name == Verb.SOCKET else [_number(t, never) for t in (line.p50, line.p95, line.longest)]
    return line.name, str(line.count), str(right), rest, *times


def _span(title: str, span: Span) -> tuple[str, ...]:
    return title, _number(span.lowest), _number(span.mean), _number(span.highest)


def _generator(result: Result) -> Iterable[tuple[str, ...]]:
    generator = result.generator
    yield "CPU of its busiest process", f"{generator.cpu_percent:.0f} % of a core"
    yield "students late by", f"{generator.late_seconds:.2f} s at most"
    yield "processes", str(generator.processes)
    for note in result.notes:
        yield "note", note


def _number(value: float | None, none: str = "") -> str:
    return none if value is None else f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"  # noqa: PLR2004 (3 digits)


def _times(value: float | None) -> str:
    return "" if value is None else f"{value:g} x"


def screen(report: Report) -> RenderableType:
    """The report for a terminal, 80 columns are enough."""
    verdict = report.verdict
    return Group(
        Text(verdict.sentence, style=STYLES[verdict.answer]),
        Text(facts(report.result), style="dim"),
        *(part for sheet in sheets(report) if sheet.rows for part in ("", table(sheet))),
    )


def table(sheet: Sheet) -> Table:
    """A table for a terminal."""
    grid = Table(
        title=sheet.title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 1, 0, 0)
    )
    for number, name in enumerate(sheet.head):
        words = name == "else" or number == 0 or len(sheet.head) == 2  # noqa: PLR2004 (a name and a text)
        grid.add_column(name, justify="left" if words else "right", no_wrap=not words, header_style="dim")
    for row in sheet.rows:
        grid.add_row(*(Text(cell, style="bold red" if cell == "BROKEN" else "") for cell in row))
    return grid
