from readiness.checks.logs import Errors, errors
from readiness.row import Verdict
from tests.postures import SECRET
from tests.readiness.worlds import EXAM

GROUP = "/aws/ecs/pythonide-exam"


def event(when: int, message: str) -> dict[str, object]:
    return {"timestamp": when, "message": message}


def test_no_error_is_ok() -> None:
    assert errors(EXAM, Errors(GROUP, [], False)).found == "none in 15 minutes"
    assert errors(EXAM, Errors(GROUP, [], True)).found == "none in 15 minutes, as far as was read"


def test_errors_are_a_warning_with_the_last_three_lines() -> None:
    events = [event(when, f"ERROR number {when}\n") for when in (4, 1, 3, 2)]
    row = errors(EXAM, Errors(GROUP, events, False))
    assert row.verdict is Verdict.WARN
    assert row.found == "4 in 15 minutes\nERROR number 2\nERROR number 3\nERROR number 4"
    assert errors(EXAM, Errors(GROUP, events, True)).found.startswith("at least 4 in 15 minutes")


def test_a_credential_in_a_line_is_masked_and_a_long_line_cut() -> None:
    text = f"ERROR cannot connect to postgresql://exam:{SECRET}@db.internal/exam " + "x " * 200
    found = errors(EXAM, Errors(GROUP, [event(1, text)], False)).found
    assert SECRET not in found
    assert "cannot connect to (hidden)" in found
    assert max(map(len, found.splitlines())) < 170
