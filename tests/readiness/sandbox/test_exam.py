"""The command as an operator and a machine type it, in an exam with everything."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from readiness.__main__ import main
from readiness.checks import CHECKS
from sandbox.world import PLANTED_PASSWORD
from tests.engine.harness import Project
from tests.postures import ROOT
from tests.readiness.sandbox.conftest import real_of
from tests.sandbox.aws import eventually

pytestmark = pytest.mark.usefixtures("operator")


@contextmanager
def readiness(project: Project, *options: str) -> "Iterator[subprocess.Popen[str]]":
    """The command, started."""
    command = [sys.executable, "-m", "readiness", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=project.folder, stdout=pipe, stderr=pipe, text=True) as program:
        try:
            yield program
        finally:
            program.kill()


def written(project: Project) -> list[Path]:
    return list((real_of(project).home / "files").rglob("readiness-*"))


def test_ctrl_c_leaves_no_file(exam: Project) -> None:
    """The first run of a new task takes more than a second; in it Ctrl-C comes."""
    with readiness(exam, "-s", "exam") as program:
        eventually(lambda: written(exam), 60)
        program.send_signal(signal.SIGINT)
        assert program.wait(30) == 130
    assert written(exam) == []


def test_it_is_ready_in_80_plain_columns(exam: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with readiness(exam, "-s", "exam") as program:
        output, errors = program.communicate(timeout=90)
    lines = output.splitlines()
    # The credential of today, nobody in `notify`, a pool that may want more connections than there are, no exam's end.
    assert (program.returncode, lines[0].rstrip(), errors) == (0, "READY: 4 warnings", "")
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in output
    assert PLANTED_PASSWORD not in output


def test_for_machines_it_is_as_the_schema_says(
    exam: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(exam.folder)
    assert main(["-s", "idle", "--json"]) == 1
    output = capsys.readouterr().out
    told = json.loads(output)
    Draft202012Validator(json.loads((ROOT / "readiness" / "schema.json").read_text())).validate(told)
    assert (told["verdict"], told["stack"], told["live"]) == ("not ready", "idle", "exam")
    assert {row["area"] for row in told["rows"]} == {check.area for check in CHECKS}
    assert PLANTED_PASSWORD not in output
