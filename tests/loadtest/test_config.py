"""loadtest.yaml: the shipped one is the issue's exam; every wrong key is one line."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from components.errors import ExamError
from loadtest.config import Exam, read_exam
from tests.postures import ROOT

SHIPPED: dict[str, Any] = yaml.safe_load((ROOT / "loadtest.yaml").read_text())


def changed(path: str, value: Any) -> dict[str, Any]:
    content = yaml.safe_load((ROOT / "loadtest.yaml").read_text())
    *keys, last = path.split(".")
    place = content
    for key in keys:
        place = place[key]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return dict(content)


def refusal(content: Any, folder: Path) -> str:
    path = folder / "loadtest.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    with pytest.raises(ExamError) as error:
        read_exam(path)
    return str(error.value)


def test_the_shipped_exam() -> None:
    exam = read_exam(ROOT / "loadtest.yaml")
    assert [(phase.name, phase.begin, phase.end) for phase in exam.phases] == [
        ("arrival", 0, 120),
        ("work", 120, 720),
        ("rush", 720, 1020),
        ("leaving", 1020, 1080),
    ]
    criteria = exam.criteria
    assert (criteria.run_p95, criteria.save_p95, criteria.killed_percent, criteria.wrong_percent) == (10, 2, 1, None)
    assert (criteria.lost_sessions, criteria.lost_contents, exam.generator_cpu) == (0, 0, 85)
    assert Exam.model_validate(exam.model_dump(by_alias=True, mode="json")) == exam


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("arrival", None, "loadtest.yaml: arrival is missing"),
        ("pause", 3, "loadtest.yaml: pause is not a key"),
        ("work.seconds", "long", "work.seconds: "),
        ("work.seconds", 0, "work.seconds: input should be greater than 0"),
        ("work.seconds", float("inf"), "work.seconds: "),
        ("work.save", {"from": 9, "to": 3}, "work.save: from 9 is above to 3"),
        ("rush.timesAsOften", 0.5, "rush.timesAsOften: input should be greater than or equal to 1"),
        ("work.run", {"from": 6, "to": 90}, "a run every 2 s is over the application's own limits"),
        ("work.save", {"from": 5, "to": 90}, "a save every 1.67 s is over the application's own limits"),
        ("mix", {"prints": 1, "poems": 1}, "mix: shares of the programs prints, loop, long loop, input"),
        ("mix", {}, "mix: shares of the programs"),
        ("mix.prints", 0, "mix.prints: "),
        ("criteria.killedPercent", 101, "criteria.killedPercent: "),
        ("generatorCpu", 0, "generatorCpu: "),
    ],
)
def test_what_is_wrong_is_said_in_a_line(path: str, value: Any, told: str, tmp_path: Path) -> None:
    text = refusal(changed(path, value), tmp_path)
    assert told in text
    assert "\n" not in text


def test_every_key_at_fault_has_a_line_of_its_own(tmp_path: Path) -> None:
    content = changed("work.seconds", 0)
    content["generatorCpu"] = "much"
    assert len(refusal(content, tmp_path).splitlines()) == 2


def test_no_file_and_no_yaml(tmp_path: Path) -> None:
    assert "is not YAML" in refusal("{", tmp_path)
    with pytest.raises(ExamError, match=r"cannot read .*; run this in the project's folder"):
        read_exam(tmp_path / "nothing.yaml")


@given(st.floats(-10, 1e5))
def test_a_moment_is_in_one_phase(at: float) -> None:
    exam = read_exam(ROOT / "loadtest.yaml")
    found = exam.phase_at(at)
    holding = [phase.name for phase in exam.phases if phase.begin <= at < phase.end]
    assert [found] == (holding or ["arrival" if at < 0 else "leaving"])


def test_the_shipped_exam_is_what_the_tests_change() -> None:
    assert changed("arrival.seconds", 120) == SHIPPED
