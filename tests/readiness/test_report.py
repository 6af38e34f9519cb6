"""The screen and the JSON."""

import io
import json
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console

from readiness.report import Outcome, Report, markdown, screen
from readiness.row import Row, fail, ok, unknown, warn
from tests.postures import ROOT
from tests.readiness.worlds import NOW

OK, WARN = ok("ECS", "tasks", "2 running of 2 desired"), warn("logs", "errors", "3", "none", "look")
FAIL, UNKNOWN = fail("EFS", "mount", "none", "one", "mount it"), unknown("ECR", "image", "no permission", todo="ask")
LIVE, OTHER = ok("posture", "live", "exam"), fail("posture", "live", "idle", "exam", "pulumi up -s exam")
SCHEMA = Draft202012Validator(
    json.loads((ROOT / "readiness" / "schema.json").read_text()), format_checker=Draft202012Validator.FORMAT_CHECKER
)


def report(*rows: Row) -> Report:
    return Report("exam", NOW, 1.234, rows)


def text(told: Report, **console: object) -> str:
    out = io.StringIO()
    Console(file=out, highlight=False, **{"width": 80, **console}).print(screen(told))  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize(
    ("rows", "outcome", "headline"),
    [
        ([OK, LIVE], Outcome.READY, "READY: all 2 rows are ok"),
        ([OK, WARN], Outcome.READY, "READY: 1 warning"),
        ([OK, WARN, FAIL, FAIL], Outcome.NOT_READY, "NOT READY: 2 checks fail, 1 warning"),
        ([FAIL, UNKNOWN], Outcome.NOT_READY, "NOT READY: 1 check fails, 1 has no answer"),
        ([OK, UNKNOWN, UNKNOWN], Outcome.CANNOT_TELL, "CANNOT TELL: 2 have no answer"),
    ],
)
def test_the_verdict(rows: list[Row], outcome: Outcome, headline: str) -> None:
    assert (report(*rows).outcome, report(*rows).headline) == (outcome, headline)
    assert text(report(*rows)).splitlines()[0].rstrip() == headline


@pytest.mark.parametrize(
    ("rows", "headline"),
    [
        ([OK, WARN], "BACK AND CLEANED UP: 1 warning"),
        ([OK, FAIL], "NOT YET BACK AND CLEANED UP: 1 check fails"),
        ([OK, UNKNOWN], "CANNOT TELL: 1 has no answer"),
    ],
)
def test_after_the_exam_nobody_asks_whether_it_can_start(rows: list[Row], headline: str) -> None:
    told = replace(report(*rows), over=True)
    assert told.headline == headline
    assert (told.outcome, told.json()["verdict"]) == (report(*rows).outcome, report(*rows).json()["verdict"])


def test_the_exit_codes() -> None:
    assert (int(Outcome.READY), int(Outcome.NOT_READY), int(Outcome.CANNOT_TELL)) == (0, 1, 2)


def test_the_other_posture_is_said_first_and_large() -> None:
    lines = text(report(OTHER, OK)).splitlines()
    verdict = next(number for number, line in enumerate(lines) if line.startswith("NOT READY"))
    assert "THE IDLE POSTURE IS LIVE, NOT EXAM" in "".join(lines[:verdict])
    assert "pulumi up -s exam" in "".join(lines[:verdict])
    assert "POSTURE" not in text(report(LIVE, OK))


def test_a_row_that_is_not_ok_says_what_was_wanted_and_what_to_do() -> None:
    said = text(report(OK, FAIL))
    assert "wanted: one" in said
    assert "-> mount it" in said
    assert "FAIL" in said


def test_what_is_found_is_told_to_its_end_a_link_too() -> None:
    steps, link = "login 0.29 s, WebSocket 0.01 s, save 0.02 s, run 1.80 s", "https://us-east-2.example/" + "x" * 90
    said = text(report(ok("application", "work", steps), ok("alarms", "dashboard", link)))
    assert "run 1.80 s" in " ".join(said.split())
    assert link in "".join(said.split())


def test_a_reason_of_many_rows_is_told_once() -> None:
    said = text(report(UNKNOWN, unknown("ECR", "digest", "no permission", todo="ask"), FAIL))
    assert said.count("no permission") == 1
    assert said.count("as above") == 1


@pytest.mark.parametrize("width", [80, 200])
def test_no_line_is_wider_than_the_screen_and_none_has_colour_when_piped(width: int) -> None:
    long = fail("load balancer", "targets", "x" * 200 + " " + "y " * 100, "z " * 90, "w " * 90)
    said = text(report(OTHER, OK, WARN, UNKNOWN, long), width=width)
    assert max(map(len, said.splitlines())) <= width
    assert "x" * 20 in said
    assert "\x1b" not in said


def test_a_terminal_has_colour_unless_no_color_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[1;31m" in text(report(FAIL), force_terminal=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[1;31m" not in text(report(FAIL), force_terminal=True)


@pytest.mark.parametrize(
    ("rows", "live"), [([LIVE, WARN], "exam"), ([OTHER, FAIL], "idle"), ([UNKNOWN], None)], ids=["own", "other", "?"]
)
def test_the_json_is_as_the_schema_says(rows: list[Row], live: str | None) -> None:
    told = json.loads(json.dumps(report(*rows).json()))
    SCHEMA.validate(told)
    assert (told["live"], told["seconds"], told["at"]) == (live, 1.23, "2026-11-25T08:00:00+00:00")
    assert told["rows"][0]["verdict"] == str(rows[0].verdict)


def test_the_schema_refuses_what_is_not_a_report() -> None:
    told = report(OK).json()
    changes: list[dict[str, object]] = [
        {"verdict": "fine"},
        {"rows": []},
        {"more": 1},
        {"rows": [{**told["rows"][0], "verdict": "good"}]},
    ]
    for wrong in changes:
        assert not SCHEMA.is_valid({**told, **wrong})


def test_a_job_on_github_shows_a_table() -> None:
    link = ok("alarms", "dashboard", "https://console/#dashboards:name=pythonide_exam")
    lines = markdown(report(OTHER, replace(FAIL, found="a|b\n*c* <d>"), link)).splitlines()
    assert lines[0] == "## NOT READY: 2 checks fail"
    assert lines[2].startswith("stack exam, live: idle, ")
    assert lines[6:] == [
        "| fail | posture | live | idle | exam | pulumi up -s exam |",
        r"| fail | EFS | mount | a\|b \*c\* \<d\> | one | mount it |",
        "| ok | alarms | dashboard | https://console/#dashboards:name=pythonide_exam |  |  |",
    ]
    assert {line.replace(r"\|", "").count("|") for line in lines[4:]} == {7}
