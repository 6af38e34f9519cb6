"""Finding the CLI, choosing the plugin, and the processes that the engine starts."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sandbox import cli_install, engine
from sandbox.cli_install import EngineError

BOTH = {"pulumi-language-python", "pulumi-resource-aws"}


@pytest.mark.parametrize(
    ("choice", "host", "plugin", "used"),
    [
        ("", True, True, set()),
        ("", True, False, BOTH),
        ("", False, True, BOTH),
        ("standin", True, True, BOTH),
        ("official", True, True, set()),
        ("official", False, True, {"pulumi-language-python"}),
    ],
)
def test_which_stand_ins_are_used(choice: str, host: bool, plugin: bool, used: set[str]) -> None:
    assert engine.stand_ins(choice, host, plugin) == used


def test_a_choice_that_cannot_be_had_says_what_to_do() -> None:
    with pytest.raises(EngineError, match="pulumi plugin install resource aws"):
        engine.stand_ins("official", True, False)
    with pytest.raises(EngineError, match="'real'; it may be official, standin or unset"):
        engine.stand_ins("real", True, True)


def fake_cli(folder: Path, version: str) -> Path:
    folder.mkdir(parents=True)
    cli = folder / "pulumi"
    cli.write_text(f"#!/bin/sh\necho {version}\n")
    cli.chmod(0o755)
    return cli


def test_a_new_cli_on_path_goes_before_the_cache_and_an_old_one_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    new, old = fake_cli(tmp_path / "new", "v3.300.0"), fake_cli(tmp_path / "old", "v3.251.9")
    assert cli_install.find(str(new.parent)) == new
    assert cli_install.find(str(old.parent)) is None
    cached = fake_cli(cli_install.cache() / "bin", "v3.274.1")
    assert cli_install.find(str(old.parent)) == cached


def test_without_network_and_go_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(cli_install, "_download", lambda root: False)
    with pytest.raises(EngineError, match=r"Install the CLI .* or Go") as told:
        cli_install.install()
    assert "\n" not in str(told.value)
    assert not cli_install.cache().exists()


def test_a_build_tells_its_progress_and_is_moved_into_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    go = tmp_path / "bin" / "go"
    go.parent.mkdir()
    go.write_text('#!/bin/sh\nif [ "$1" = build ]; then /bin/sleep 0.2; /bin/mkdir -p "${5%/*}"; echo cli >"$5"; fi\n')
    go.chmod(0o755)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(go.parent))
    monkeypatch.setattr(cli_install, "_download", lambda root: False)
    monkeypatch.setattr(cli_install, "PROGRESS_SECONDS", 0.05)
    assert cli_install.install().read_text() == "cli\n"
    assert "still at it: go build (0:00)" in capsys.readouterr().err
    assert sorted(path.name for path in cli_install.cache().parent.iterdir()) == ["lock", f"v{cli_install.VERSION}"]


def test_in_the_checkout_the_cli_works_on_a_copy_without_any_salt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, home = (tmp_path / "checkout").resolve(), tmp_path / "home"
    project.mkdir()
    (project / "Pulumi.exam.yaml").write_text("encryptionsalt: v1:mine\nconfig:\n  a: 1\n")
    (project / "__main__.py").write_text("")
    cli = tmp_path / "pulumi"
    cli.write_text('#!/bin/sh\necho "$@"\n')
    cli.chmod(0o755)
    monkeypatch.setattr(engine, "PROJECT", project)
    engine._write_launchers(home, cli, set())

    def run(folder: Path, *arguments: str) -> str:
        return subprocess.run(
            [home / "bin" / "pulumi", *arguments], cwd=folder, capture_output=True, text=True, check=True
        ).stdout

    copy = home.resolve() / "project"
    assert run(project, "up", "-s", "exam") == f"-C {copy} up -s exam\n"
    assert (copy / "Pulumi.exam.yaml").read_text() == "config:\n  a: 1\n"
    assert (copy / "__main__.py").samefile(project / "__main__.py")
    assert (project / "Pulumi.exam.yaml").read_text().startswith("encryptionsalt: v1:mine\n")
    assert run(project, "config", "set", "a", "2") == "config set a 2\n"
    assert run(tmp_path, "up") == "up\n"


def host(module: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", module, "127.0.0.1:1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert int(process.stdout.readline()) > 0
    return process


@pytest.mark.parametrize("module", engine.STAND_INS.values())
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stand_in_ends_quietly_on_a_signal(module: str, number: signal.Signals) -> None:
    process = host(module)
    process.send_signal(number)
    _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")


@pytest.mark.parametrize("module", engine.STAND_INS.values())
def test_a_stand_in_ends_when_its_engine_is_killed(module: str) -> None:
    engine_like = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-m", {module!r}, "127.0.0.1:1"], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", engine_like], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    ends = time.monotonic() + 10
    while _lives(child) and time.monotonic() < ends:
        time.sleep(0.05)
    assert not _lives(child)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # Nobody may have collected it yet.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
