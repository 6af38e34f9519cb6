"""What is wrong with an application is found: wrong output, a refused login, a lost content, killed runs."""

import csv
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtest.record import Outcome, Verb
from loadtest.verdict import Answer
from sandbox.process import ACCOUNTS
from tests.loadtest.sandbox.classes import STUDENTS, files, running
from tests.readiness.sandbox.test_application import spoil
from tests.sandbox import real as sandbox
from tests.sandbox.real import Real

RUSH = {"seconds": 12, "timesAsOften": 1}


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    """Every output carries a line that is not its program's."""
    with sandbox.running(tmp_path_factory.mktemp("planted")) as started:
        spoil(started, "wrong-output")
        yield started


def with_a_wrong_password(real: Real, folder: Path, row: int) -> Path:
    lines = list(csv.reader((real.home / ACCOUNTS).read_text().splitlines()))
    lines[row][1] = "not this one"
    path = folder / "accounts.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(lines)
    return path


def test_what_is_planted_is_found(spoiled: Real, tmp_path: Path) -> None:
    accounts = with_a_wrong_password(spoiled, tmp_path, 4)
    with running(spoiled, tmp_path, accounts=accounts, mix={"long loop": 100}, rush=RUSH) as exam:
        exam.until("rush")
        # A process that stands still for longer than the limit: whatever runs in it is killed. What was asked of it
        # meanwhile has just begun to run when it stands still again.
        (application,) = spoiled.applications()
        for _ in range(3):
            os.kill(application, signal.SIGSTOP)
            time.sleep(3.5)
            os.kill(application, signal.SIGCONT)
            time.sleep(0.1)
        # Saved on arrival, read back at the end: one file goes, another one's content.
        lost, emptied = sorted(path for path in files(spoiled) if path.name == "prints.py")[:2]
        lost.unlink()
        emptied.write_text("")
        assert exam.end() == Answer.DOES_NOT_HOLD
    made = exam.report()
    counts = Counter((event.verb, event.outcome) for event in made.result.events)
    assert counts[Verb.LOGIN, Outcome.REFUSED] == made.figures.lost_sessions == 1
    assert counts[Verb.READ, Outcome.CONTENT_LOST] == made.figures.lost_contents == 2
    assert counts[Verb.RUN, Outcome.KILLED] >= 1
    assert counts[Verb.RUN, Outcome.WRONG] >= 1
    assert counts[Verb.RUN, Outcome.OK] == 0
    assert counts[Verb.LOGIN, Outcome.OK] == STUDENTS - 1
    broken = {criterion.name for criterion in made.verdict.criteria if not criterion.held}
    assert {"lost contents", "lost sessions", "runs killed or failed"} <= broken
    assert made.verdict.sentence.startswith(f"this posture does not hold {STUDENTS} students: first to give way: ")
    assert files(spoiled) == []
