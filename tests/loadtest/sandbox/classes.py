"""Load tests of a small class on a sandbox whose tasks are processes, as the operator starts them."""

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import yaml

from loadtest import report
from loadtest.report import Report
from sandbox.process import ACCOUNTS
from tests.postures import ROOT
from tests.sandbox.real import Real, descendants

STUDENTS = 6
START_LIMIT, END_LIMIT = 60.0, 120.0
EXAM = {
    "arrival": {"seconds": 6},
    "work": {"seconds": 10, "save": {"from": 4, "to": 6}, "run": {"from": 7, "to": 8}},
    "rush": {"seconds": 8, "timesAsOften": 1},
    "leaving": {"seconds": 5},
    "mix": {"prints": 100},
    "criteria": {
        "runP95": 10,
        "saveP95": 10,
        "killedPercent": 1,
        "wrongPercent": None,
        "lostSessions": 0,
        "lostContents": 0,
    },
    "generatorCpu": 85,
}


@dataclass
class Class:
    """A load test that runs."""

    process: "subprocess.Popen[str]"
    reports: Path
    said: str = ""

    def until(self, text: str) -> None:
        """Waits until it says something."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if text in line:
                return
        raise AssertionError(self.said)

    def end(self) -> int:
        """Waits for its end; the exit code."""
        self.said += self.process.communicate(timeout=END_LIMIT)[0]
        return self.process.returncode

    def report(self) -> Report:
        (path,) = self.reports.glob("*/report.json")
        return report.read(path)

    def processes(self) -> dict[int, str]:
        return descendants(self.process.pid)


@contextmanager
def running(real: Real, folder: Path, *arguments: str, accounts: Path | None = None, **exam: object) -> Iterator[Class]:
    """A load test on the idle stack, its exam changed as given; ended afterwards whatever happens."""
    path = folder / "exam.yaml"
    path.write_text(yaml.safe_dump({**EXAM, **exam}))
    command = [sys.executable, "-m", "loadtest", "-s", "idle", "--students", str(STUDENTS), "--seed", "1"]
    process = subprocess.Popen(
        [*command, "--exam", str(path), "--reports", str(folder / "reports"), *arguments],
        cwd=ROOT,
        env=environment(real, accounts or real.home / ACCOUNTS),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Class(process, folder / "reports")
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=END_LIMIT)


def environment(real: Real, accounts: Path) -> dict[str, str]:
    """The operator's shell."""
    own = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "EXAM_"))}
    return own | {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{real.server.port}",
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "EXAM_ADDRESS": real.address,
        "EXAM_TEST_USER": "checklist",
        "EXAM_ACCOUNTS": str(accounts),
        "PYTHONUNBUFFERED": "1",
        "NO_COLOR": "1",
        "COLUMNS": "200",
    }


def passwords(real: Real) -> list[str]:
    with (real.home / ACCOUNTS).open(newline="") as file:
        return [row["password"] for row in csv.DictReader(file)]


def files(real: Real) -> list[Path]:
    """The load test's files that are there."""
    return list(real.home.glob("files/**/load-test-*/*.py"))


def become(met: Callable[[], bool], limit: float = 20.0) -> bool:
    """Whether something is so within a time."""
    end = time.monotonic() + limit
    while not met() and time.monotonic() < end:
        time.sleep(0.1)
    return met()


def alive(pids: set[int]) -> set[int]:
    """Those of some processes that are there, and not only waiting to be collected."""
    found = set()
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                found.add(pid)
    return found
