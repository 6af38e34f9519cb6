"""`python -m loadtest`: what it is asked, and that a mistake is one line and exit code 2, before anything is touched."""

from pathlib import Path

import pytest

from loadtest.__main__ import main
from tests.postures import ROOT


@pytest.fixture(autouse=True)
def _project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for name in ("EXAM_ACCOUNTS", "EXAM_ADDRESS", "EXAM_FORCE"):
        monkeypatch.delenv(name, raising=False)
    # Nobody is asked: AWS would be an error of its own.
    monkeypatch.setattr("readiness.context.read_live", lambda *_: pytest.fail("AWS was asked"))


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert len(error.splitlines()) == 1
    return error


def test_no_accounts(capsys: pytest.CaptureFixture[str]) -> None:
    assert "set EXAM_ACCOUNTS" in refusal(capsys, "-s", "exam")
    assert "set EXAM_ACCOUNTS" in refusal(capsys, "-s", "exam", "--master-host", "127.0.0.1")


def test_another_place(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAM_ADDRESS", "http://192.0.2.1")
    for more in ((), ("--master-host", "127.0.0.1")):
        assert "EXAM_ADDRESS is not this machine" in refusal(capsys, "-s", "exam", *more)


def test_no_exam(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "cannot read" in refusal(capsys, "-s", "exam", "--exam", str(tmp_path / "none.yaml"))


@pytest.mark.parametrize("arguments", [[], ["-s", "exam", "--compare"], ["-s", "exam", "--students", "0"]])
def test_what_cannot_be_asked(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "usage: python -m loadtest" in capsys.readouterr().err
