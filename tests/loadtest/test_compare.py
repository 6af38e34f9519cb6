"""The comparison: each posture is one that the program takes; table and document show the reports' own figures."""

import re
from pathlib import Path

import pytest

from components.stack_files import read_settings
from loadtest import report
from loadtest.capacity import document
from loadtest.compare import EXAM, POSTURES, Posture, sheet, write_project
from loadtest.config import read_exam
from loadtest.record import Outcome
from loadtest.report import Report
from tests.loadtest.runs import event, run
from tests.loadtest.test_verdict import APPLICATION
from tests.loadtest.test_verdict import EXAM as SHIPPED
from tests.postures import settings


@pytest.fixture
def found() -> dict[str, Report]:
    wrong = [event(outcome=Outcome.FOREIGN)] * 2
    killed = [event(at, outcome=Outcome.KILLED) for at in (61, 62, 63)]
    results = {"idle": run(*wrong, *killed), "C (exam)": run(*wrong)}
    return {name: report.report(result, SHIPPED, APPLICATION) for name, result in results.items()}


@pytest.mark.parametrize("posture", POSTURES, ids=lambda posture: posture.name)
def test_every_posture_is_one_that_the_program_takes(posture: Posture, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    write_project(folder, posture)
    made, shipped = read_settings(folder, posture.stack), settings(posture.stack)
    changed = {name for name in type(made).model_fields if getattr(made, name) != getattr(shipped, name)}
    assert changed <= {"task_count", "cpu", "memory", "autoscaling"}
    # They differ in strength only: alarms, draining and the rest are the exam's.
    assert bool(changed) == bool(posture.changes)
    assert (folder / "__main__.py").exists()


def test_the_plan_s_options() -> None:
    strengths = {
        posture.name: [posture.changes.get(key) for key in ("taskCount", "cpu", "memory")] for posture in POSTURES
    }
    assert strengths == {
        "idle": [None, None, None],
        "A": [2, 1024, 2048],
        "B": [1, 2048, 4096],
        "C (exam)": [None, None, None],
        "4 x 1 vCPU": [4, 1024, 2048],
    }


def test_the_exam_of_the_comparison_is_like_the_shipped_one_but_short() -> None:
    short = read_exam(EXAM)
    assert (short.mix, short.criteria, short.generator_cpu) == (SHIPPED.mix, SHIPPED.criteria, SHIPPED.generator_cpu)
    assert short.seconds < 240


def test_the_table(found: dict[str, Report]) -> None:
    rows = {row[0]: dict(zip(sheet(found).head, row, strict=True)) for row in sheet(found).rows}
    assert rows["idle"] == {
        "posture": "idle",
        "tasks": "2-6 x 2 vCPU",
        "USD/h": "0.20",
        "holds": "NO",
        "run p95": "0.2 s",
        "save p95": "0.1 s",
        "login p95": "0.3 s",
        "failed": "2.8 %",
        "wrong": "1.87 %",
        "CPU": "20 %",
        "else": "runs killed or failed 2.8 % (limit 1 %)",
    }
    assert (rows["C (exam)"]["holds"], rows["C (exam)"]["else"]) == ("yes", "room for 100")


def test_the_document_has_the_table_the_sentences_and_the_machine(found: dict[str, Report]) -> None:
    text = document(found, read_exam(EXAM), "2 cores (a processor), 15 GB", None)
    assert "| idle | 2-6 x 2 vCPU | 0.20 | NO |" in text
    for name, made in found.items():
        assert f"- **{name}**: {made.verdict.sentence}." in text
    assert "34 students in the sandbox, on 2 cores (a processor), 15 GB" in text
    assert re.search(r"Written by `make capacity` on \d{4}-\d\d-\d\d:", text)
    assert "held to its vCPU by a cgroup quota" in text
    assert "1.87-1.92 % of the outputs above were wrong" in text
    assert not re.search(r"[{}]", text)
    assert "cgroups may not be made here;" in document(found, read_exam(EXAM), "", "cgroups may not be made here")
