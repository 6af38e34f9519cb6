"""`make demo`: the switch there and back in a sandbox of its own, each step a command that a person could type."""

import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from readiness.report import Outcome
from sandbox import engine, process
from sandbox.process import PROJECT

# Each switch ends with the checklist.
STEPS = (
    ("The idle world", ["python", "-m", "sandbox", "status"]),
    ("To exam strength", ["pulumi", "up", "-s", "exam", "--yes", "--skip-preview"]),
    ("Can the exam start?", ["python", "-m", "readiness", "-s", "exam"]),
    ("And back", ["pulumi", "up", "-s", "idle", "--yes", "--skip-preview"]),
    ("Is all as it was?", ["python", "-m", "readiness", "-s", "idle"]),
)


def main() -> int:
    """Run the demo; the exit code is that of the first step that fails, 130 after Ctrl-C."""
    # A group's SIGTERM ends the demo as Ctrl-C does: by way of the clean-up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="pythonide-exam-demo-") as folder:
        home = Path(folder)
        env = process.environment_apart(home)
        try:
            return _run(home, env)
        except KeyboardInterrupt:
            print("\nStopped; nothing is left running.", flush=True)
            return 130
        finally:
            process.stop(home)


def _run(home: Path, env: dict[str, str]) -> int:
    _announce("Sandbox up")
    started = _call(["python", "-m", "sandbox", "start"], env)
    server = process.find(home)
    if started or server is None:
        return started or 1
    env |= engine.environment(home, server.port) | process.exam_variables(home, server)
    for title, command in STEPS:
        _announce(title, command)
        code = _call(command, env)
        if _failed(command, code, complete=env["EXAM_ADDRESS"] != process.NOBODY):
            return code
    _announce("Sandbox down")
    return _call(["python", "-m", "sandbox", "stop"], env)


def _failed(command: list[str], code: int, *, complete: bool) -> bool:
    """Whether a step failed, in a sandbox with all its parts or without.

    The checklist did not where it cannot tell, as on a machine that is busy; nor where it rightly finds that no exam
    can start, for want of a load balancer or a database.
    """
    answers = {Outcome.READY, Outcome.CANNOT_TELL} | (set() if complete else {Outcome.NOT_READY})
    return code not in answers if "readiness" in command else code != 0


def _announce(title: str, command: list[str] | None = None) -> None:
    print(f"\n== {title}", *([f"$ {shlex.join(command)}"] if command else []), sep="\n", flush=True)


def _call(command: list[str], env: dict[str, str]) -> int:
    """Run a command to its end: on Ctrl-C it gets the signal too, and is waited for."""
    program = sys.executable if command[0] == "python" else command[0]
    with subprocess.Popen([program, *command[1:]], cwd=PROJECT, env=env) as child:
        try:
            return child.wait()
        except KeyboardInterrupt:
            child.send_signal(signal.SIGINT)
            child.wait()
            raise


if __name__ == "__main__":
    sys.exit(main())
