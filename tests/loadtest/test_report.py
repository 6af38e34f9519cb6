"""The report: whatever the terminal and the page show is in report.json; nothing asks the network."""

import re
from html import unescape
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from loadtest import page, report
from loadtest.plots import plots
from loadtest.record import Outcome, Result, Sample, Verb
from loadtest.report import Report, sheets
from tests.loadtest.runs import event, run
from tests.loadtest.test_verdict import APPLICATION, EXAM

PLANTED = (
    event(61, 3, Verb.SOCKET, Outcome.LOST),
    event(63, 3, Verb.SOCKET, Outcome.RECONNECTED),
    event(95, 4, outcome=Outcome.KILLED, seconds=3.1),
    event(96, 5, outcome=Outcome.FOREIGN, seconds=1.25),
)


def made(result: Result) -> Report:
    return report.report(result, EXAM, APPLICATION)


@pytest.fixture
def full() -> Report:
    return made(run(*PLANTED, notes=["CPU is bounded by <cgroup> quota"]))


class Tables(HTMLParser):
    """The cells of every table of a page, and all that it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: list[list[tuple[str, ...]]] = []
        self.loaded: list[str] = []
        self.cell = False
        self.row: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loaded += [f"{tag} {name}" for name, _ in attrs if name in ("src", "href", "xlink:href")]
        if tag in ("link", "script", "img", "iframe"):
            self.loaded.append(tag)
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.row = []
        if tag in ("td", "th"):
            self.cell = True
            self.row.append("")

    def handle_data(self, data: str) -> None:
        if self.cell:
            self.row[-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.cell = False
        if tag == "tr":
            self.tables[-1].append(tuple(self.row))


def test_json_comes_back_the_same(full: Report, tmp_path: Path) -> None:
    report.write(full, tmp_path / "report.json")
    assert report.read(tmp_path / "report.json") == full


def test_the_page_shows_the_numbers_of_the_json(full: Report, tmp_path: Path) -> None:
    report.write(full, tmp_path / "report.json")
    page.write(full, tmp_path / "report.html")
    kept = report.read(tmp_path / "report.json")
    text = (tmp_path / "report.html").read_text()
    shown = Tables(text).tables
    assert shown == [[sheet.head, *sheet.rows] for sheet in sheets(kept)]
    assert kept.verdict.sentence in unescape(text)
    runs = next(line for line in kept.figures.verbs if line.name == "run")
    row = next(row for row in shown[1] if row[0] == "run")
    assert row == ("run", str(runs.count), "102", "1 foreign output, 1 killed", "0.2", "0.2", "never")


def test_the_page_asks_no_network(full: Report) -> None:
    text = page.page(full)
    assert Tables(text).loaded == []
    assert not re.search(r"url\(|@import|https?://", text)


def test_what_others_wrote_is_text_in_the_page(full: Report) -> None:
    text = page.page(full)
    assert "<cgroup>" not in text
    assert "(task <1>)" not in text
    assert "bounded by &lt;cgroup&gt; quota" in text


def test_the_terminal_shows_the_same_in_80_columns(full: Report) -> None:
    screen = Console(file=StringIO(), width=80, highlight=False)
    screen.print(report.screen(full))
    assert isinstance(screen.file, StringIO)
    text = screen.file.getvalue()
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80
    words = " ".join(text.split())
    assert full.verdict.sentence in words
    for sheet in sheets(full):
        assert sheet.title in text
        for row in sheet.rows:
            assert all(word in text for cell in row for word in cell.split())


def test_every_plot_is_whole_and_marks_phases_and_activities(full: Report) -> None:
    drawn = plots(full.result)
    assert [title for title, _ in drawn] == [
        "Time of each run, seconds",
        "Runs by outcome",
        "Tasks",
        "CPU and memory, percent",
    ]
    for _, svg in drawn:
        words = [element.text for element in ElementTree.fromstring(svg).iter()]  # noqa: S314 - our own
        assert {"arrival", "work", "rush", "leaving"} <= set(words)
        assert "1:00 has started 1 tasks: (task <1>)." in words


def test_each_run_is_a_dot_and_counted_in_a_bar(full: Report) -> None:
    (_, dots), (_, bars), *_ = plots(full.result)
    assert dots.count("h0") == len([e for e in full.result.events if e.verb == Verb.RUN]) == 104
    assert sum(int(count) for count in re.findall(r"<title>(\d+) [a-z ]+</title>", bars)) == 104


def test_a_report_of_nothing_is_a_report(tmp_path: Path) -> None:
    nothing = made(run(events=[], samples=[Sample(0)], activities=[], baseline={}))
    report.write(nothing, tmp_path / "report.json")
    assert report.read(tmp_path / "report.json") == nothing
    assert plots(nothing.result) == []
    assert "cannot tell" in page.page(nothing)
