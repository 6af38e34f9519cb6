"""A small class through the whole chain: load balancer, task, database; nothing is left of it, however it ends."""

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from loadtest.files import paths
from loadtest.record import Outcome, Verb
from student.client import Student
from tests.loadtest.sandbox.classes import EXAM, STUDENTS, alive, become, files, passwords, running
from tests.sandbox import real as sandbox
from tests.sandbox.real import Real

# For what shows itself in any exam, however short.
BRIEF: dict[str, Any] = {
    "work": {"seconds": 3, "save": {"from": 2, "to": 2}, "run": {"from": 7, "to": 8}},
    "rush": {"seconds": 1, "timesAsOften": 1},
}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    with sandbox.running(tmp_path_factory.mktemp("loadtest")) as started:
        yield started


def test_a_class_that_is_held(real: Real, tmp_path: Path) -> None:
    with running(real, tmp_path) as exam:
        exam.until("0:00 arrival")
        seen = set(exam.processes())
        assert become(lambda: bool(files(real)))
        code = exam.end()
    made = exam.report()
    assert code == made.verdict.answer, exam.said
    assert made.verdict.sentence in exam.said
    counts = Counter((event.verb, event.outcome) for event in made.result.events)
    assert counts[Verb.LOGIN, Outcome.OK] == counts[Verb.CONNECT, Outcome.OK] == STUDENTS
    # Every file of every student is read back.
    assert counts[Verb.READ, Outcome.OK] == STUDENTS * len(paths(""))
    assert counts[Verb.SAVE, Outcome.OK] >= STUDENTS * (len(paths("")) + 1)
    assert made.figures.runs >= STUDENTS
    assert made.figures.lost_contents == made.figures.lost_sessions == made.figures.faults == 0
    assert {event.phase for event in made.result.events} == {"arrival", "work", "rush", "leaving"}
    assert [event.at for event in made.result.events] == sorted(event.at for event in made.result.events)
    assert made.result.baseline.keys() == {"prints"}
    assert made.result.samples[0].running == 1
    assert 0 < made.result.generator.cpu_percent < 85
    # What is left: two files of the report.
    assert sorted(path.name for path in exam.reports.glob("*/*")) == ["report.html", "report.json"]
    assert files(real) == []
    assert become(lambda: not alive(seen))
    told = exam.said + "".join(path.read_text() for path in exam.reports.glob("*/*"))
    assert not any(password in told for password in passwords(real))
    assert "student01" not in told


@pytest.mark.parametrize("processes", ["1", "2"])
def test_ctrl_c_leaves_no_file_and_no_process(processes: str, real: Real, tmp_path: Path) -> None:
    with running(real, tmp_path, "--processes", processes) as exam:
        exam.until("0:00 arrival")
        assert become(lambda: bool(files(real)))
        seen = set(exam.processes())
        assert len(seen) >= 1 + int(processes)
        exam.process.send_signal(signal.SIGINT)
        code = exam.end()
    made = exam.report()
    assert made.result.interrupted
    assert code == made.verdict.answer == 2
    assert "it was interrupted" in made.verdict.sentence
    assert files(real) == []
    assert become(lambda: not alive(seen))


def test_workers_on_other_machines_and_locust_s_own_page(real: Real, tmp_path: Path) -> None:
    (tmp_path / "worker").mkdir()
    with (
        running(real, tmp_path, "--expect-workers", "1", "--web", **BRIEF) as exam,
        running(real, tmp_path / "worker", "--master-host", "127.0.0.1") as worker,
    ):
        exam.until("work")
        page = httpx.get("http://127.0.0.1:8089/stats/requests").json()
        assert {row["method"] for row in page["stats"]} >= {"login", "connect"}
        code = exam.end()
        assert worker.end() == 0
    made = exam.report()
    assert code == made.verdict.answer, exam.said
    assert {event.student for event in made.result.events} == set(range(1, STUDENTS + 1))
    assert made.result.unaccounted == made.figures.lost_contents == made.figures.faults == 0
    assert files(real) == []


def test_a_killed_class_leaves_no_process(real: Real, tmp_path: Path) -> None:
    with running(real, tmp_path) as exam:
        exam.until("0:00 arrival")
        assert become(lambda: bool(files(real)))
        seen = set(exam.processes())
        exam.process.kill()
        exam.end()
    assert become(lambda: not alive(seen), 60)
    assert files(real) == []


def test_students_at_work_are_left_alone(real: Real, tmp_path: Path) -> None:
    username = "student01"
    with Student("http://exam.pythonide-classroom.tech", username, passwords(real)[0], real.address) as student:
        student.login()
        student.connect()
        with running(real, tmp_path) as exam:
            assert exam.end() == 2
        student.logout()
    assert exam.said.startswith("students are there: 1 active students in the last 10 minutes (sessions table)")
    assert "Traceback" not in exam.said
    assert not exam.reports.exists()


def test_the_exam_of_the_tests_is_short() -> None:
    phases = (EXAM[name] for name in ("arrival", "work", "rush", "leaving"))
    assert sum(phase["seconds"] for phase in phases) < 40  # type: ignore[index]
