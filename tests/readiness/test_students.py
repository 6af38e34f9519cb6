"""Who is there now, in the words of the posture asked for."""

from typing import Any

import pytest

from components.presence import Presence
from readiness.checks import students
from readiness.context import Context
from readiness.row import Verdict
from tests.postures import live, settings

NOBODY = Presence(False, "0 active students in the last 10 minutes (sessions table)")
CLASS = Presence(True, "34 active students in the last 10 minutes (sessions table)", ("one: no",))
DARK = Presence(False, None, ("sessions table: the database does not answer", "log events: no datapoint"))


@pytest.mark.parametrize(
    ("stack", "who", "verdict", "found", "wanted"),
    [
        ("exam", NOBODY, Verdict.OK, "nobody is there: 0 active", "nobody before the exam, the class (34) during it"),
        (
            "exam",
            CLASS,
            Verdict.OK,
            "students are there: 34 active",
            "nobody before the exam, the class (34) during it",
        ),
        ("idle", NOBODY, Verdict.OK, "nobody is there: 0 active", "nobody"),
        ("idle", CLASS, Verdict.WARN, "students are there: 34 active", "nobody"),
        (
            "exam",
            DARK,
            Verdict.UNKNOWN,
            "sessions table: the database",
            "nobody before the exam, the class (34) during it",
        ),
        ("idle", DARK, Verdict.UNKNOWN, "sessions table: the database", "nobody"),
    ],
)
def test_the_row(stack: str, who: Presence, verdict: Verdict, found: str, wanted: str) -> None:
    row = students.there(settings(stack), (stack, who))
    assert (row.verdict, row.wanted) == (verdict, wanted)
    assert row.found.startswith(found)


def test_a_source_that_hangs_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def presence(posture: Any, _: Any) -> Presence:
        asked.append(posture.students_guard.timeout)
        return NOBODY

    monkeypatch.setattr(students, "presence", presence)
    for timeout in (5, 1):
        guard = {**settings("exam").students_guard.model_dump(by_alias=True), "timeout": timeout}
        context = Context(settings("exam", studentsGuard=guard), "exam", settings("idle"), live().access)
        context.once("live", live)
        assert students.read(context) == ("exam", NOBODY)
    assert asked == [students.SOURCE_LIMIT, 1]
