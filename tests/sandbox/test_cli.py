"""`python -m sandbox`, with a real server, in homes of the tests' own."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox import __main__ as cli
from sandbox import children, engine, process
from sandbox.cli_install import EngineError
from sandbox.process import Server
from tests.sandbox.aws import eventually

Run = Callable[..., str]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("SANDBOX_HOME", str(tmp_path))
    monkeypatch.setenv("SANDBOX_PORT", "0")
    monkeypatch.setenv("SANDBOX_APPLICATION", "off")
    # Pulumi has tests of its own; here it would only take time.
    monkeypatch.setattr(engine, "prepare", lambda home: None)
    monkeypatch.setattr(engine, "environment", lambda home, port: {"PATH": "a b'c", "AWS_PROFILE": "", "P": str(port)})
    yield tmp_path
    process.stop(tmp_path)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command and returns what it prints; of one that fails, its one line."""

    def command(*arguments: str, fails: bool = False) -> str:
        monkeypatch.setattr(sys, "argv", ["sandbox", *arguments])
        if not fails:
            cli.main()
            return capsys.readouterr().out
        with pytest.raises(SystemExit) as ended:
            cli.main()
        line = str(ended.value)
        assert len(line.splitlines()) == 1
        return line

    return command


def test_a_life(home: Path, run: Run) -> None:
    said = run("start")
    server = process.find(home)
    assert server is not None
    assert f"http://127.0.0.1:{server.port}" in said
    assert "pulumi up -s exam" in said
    assert run("start") == f"The sandbox runs already, on port {server.port}.\n"
    assert json.loads(run("status", "--json"))["service"]["running"] == 1
    table = dict(line.split(maxsplit=1) for line in run("status").splitlines())
    assert table["tasks"] == "1 running of 1 desired"
    assert table["size"] == "1024 CPU units, 2048 MB"
    assert table["deployment"] == "PRIMARY COMPLETED pythonide-exam-task:1, 1 running of 1"
    assert table["autoscaling"] == table["alarms"] == table["address"] == table["database"] == "none"
    assert run("env").splitlines() == [
        "unset AWS_DEFAULT_PROFILE",
        "unset AWS_SESSION_TOKEN",
        "unset EXAM_DATABASE_URL",
        "unset EXAM_TEST_USER",
        "unset EXAM_TEST_PASSWORD",
        "unset EXAM_ACCOUNTS",
        "export PATH='a b'\"'\"'c'",
        "export AWS_PROFILE=''",
        f"export P={server.port}",
        "export EXAM_ADDRESS=http://127.0.0.1:9",
    ]
    assert "as at the start" in run("reset")
    assert run("calls", "--reset") == "0 calls: 0 reads, 0 writes\n"
    assert json.loads(run("calls", "--json")) == []
    assert run("stop") == "The sandbox is stopped.\n"
    assert not (home / "server.json").exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))


def test_faults_are_added_listed_and_ended(server: Server, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "find", lambda _: server)
    run("fault", "ecs:*", "deny")
    told = [line.split(maxsplit=2) for line in run("fault", "*:Put*", "hang", "--calls", "2").splitlines()]
    assert told == [["ecs:*", "deny", "all calls"], ["*:Put*", "hang", "2 more calls"]]
    assert run("fault", "--list").count("\n") == 2
    assert run("fault", "--clear") == run("fault", "--list") == ""
    assert "Say which calls" in run("fault", "ecs:*", fails=True)


def test_what_needs_a_sandbox_says_so_without_one(home: Path, run: Run) -> None:
    for command in ("status", "calls", "reset", "env"):
        assert "does not run; start it" in run(command, fails=True)
    assert run("stop") == "The sandbox does not run.\n"


def test_a_taken_port_is_one_line(home: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("SANDBOX_PORT", str(port))
        said = run("start", fails=True)
    assert said == (
        f"The sandbox did not start: port {port} is taken; choose another with SANDBOX_PORT, or 0 for any free one"
    )
    assert process.find(home) is None


@pytest.mark.parametrize("port", ["many", "-1", "65536"])
def test_a_port_that_is_none_is_one_line(home: Path, run: Run, monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("SANDBOX_PORT", port)
    assert f"SANDBOX_PORT is '{port}'" in run("start", fails=True)


def test_what_a_crash_left_behind_harms_nobody(home: Path, run: Run) -> None:
    (home / "server.json").write_text(json.dumps({"port": 1, "pid": os.getpid()}))
    (home / "server.lock").touch()
    assert "does not run; start it" in run("status", fails=True)
    assert run("stop") == "The sandbox does not run.\n"
    assert not (home / "server.json").exists()


def test_a_server_that_hangs_is_stopped(home: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("start")
    server = process.find(home)
    assert server is not None
    os.kill(server.pid, signal.SIGSTOP)
    monkeypatch.setattr(process, "STOP_TIMEOUT", 0.3)
    assert run("stop") == "The sandbox is stopped.\n"
    assert process.find(home) is None


def test_a_server_ends_with_its_owner(home: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test run or a demo that is killed stops nothing itself."""
    with subprocess.Popen(["sleep", "60"]) as owner:  # noqa: S607 (found on PATH)
        monkeypatch.setenv("SANDBOX_OWNER", str(owner.pid))
        run("start")
        owner.kill()
    eventually(lambda: process.find(home) is None)


def test_a_start_beside_one_that_is_under_way_harms_nothing_and_a_stop_ends_that(home: Path, run: Run) -> None:
    with process.launch(home, 0) as first:
        eventually(lambda: process._locked(home))
        first.send_signal(signal.SIGSTOP)
        folder = children.run_folder(home)
        assert "a sandbox runs in" in run("start", fails=True)
        assert folder.exists()
        first.send_signal(signal.SIGCONT)
        assert run("stop") == "The sandbox is stopped.\n"
    assert not folder.exists()


@pytest.mark.parametrize("failure", [EngineError("No Pulumi CLI"), KeyboardInterrupt()])
def test_a_start_that_fails_leaves_no_server(
    home: Path, run: Run, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    def fail(_: Path) -> None:
        raise failure

    launched = process.launch(home, 0)
    monkeypatch.setattr(process, "launch", lambda *_: launched)
    monkeypatch.setattr(engine, "prepare", fail)
    assert run("start", fails=True) == (str(failure) or "130")
    assert launched.poll() is not None


def test_a_command_that_only_asks_imports_nothing_heavy() -> None:
    heavy = "{'moto', 'boto3', 'botocore', 'pulumi', 'werkzeug', 'pydantic'}"
    program = (
        f"import sandbox.__main__, sys; sys.exit(str({heavy} & set(sys.modules)) if {heavy} & set(sys.modules) else 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=process.PROJECT)
