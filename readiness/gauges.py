"""The figures of the watch: of each the newest value, the last hour as bars, and the alarm's threshold. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from rich.table import Table
from rich.text import Text

from components import alarms, figures
from components.alarms import Alarm
from components.live import Live
from components.settings import Settings
from readiness.metrics import Series, columns, sparkline

BARS = 25  # columns of a sparkline
WIDTHS = (13, 28, BARS, 10)  # 79 with the spaces between
# What is shown, by the metric's key, and how it is called.
SHOWN = {
    "cpu": "CPU",
    "memory": "memory",
    "running": "tasks running",
    "healthy-hosts": "tasks healthy",
    "server-errors": "5xx a minute",
    "response-time": "p95",
    "database-connections": "connections",
}
SIGNS = {"GreaterThanThreshold": ">", "GreaterThanOrEqualToThreshold": ">=", "LessThanThreshold": "<"}


@dataclass(frozen=True)
class Gauge:
    """One line of figures: the series, its alarm if it has one, the value of a full bar, CPU's usable part.

    `usable` is the percent of the task at which all that the application can use of it is used.
    """

    series: Series
    alarm: Alarm | None
    top: float
    usable: float | None = None

    def breaches(self, value: float) -> bool:
        """Whether the alarm's threshold is passed."""
        if self.alarm is None:
            return False
        match SIGNS[self.alarm.comparison]:
            case ">":
                return value > self.alarm.threshold
            case ">=":
                return value >= self.alarm.threshold
            case _:
                return value < self.alarm.threshold

    def figure(self, now: datetime) -> Text:
        """The newest value in words; marked where the threshold is passed, whatever the colours."""
        value = self.series.newest(now)
        if value is None:
            # An error is published only when there is one.
            return Text("0") if self.series.metric.key == "server-errors" else Text("no data", style="dim")
        unit = f" {self.series.metric.unit}" if self.series.metric.unit else ""
        text = f"{_short(value)}{unit}"
        if self.usable:
            text += f" ({_short(100 * value / self.usable)} % of usable)"
        return Text(f"{text} !", style="bold red") if self.breaches(value) else Text(text)

    def bars(self, now: datetime) -> Text:
        """The last hour; a full bar has reached the threshold."""
        lowest = self.alarm is not None and SIGNS[self.alarm.comparison] == "<"
        values = columns(self.series.points, now, BARS, lowest=lowest)
        text = Text(sparkline(values, self.top))
        for column, value in enumerate(values):
            if value is not None and self.breaches(value):
                text.stylize("bold red", column, column + 1)
        return text

    def threshold(self) -> str:
        """The alarm's threshold in words."""
        if self.alarm is None:
            return ""
        unit = f" {self.series.metric.unit}" if self.series.metric.unit else ""
        return f"{SIGNS[self.alarm.comparison]} {self.alarm.threshold:g}{unit}"


def _short(value: float) -> str:
    return f"{round(value, 2 if value < 1 else 1):g}"


def gauges(settings: Settings, live: Live, found: Mapping[str, Series]) -> list[Gauge]:
    """The lines of figures for the posture's alarms over what is live."""
    by_key = {alarm.key: alarm for alarm in alarms.table(settings, live)}
    usable = figures.cpu_percent(100, int(live.task_definition["cpu"]), settings.application).aws
    return [
        Gauge(
            found[key],
            by_key.get(key),
            # Of tasks the most that there can be.
            settings.autoscaling.max if key in ("running", "healthy-hosts") else by_key[key].threshold,
            usable if key == "cpu" else None,
        )
        for key in SHOWN
    ]


def grid(lines: list[Gauge], now: datetime) -> Table:
    """The figures as a table, at most 80 columns wide."""
    shown = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0))
    for width in WIDTHS:
        shown.add_column(width=width, no_wrap=True)
    for line in lines:
        shown.add_row(SHOWN[line.series.metric.key], line.figure(now), line.bars(now), line.threshold())
    return shown
