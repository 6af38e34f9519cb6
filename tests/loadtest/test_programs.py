"""The students' programs: they print what they are expected to, within the application's limits, and wrong is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest import programs
from loadtest.programs import PROGRAMS, judged, mark, program
from loadtest.record import Outcome
from sandbox.application import output

STUDENT = 7


@pytest.mark.parametrize("name", PROGRAMS)
def test_python_prints_what_is_expected(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = program(name, STUDENT)
    monkeypatch.setattr("builtins.input", lambda prompt: "Ada")
    exec(compile(asked.text, name, "exec"), {})  # noqa: S102 - our own text
    assert capsys.readouterr().out == asked.output
    assert output.too_much(asked.output, 0.0) is None
    assert ("input(" in asked.text) == bool(asked.answers)


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_line_says_whose_it_is(name: str) -> None:
    assert all(line.startswith(mark(STUDENT)) for line in program(name, STUDENT).output.splitlines())


LINES = program("prints", STUDENT).output.splitlines(keepends=True)


@given(st.sets(st.integers(0, programs.LINES - 1), min_size=1))
def test_missing_lines_are_wrong(missing: set[int]) -> None:
    found = "".join(line for number, line in enumerate(LINES) if number not in missing)
    assert judged(found, "".join(LINES), STUDENT) is Outcome.WRONG


@given(st.integers(0, programs.LINES), st.integers(1, 400).filter(lambda number: number != STUDENT))
def test_another_student_s_line_is_foreign(place: int, other: int) -> None:
    found = [*LINES[:place], f"{mark(other)} line 3\n", *LINES[place:]]
    assert judged("".join(found), "".join(LINES), STUDENT) is Outcome.FOREIGN


def test_the_server_s_own_line_is_wrong_but_nobody_s() -> None:
    assert judged("[EXEC-LOCK] acquired\n" + "".join(LINES), "".join(LINES), STUDENT) is Outcome.WRONG
    assert judged("".join(LINES), "".join(LINES), STUDENT) is Outcome.OK
