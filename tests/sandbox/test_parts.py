"""What is left of the real parts when a sandbox ends, and what a sandbox does without them."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox import __main__ as cli
from sandbox import engine, parts, process
from tests.sandbox.aws import eventually
from tests.sandbox.real import Real, descendants, running, shared_memory


@dataclass(frozen=True)
class Before:
    """What a sandbox has while it runs: processes with their command lines, shared memory, the folder of both."""

    processes: dict[int, str]
    memory: set[str]
    folder: Path

    def left(self) -> list[str]:
        """What of it there still is."""
        alive = [line for pid, line in self.processes.items() if descendants(pid).get(pid) == line]
        segments = {line.split()[1] for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]}
        memory = [name for name in self.memory if name in segments or Path(name).exists()]
        return alive + memory + [str(self.folder) for _ in range(self.folder.exists())]


def everything(home: Path, server: int, *expected: str) -> Before | None:
    """What the server, a process, has; None while a program is not among it that is expected."""
    found = descendants(server)
    words = {word.rpartition("/")[2] for line in found.values() for word in line.split()}
    if not words >= {"sandbox.boot", *expected}:
        return None
    return Before(found, shared_memory(found), (home / "run").readlink())


def of(real: Real) -> Before:
    """What one has that is up."""
    before = everything(real.home, real.server.pid, "sandbox.application", "haproxy", "postgres")
    assert before is not None
    assert {"PostgreSQL" in name for name in before.memory} == {True, False}
    return before


def test_a_stop_leaves_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as real:
        before = of(real)
        assert process.stop(tmp_path)
        eventually(lambda: before.left() == [], 5)


def test_a_server_that_is_killed_leaves_nothing_but_what_the_next_stop_clears(tmp_path: Path) -> None:
    with running(tmp_path) as real:
        before = of(real)
        os.kill(real.server.pid, signal.SIGKILL)
        eventually(lambda: before.left() == [str(before.folder)], 10)
        process.stop(tmp_path)
        assert before.left() == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_server_that_is_ended_while_its_database_is_made_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    if parts.missing():
        pytest.skip("PostgreSQL is not installed: run make setup")
    monkeypatch.delenv("SANDBOX_APPLICATION", raising=False)
    with process.launch(tmp_path, 0) as launched:
        before = eventually(lambda: everything(tmp_path, launched.pid, "--single"))
        launched.send_signal(number)
    process.clear(tmp_path)
    eventually(lambda: before.left() == [], 5)


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        (["haproxy"], ["The sandbox has no load balancer: apt-get install haproxy"]),
        (
            ["postgresql", "haproxy"],
            [
                "The sandbox has no database and no application: apt-get install postgresql",
                "The sandbox has no load balancer: apt-get install haproxy",
            ],
        ),
    ],
)
def test_a_sandbox_starts_without_what_is_not_installed(
    missing: list[str],
    told: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if set(parts.missing()) - set(missing):
        pytest.skip("PostgreSQL is not installed: run make setup")
    program = f"from sandbox import parts\nparts.missing = lambda: {missing}\n"
    program += f"from sandbox import boot\nfrom pathlib import Path\nboot.main(Path({str(tmp_path)!r}), 0)"
    monkeypatch.delenv("SANDBOX_APPLICATION", raising=False)
    monkeypatch.setenv("SANDBOX_HOME", str(tmp_path))
    monkeypatch.setattr(engine, "prepare", lambda _: None)
    monkeypatch.setattr(engine, "environment", lambda *_: {})
    monkeypatch.setattr(
        process, "launch", lambda *_: subprocess.Popen([sys.executable, "-c", program], cwd=process.PROJECT)
    )
    try:
        for command in ("start", "status", "env", "reset", "stop"):
            monkeypatch.setattr(sys, "argv", ["sandbox", command])
            cli.main()
        said = capsys.readouterr().out.splitlines()
    finally:
        process.stop(tmp_path)
    assert [line for line in said if line.startswith("The sandbox has")] == told
    assert "targets      1 healthy of 1" in said
    assert "address      none" in said
    assert f"database     {'none' if 'postgresql' in missing else 'up'}" in said
    assert [line for line in said if line.startswith("export EXAM_")] == ["export EXAM_ADDRESS=http://127.0.0.1:9"]
