"""`make demo`: the switch there and back in a sandbox of its own, each step a command that a person could type."""

import os
import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from sandbox import engine, process

PROJECT = Path(__file__).resolve().parent.parent
STEPS = (
    ("The idle world", [["python", "-m", "sandbox", "status"]]),
    ("To exam strength", [["pulumi", "up", "-s", "exam", "--yes", "--skip-preview"]]),
    ("The exam world", [["python", "-m", "sandbox", "status"]]),
    ("And back", [["pulumi", "up", "-s", "idle", "--yes", "--skip-preview"]]),
    ("The idle world again", [["python", "-m", "sandbox", "status"]]),
)


def main() -> int:
    """Run the demo; the exit code is that of the first step that fails, 130 after Ctrl-C."""
    # A group's SIGTERM ends the demo as Ctrl-C does: by way of the clean-up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="pythonide-exam-demo-") as folder:
        home = Path(folder)
        env = {**os.environ, "SANDBOX_HOME": folder, "SANDBOX_PORT": "0", "SANDBOX_OWNER": str(os.getpid())}
        try:
            return _run(home, env)
        except KeyboardInterrupt:
            print("\nStopped; nothing is left running.", flush=True)
            return 130
        finally:
            process.stop(home)


def _run(home: Path, env: dict[str, str]) -> int:
    _announce("Sandbox up", [])
    started = _call(["python", "-m", "sandbox", "start"], env)
    server = process.find(home)
    if started or server is None:
        return started or 1
    env |= engine.environment(home, server.port)
    for title, commands in STEPS:
        _announce(title, commands)
        for command in commands:
            code = _call(command, env)
            if code:
                return code
    _announce("Sandbox down", [])
    return _call(["python", "-m", "sandbox", "stop"], env)


def _announce(title: str, commands: list[list[str]]) -> None:
    lines = [f"\n== {title}", *(f"$ {shlex.join(command)}" for command in commands)]
    print("\n".join(lines), flush=True)


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
