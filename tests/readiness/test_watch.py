"""`--watch` as its reader sees it: at 80 columns, in colour and without, in place and piped."""

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from components import alarms, metrics
from readiness import gauges, watch
from readiness.check import Check
from readiness.context import Context
from readiness.gauges import Gauge
from readiness.metrics import Series
from readiness.report import Report
from readiness.row import fail, ok, unknown
from readiness.watch import Watch, shown
from tests.postures import ROOT, live, settings

NOW = datetime(2026, 11, 25, 9, 0, 30, tzinfo=UTC)
EXAM = live(task_definition={**live().task_definition, "cpu": "2048", "memory": "4096"})
TABLE = metrics.table(settings("exam"), EXAM)
CALM = {
    "cpu": 18.4,
    "memory": 41.0,
    "running": 2.0,
    "healthy-hosts": 2.0,
    "response-time": 0.31,
    "database-connections": 22.0,
}


def lines(values: dict[str, float]) -> list[Gauge]:
    """An hour in which every value rose up to what it is now."""
    ago = [timedelta(minutes=minutes) for minutes in range(59, 0, -1)]
    found = {
        key: Series(TABLE[key], tuple((NOW - a, values[key] * (60 - a.seconds // 60) / 59) for a in ago))
        if key in values
        else Series(TABLE[key])
        for key in gauges.SHOWN
    }
    return gauges.gauges(settings("exam"), EXAM, found)


def gauge(key: str, value: float) -> Gauge:
    return next(line for line in lines({**CALM, key: value}) if line.series.metric.key == key)


def watched(values: dict[str, float], **more: Any) -> Watch:
    rows = [ok("posture", "live", "exam"), ok("ECS", "counts", "2 of 2"), fail("alarms", "state", "1 in ALARM", "0")]
    report = Report("exam", NOW, 1.2, rows)
    context = Context(settings("exam"), "exam", settings("idle"), EXAM.access)
    return Watch(Path(), "exam", context, **{"report": report, "lines": lines(values), **more})


def text(watch: Watch, width: int = 80, **options: Any) -> str:
    out = io.StringIO()
    Console(file=out, width=width, height=24, highlight=False, **options).print(shown(watch, NOW, width))
    return out.getvalue()


def test_every_figure_has_its_line() -> None:
    told = [line.rstrip() for line in text(watched(CALM)).splitlines() if line.startswith(tuple(gauges.SHOWN.values()))]
    names = gauges.SHOWN.values()
    assert all(line.startswith(name) for line, name in zip(told, names, strict=True))
    assert "18.4 % (36.8 % of usable)" in told[0]
    assert told[0].endswith("> 40 %")
    assert "0.31 s" in told[5]
    assert told[5].endswith("> 10 s")
    assert told[6].endswith(">= 70")


def test_it_fits_80_columns_and_24_lines() -> None:
    screen = text(watched({**CALM, "cpu": 99.9})).splitlines()
    assert max(map(len, screen)) <= 80
    assert len(screen) <= 24


def test_a_wide_screen_has_both_side_by_side() -> None:
    wide = text(watched(CALM), width=200).splitlines()
    assert "NOT READY: 1 check fails" in wide[0]
    assert max(map(len, wide)) <= 200


def test_without_colour_there_is_no_escape_and_the_mark_stays() -> None:
    plain = text(watched({**CALM, "cpu": 44}), force_terminal=True, no_color=True, color_system=None)
    assert "\x1b" not in plain
    assert "44 % (88 % of usable) !" in plain
    assert "\x1b[" in text(watched({**CALM, "cpu": 44}), force_terminal=True, color_system="standard")


@pytest.mark.parametrize(
    ("key", "bad", "good"),
    [
        ("cpu", 40.1, 40),
        ("memory", 75.1, 75),
        ("healthy-hosts", 1, 2),
        ("server-errors", 5, 4),
        ("response-time", 10.5, 10),
        ("database-connections", 70, 69),
    ],
)
def test_what_the_alarm_goes_off_at_is_marked(key: str, bad: float, good: float) -> None:
    assert gauge(key, bad).figure(NOW).plain.endswith("!")
    assert not gauge(key, good).figure(NOW).plain.endswith("!")
    assert gauge(key, bad).bars(NOW).spans[-1].style == "bold red"


def test_the_marks_are_the_alarms_own() -> None:
    for alarm in alarms.table(settings("exam"), EXAM):
        if alarm.key in gauges.SHOWN:
            assert gauge(alarm.key, 1).alarm == alarm


def test_no_error_is_no_datapoint_and_no_request_no_time() -> None:
    told = text(watched({}))
    assert re.search(r"5xx a minute +0 +>= 5", told)
    assert re.search(r"p95 +no data", told)


def test_what_is_ok_is_counted_and_the_rest_told() -> None:
    told = text(watched(CALM))
    assert "NOT READY: 1 check fails" in told
    assert "1 in ALARM" in told
    assert "2 of 3 rows are ok" in told
    fine = text(watched(CALM, report=Report("exam", NOW, 1.2, [ok("ECS", "counts", "2 of 2")])))
    assert "READY: all 1 rows are ok" in fine
    assert "asking ..." in text(watched(CALM, report=None))


def test_figures_that_may_not_be_read_are_a_row() -> None:
    told = text(watched(CALM, trouble=[unknown("figures", "CloudWatch", "no permission for cloudwatch:GetMetricData")]))
    assert "no permission for cloudwatch:GetMetricData" in " ".join(told.split())
    assert "2 of 3 rows are ok" in told


def test_a_read_that_fails_is_told_and_one_that_works_takes_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    state = watched(CALM, lines=[])
    monkeypatch.setattr(Context, "live", property(lambda _: EXAM))
    monkeypatch.setattr(Context, "client", lambda _, __: None)
    monkeypatch.setattr(watch, "read", lambda *_: 1 / 0)
    state.measure()
    assert state.trouble[0].found.startswith("the check failed itself: ZeroDivisionError")
    assert state.complete
    monkeypatch.setattr(watch, "read", lambda _, table, __: {key: Series(metric) for key, metric in table.items()})
    state.measure()
    assert state.trouble == []
    assert len(state.lines) == len(gauges.SHOWN)


def test_slow_checks_count_as_unanswered_until_they_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    quick, slow = watch.QUICK[0], Check("application", "tasks", lambda _: None, lambda _, __: [], 30)
    state = watched(CALM, report=None)
    monkeypatch.setattr(watch, "context_of", lambda *_: state.context)
    monkeypatch.setattr(watch, "CHECKS", (quick, slow))
    monkeypatch.setattr(watch, "QUICK", (quick,))
    monkeypatch.setattr(watch, "run", lambda _, checks: iter((check, [ok(check.area, "", "")]) for check in checks))
    state.look([quick])
    assert state.report is not None
    assert "CANNOT TELL: 1 has no answer" in state.report.headline
    state.look([slow])
    assert state.report.headline.startswith("READY")


def test_without_the_quick_checks_there_is_no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    state = watched(CALM, report=None)
    monkeypatch.setattr(watch, "context_of", lambda *_: state.context)
    state.look([])
    assert state.report is None
    assert not state.complete


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """`--watch` as a person runs it, with no AWS to be reached."""
    started: list[subprocess.Popen[str]] = []
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}

    def run(**options: Any) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "readiness", "-s", "exam", "--watch"],
            cwd=ROOT,
            env={**os.environ, **nowhere, "TERM": "xterm", "PYTHONUNBUFFERED": "1"},
            text=True,
            **options,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM])
def test_piped_it_prints_and_ends_quietly(
    command: Callable[..., subprocess.Popen[str]], signal_: signal.Signals
) -> None:
    process = command(stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout
    first = process.stdout.readline()
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", first), json.dumps(first)
    process.send_signal(signal_)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
    assert "\x1b" not in out


def test_on_a_terminal_it_redraws_and_gives_the_cursor_back(command: Callable[..., subprocess.Popen[str]]) -> None:
    pty = pytest.importorskip("pty")
    master, terminal = pty.openpty()
    process = command(stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    seen = b""
    while seen.count(b"Ctrl-C ends") < 2:
        seen += os.read(master, 4096)
    process.send_signal(signal.SIGINT)
    try:
        while chunk := os.read(master, 4096):
            seen += chunk
    except OSError:
        # The other end is closed: the program is gone.
        pass
    assert process.wait(20) == 0
    assert b"Traceback" not in seen
    assert seen.rindex(b"\x1b[?25h") > seen.rindex(b"\x1b[?25l")
    os.close(master)
