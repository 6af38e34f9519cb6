"""The processes' side: locust's arguments, what they tell, and what a record says beside the figures."""

import json
import subprocess
import sys
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest import hall
from loadtest.config import Exam
from loadtest.hall import Crew, Hall, Told
from loadtest.job import VARIABLE, Job, Place, Task
from loadtest.job import given as given_job
from loadtest.record import Outcome, Verb
from loadtest.run import notes, phases
from tests.loadtest.runs import event
from tests.loadtest.test_config import SHIPPED

EXAM = Exam.model_validate(SHIPPED)
PLACE = Place("https://exam.example.com", "http://127.0.0.1:8080")


def task(file: Path) -> Task:
    return Task(34, SHIPPED, 7, "0000", file)


def test_a_job_comes_through_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = Job(PLACE, 17, task(tmp_path / "told"))
    (name, text) = next(iter(job.variables().items()))
    monkeypatch.setenv(name, text)
    assert name == VARIABLE
    assert given_job() == job


@pytest.mark.parametrize(
    ("crew", "has", "has_not"),
    [
        (Crew(), "--headless", "--processes"),
        (Crew(processes=4), "--processes 4 --master-bind-host 127.0.0.1", "--expect-workers"),
        (Crew(workers=2), "--master --expect-workers 2", "--processes"),
        (Crew(web=True), "--web-host 127.0.0.1", "--headless"),
    ],
)
def test_locust_s_arguments(crew: Crew, has: str, has_not: str) -> None:
    text = " ".join(crew.arguments(34))
    assert has in text
    assert has_not not in text
    assert "--users 34 --spawn-rate 34" in text


def test_what_is_told_is_taken_line_by_line_and_a_half_line_later(tmp_path: Path) -> None:
    path = tmp_path / "told"
    one = Hall(PLACE, task(path), Crew())
    one.listen()  # nothing is there yet
    text = "".join(
        json.dumps(line) + "\n"
        for line in (
            {"start": 1000.5},
            {"event": asdict(event(student=3, verb=Verb.SAVE))},
            {"cpu": 41.5},
            {"cpu": 12.0},
            {"left": 3, "removed": True, "late": 0.2, "skipped": 2},
        )
    )
    path.write_text(text[:-20])
    one.listen()
    assert (one.told.start, one.told.cpu, one.told.left) == (1000.5, 41.5, {})
    path.write_text(text)
    one.listen()
    assert one.told.events == [event(student=3, verb=Verb.SAVE)]
    assert (one.told.left, one.told.late, one.told.skipped) == ({3: True}, 0.2, 2)


def test_whose_files_may_be_left() -> None:
    told = Told(left={1: True, 2: False})
    told.events = [event(student=number, verb=Verb.SAVE) for number in (1, 2, 3, 3)]
    told.events.append(event(student=4, verb=Verb.LOGIN, outcome=Outcome.REFUSED))
    assert told.unclean() == [2, 3]


def test_a_process_that_does_not_end_is_killed_with_its_children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hall, "STOP_LIMIT", 0.3)
    deaf = "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); os.fork(); print(1, flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    process.stdout.readline(), process.stdout.readline()
    with pytest.raises(subprocess.TimeoutExpired):
        hall.end(process)
    assert process.returncode == -9
    # The child held the pipe too.
    assert process.stdout.read() == b""


@given(st.floats(0, 2000), st.booleans())
def test_the_phases_as_they_were(seconds: float, interrupted: bool) -> None:
    found = phases(EXAM, seconds, interrupted)
    assert all(before.end == after.begin for before, after in pairwise(found))
    if interrupted:
        assert all(phase.begin < seconds and phase.end <= seconds for phase in found)
    else:
        assert [phase.name for phase in found] == [phase.name for phase in EXAM.phases]
        assert found[-1].end == max(seconds, EXAM.seconds)


def test_notes() -> None:
    told = Told(skipped=12)
    found = notes(PLACE, told, ["input"], 2, "load-test-0000")
    assert [note.partition(":")[0].partition(" saves")[0] for note in found] == [
        "the application ran on this machine too",
        "no baseline of input",
        "12",
        "the files of 2 students could not be removed; they are in their folder load-test-0000",
    ]
    assert notes(Place("https://exam.example.com", None), Told(), [], 0, "load-test-0000") == []
