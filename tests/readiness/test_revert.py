"""The row on a revert that is forgotten: bounded, not bounded, acted upon, and taken away again."""

from datetime import timedelta

import pytest

from components.live import Live
from components.settings import Settings
from readiness.checks.revert import Bound, bound
from readiness.row import UP, Verdict
from tests.postures import settings
from tests.readiness.worlds import EXAM, IDLE, NOW, exam

# Two hours before the bound, three after the posture's moment of the look.
ENDS = settings("exam", exam={"endsAt": "2026-11-25T11:00Z"})
ACTION, RULE = {"Schedule": "at(2026-11-25T13:00:00)"}, {"ScheduleExpression": "cron(0 13 25 11 ? 2026)"}
BOUNDED = exam(scheduled_action=ACTION, revert_rule=RULE)
AT = "bounded from 2026-11-25 13:00 UTC on"


@pytest.mark.parametrize(
    ("stack", "posture", "world", "verdict", "found"),
    [
        ("exam", ENDS, BOUNDED, Verdict.OK, AT),
        ("exam", ENDS, exam(), Verdict.FAIL, "not bounded"),
        ("exam", ENDS, exam(scheduled_action=ACTION), Verdict.FAIL, f"{AT}, without a mail"),
        ("exam", EXAM, exam(), Verdict.WARN, "not bounded"),
        ("exam", EXAM, BOUNDED, Verdict.FAIL, AT),
        ("idle", IDLE, exam(), Verdict.OK, "not bounded"),
        ("idle", IDLE, BOUNDED, Verdict.FAIL, AT),
        ("idle", IDLE, exam(revert_rule=RULE), Verdict.FAIL, "a mail only"),
    ],
)
def test_as_the_posture_has_it(stack: str, posture: Settings, world: Live, verdict: Verdict, found: str) -> None:
    row = bound(posture, Bound(stack, world, NOW))
    assert (row.verdict, row.found) == (verdict, found)
    assert (row.todo == UP) is (verdict is Verdict.FAIL)


def test_an_exam_without_an_end_is_told_how_to_set_one() -> None:
    row = bound(EXAM, Bound("exam", exam(), NOW))
    assert row.todo == "pulumi config set -s exam --path exam.endsAt <time>"


@pytest.mark.parametrize("world", [BOUNDED, exam(revert_rule=RULE)], ids=["still listed", "gone"])
def test_once_it_has_acted_only_the_revert_helps(world: Live) -> None:
    row = bound(ENDS, Bound("exam", world, NOW + timedelta(hours=5)))
    assert (row.verdict, row.todo) == (Verdict.FAIL, "pulumi up -s idle")
    assert "AWS has scaled it down at 2026-11-25 13:00 UTC" in row.found
