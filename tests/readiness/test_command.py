"""What the command says where there is nothing to look at."""

import os
from pathlib import Path

import pytest

from readiness.__main__ import main
from tests.postures import ROOT


def test_what_cannot_be_told_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["-s", "exam"]) == 2
    assert capsys.readouterr() == (
        "",
        "cannot read Pulumi.yaml: No such file or directory; run this in the project's folder\n",
    )


def test_an_unknown_stack_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["-s", "prod"])
    assert end.value.code == 2
    assert "invalid choice: 'prod'" in capsys.readouterr().err


def test_without_credentials_it_cannot_tell(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name.startswith(("AWS_", "EXAM_"))]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("EXAM_ADDRESS", "http://127.0.0.1:9")
    monkeypatch.chdir(ROOT)
    assert main(["-s", "exam"]) == 1  # nothing answers at the exam URL
    said = capsys.readouterr().out
    assert said.startswith("NOT READY: 1 check fails, ")
    assert " ".join(said.split()).count("no AWS credentials while looking for") == 1
    assert "as above" in said
