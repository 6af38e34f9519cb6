from readiness.checks.posture import Differences, is_live, posture
from readiness.row import UP, Row, Verdict, unknown
from tests.readiness.worlds import EXAM


def judged(own: list[str], other: list[str]) -> Row:
    return posture(EXAM, Differences("exam", own, "idle", other))


def test_the_posture_that_was_named_is_ok() -> None:
    row = judged([], ["desired count: 2 -> 1"])
    assert (row.verdict, row.found) == (Verdict.OK, "exam")
    assert is_live([row], "exam") == "exam"


def test_the_other_posture_is_named() -> None:
    row = judged(["desired count: 1 -> 2"], [])
    assert (row.verdict, row.found, row.wanted, row.todo) == (Verdict.FAIL, "idle", "exam", UP)
    assert is_live([row], "exam") == "idle"


def test_half_switched_says_what_differs_but_not_everything() -> None:
    row = judged([f"value {n}: 1 -> 2" for n in range(5)], ["desired count: 2 -> 1"])
    assert row.verdict is Verdict.FAIL
    assert row.found == ("neither posture; 5 values differ: value 0: 1 -> 2; value 1: 1 -> 2; value 2: 1 -> 2; 2 more")
    assert is_live([row], "exam") == "neither"


def test_one_difference_is_one() -> None:
    assert judged(["stickiness: off -> on"], ["x"]).found == "neither posture; 1 value differs: stickiness: off -> on"


def test_it_may_not_be_known() -> None:
    assert is_live([unknown("posture", "live", "no answer within 4 s")], "exam") is None
    assert is_live([], "exam") is None
