"""The report as a page: one file that asks no network, the tables of the terminal and the plots."""

from datetime import datetime
from html import escape
from pathlib import Path

from loadtest.plots import plots
from loadtest.report import Report, Sheet, facts, sheets
from loadtest.report import write as write_json
from loadtest.verdict import Answer, clock

COLOURS = {Answer.HOLDS: "#2a7f4f", Answer.DOES_NOT_HOLD: "#c0212f", Answer.CANNOT_TELL: "#6b3fa0"}

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 15px/1.45 system-ui, sans-serif; color: #1c2430; max-width: 940px; margin: 24px auto; padding: 0 16px }}
h1 {{ font-size: 21px; color: #fff; background: {colour}; padding: 12px 16px; border-radius: 6px }}
h2 {{ font-size: 16px; margin: 26px 0 6px }}
table {{ border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }}
th, td {{ text-align: right; padding: 3px 8px; border-bottom: 1px solid #e3e6eb; vertical-align: top }}
th:first-child, td:first-child, .words {{ text-align: left }}
th {{ font-weight: 500; color: #667 }}
.broken {{ color: #c0212f; font-weight: 700 }}
svg {{ width: 100%; font: 11px system-ui, sans-serif; fill: #445 }}
.phase {{ fill: #8a8f98 }}
p, li {{ color: #445 }}
</style></head><body>
<h1>{sentence}</h1><p>{facts}</p>
{body}
</body></html>
"""


def page(report: Report) -> str:
    """The page."""
    verdict = report.verdict
    parts = [_table(sheet) for sheet in sheets(report) if sheet.rows]
    drawn = [f"<h2>{escape(title)}</h2>{svg}" for title, svg in plots(report.result)]
    # What decides first, what it looked like next, the rest for who wants to know more.
    body = [parts[0], *drawn, *parts[1:], _activities(report)] if parts else drawn
    return PAGE.format(
        title="Load test: " + escape(f"{report.result.students} students, stack {report.result.stack}"),
        colour=COLOURS[verdict.answer],
        sentence=escape(verdict.sentence),
        facts=escape(facts(report.result)),
        body="\n".join(body),
    )


def write(report: Report, path: Path) -> None:
    """Write the page."""
    path.write_text(page(report), encoding="utf-8")


def keep(report: Report, reports: Path) -> Path:
    """Write the report, as JSON and as the page, to a folder of its own in `reports`; gives the page."""
    folder = reports / f"{datetime.now():%Y-%m-%d_%H-%M-%S}"
    folder.mkdir(parents=True)
    write_json(report, folder / "report.json")
    write(report, folder / "report.html")
    return folder / "report.html"


def _table(sheet: Sheet) -> str:
    wordy = {number for number, name in enumerate(sheet.head) if name == "else" or len(sheet.head) == 2}  # noqa: PLR2004
    head = "".join(_cell("th", text, number in wordy) for number, text in enumerate(sheet.head))
    rows = "".join(
        f"<tr>{''.join(_cell('td', text, number in wordy) for number, text in enumerate(row))}</tr>\n"
        for row in sheet.rows
    )
    return f"<h2>{escape(sheet.title)}</h2><table><tr>{head}</tr>\n{rows}</table>"


def _cell(tag: str, text: str, words: bool) -> str:
    kind = ' class="broken"' if text == "BROKEN" else ' class="words"' if words else ""
    return f"<{tag}{kind}>{escape(text)}</{tag}>"


def _activities(report: Report) -> str:
    items = "".join(f"<li>{clock(a.at)} {escape(a.text)}</li>" for a in report.result.activities)
    return f"<h2>What the service did</h2><ul>{items}</ul>" if items else ""
