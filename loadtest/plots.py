"""The plots of a run as SVG, all over the same axis of time, with the phases behind them and the activities marked."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from loadtest.figures import taken
from loadtest.record import Event, Outcome, Result, Sample, Verb
from loadtest.verdict import clock

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 900, 190, 46, 10, 18, 22
BARS = 60
COLOURS = {
    Outcome.OK: "#2a7f4f",
    Outcome.WRONG: "#d9a400",
    Outcome.FOREIGN: "#b35c00",
    Outcome.KILLED: "#c0212f",
}
OTHER = "#6b3fa0"
TICKS = (5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600)


@dataclass(frozen=True)
class Axes:
    """Where a moment and a value are drawn: `seconds` across, `top` up."""

    seconds: float
    top: float

    def x(self, at: float) -> float:
        """Across, for seconds since the start."""
        return round(LEFT + (WIDTH - LEFT - RIGHT) * min(max(at, 0) / self.seconds, 1), 1)

    def y(self, value: float) -> float:
        """Up, for a value; above the top it is drawn at the top."""
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(value / self.top, 1), 1)


def plots(result: Result) -> list[tuple[str, str]]:
    """The plots that there is something to draw for: title and SVG."""
    runs = [event for event in result.events if event.verb == Verb.RUN]
    drawn = []
    if runs:
        drawn += [("Time of each run, seconds", _times(result, runs)), ("Runs by outcome", _bars(result, runs))]
    if any(sample.running is not None for sample in result.samples):
        counts = {name: _reader(name) for name in ("desired", "running", "healthy")}
        drawn.append(("Tasks", _lines(result, counts, steps=True)))
    if any(sample.cpu_usable is not None for sample in result.samples):
        percents = {"cpu_usable": _reader("cpu_usable"), "cpu_task": _reader("cpu_task"), "memory": _reader("memory")}
        drawn.append(("CPU and memory, percent", _lines(result, percents, top=100)))
    return drawn


NAMES = {"cpu_usable": "CPU of usable", "cpu_task": "CPU of the task", "memory": "memory of the task"}
LINES = {
    "desired": "#8a8f98",
    "running": "#2b62b5",
    "healthy": "#2a7f4f",
    "cpu_usable": "#c0212f",
    "cpu_task": "#d9a400",
    "memory": "#2b62b5",
}


def _reader(name: str) -> Callable[[Sample], float | None]:
    return lambda sample: getattr(sample, name)


def _times(result: Result, runs: Sequence[Event]) -> str:
    ended = [event.seconds for event in runs if not math.isinf(taken(event))]
    axes = Axes(result.seconds, _above(max(ended, default=1.0)))
    marks = {}
    for outcome in dict.fromkeys(event.outcome for event in runs):
        # A stroke of no length with round ends is a dot, and short to write.
        dots = (f"M{axes.x(e.at)} {axes.y(e.seconds)}h0" for e in runs if e.outcome == outcome)
        marks[outcome] = (
            f'<path d="{"".join(dots)}" stroke="{colour(outcome)}" stroke-width="4" stroke-linecap="round" '
            'stroke-opacity=".7" fill="none"/>'
        )
    return _frame(result, axes, "".join(marks.values()), {outcome: colour(outcome) for outcome in marks})


def _bars(result: Result, runs: Sequence[Event]) -> str:
    """Stacked bars: how many runs began in each stretch, by outcome."""
    width = result.seconds / BARS
    outcomes = list(dict.fromkeys([Outcome.OK, *COLOURS, *(event.outcome for event in runs)]))
    counts = {outcome: [0] * BARS for outcome in outcomes}
    for event in runs:
        counts[event.outcome][min(max(int(event.at / width), 0), BARS - 1)] += 1
    axes = Axes(result.seconds, _above(max(sum(column) for column in zip(*counts.values(), strict=True))))
    parts = []
    for bar in range(BARS):
        base = 0
        for outcome in outcomes:
            count = counts[outcome][bar]
            if count:
                left, right = axes.x(bar * width), axes.x((bar + 1) * width)
                top, bottom = axes.y(base + count), axes.y(base)
                parts.append(
                    f'<rect x="{left}" y="{top}" width="{right - left - 1:.1f}" height="{bottom - top:.1f}" '
                    f'fill="{colour(outcome)}"><title>{count} {escape(outcome)}</title></rect>'
                )
            base += count
    return _frame(result, axes, "".join(parts), {o: colour(o) for o in outcomes if any(counts[o])})


def _lines(
    result: Result,
    series: dict[str, Callable[[Sample], float | None]],
    top: float | None = None,
    *,
    steps: bool = False,
) -> str:
    points = {
        name: [(sample.at, value) for sample in result.samples if (value := read(sample)) is not None]
        for name, read in series.items()
    }
    highest = max((value for line in points.values() for _, value in line), default=1.0)
    axes = Axes(result.seconds, top or _above(highest))
    parts = []
    for name, line in points.items():
        if line:
            to = "H{0}V{1}" if steps else "L{0} {1}"
            path = f"M{axes.x(line[0][0])} {axes.y(line[0][1])}"
            path += "".join(to.format(axes.x(at), axes.y(value)) for at, value in line[1:])
            parts.append(f'<path d="{path}" stroke="{LINES[name]}" stroke-width="2" fill="none"/>')
    return _frame(result, axes, "".join(parts), {NAMES.get(n, n): LINES[n] for n, line in points.items() if line})


def colour(outcome: str) -> str:
    """The colour of an outcome."""
    return next((value for known, value in COLOURS.items() if known == outcome), OTHER)


def _above(value: float) -> float:
    """A round number not below a value."""
    scale = 10 ** math.floor(math.log10(value)) if value > 0 else 1
    return next(step * scale for step in (1, 2, 3, 5, 10) if step * scale >= value)


def _frame(result: Result, axes: Axes, drawn: str, legend: dict[str, str]) -> str:
    """A plot with its axes, the phases behind it, the activities over it, and the legend above it."""
    bottom = HEIGHT - BOTTOM
    parts = []
    for number, phase in enumerate(result.phases):
        left, right = axes.x(phase.begin), axes.x(phase.end)
        shade = "#f3f4f6" if number % 2 else "#e8ebf0"
        parts.append(f'<rect x="{left}" y="{TOP}" width="{right - left:.1f}" height="{bottom - TOP}" fill="{shade}"/>')
        parts.append(f'<text x="{left + 4}" y="{TOP + 12}" class="phase">{escape(phase.name)}</text>')
    for value in (0, axes.top / 2, axes.top):
        parts.append(f'<text x="{LEFT - 5}" y="{axes.y(value) + 4}" text-anchor="end">{value:g}</text>')
        parts.append(f'<path d="M{LEFT} {axes.y(value)}H{WIDTH - RIGHT}" stroke="#c9ced6" stroke-width=".7"/>')
    step = next((tick for tick in TICKS if result.seconds / tick <= 12), TICKS[-1])  # noqa: PLR2004 (labels that fit)
    for at in range(0, int(result.seconds) + 1, step):
        parts.append(f'<text x="{axes.x(at)}" y="{HEIGHT - 6}" text-anchor="middle">{clock(at)}</text>')
    parts.append(drawn)
    for activity in result.activities:
        x = axes.x(activity.at)
        parts.append(
            f'<path d="M{x} {TOP}V{bottom}" stroke="#111" stroke-dasharray="3 3"><title>{clock(activity.at)} '
            f"{escape(activity.text)}</title></path>"
        )
    x = float(LEFT)
    for name, ink in legend.items():
        parts.append(
            f'<rect x="{x}" y="3" width="9" height="9" fill="{ink}"/><text x="{x + 13}" y="12">{escape(name)}</text>'
        )
        x += 30 + 6.5 * len(name)
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">{"".join(parts)}</svg>'
