"""Where the contestants meet: a sandbox of its own whose tasks start at once, and Pulumi projects on it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from components.errors import ExamError
from components.guard import FORCE
from sandbox import engine, process
from sandbox.process import PROJECT, Server

# What waits for AWS is no part of a contestant: a task starts, is healthy, and has drained, within a moment.
PACE = {"SANDBOX_SPEED": "1000000", "SANDBOX_APPLICATION": "off"}
# The kinds of turns: the second without a checkpoint of the state after each change, the last with the posture live.
SWITCH, UNSAVED, NOTHING = "switch", "switch without checkpoints", "nothing to do"
# A project that says nothing of its own.
BARE = """name: {name}
runtime:
  name: python
  options:
    virtualenv: .venv
"""
LIMIT = 100  # seconds that one command may take
STEADY = 20  # seconds in which ECS must have nothing left to do after it


@dataclass(frozen=True)
class Turn:
    """What one command took: wall seconds, and the calls to AWS that the sandbox recorded."""

    seconds: float
    reads: int
    writes: int


@dataclass(frozen=True)
class Ground:
    """The running sandbox. This process's environment leads there and nowhere else."""

    home: Path
    server: Server

    def turn(self, command: Sequence[str], folder: Path = PROJECT, variables: Mapping[str, str] | None = None) -> Turn:
        """Time a command that has to succeed, on a steady world, and wait until the world is steady again.

        Raises ExamError with the last line that it said when it fails or takes longer than LIMIT.
        """
        self.server.ask("DELETE", "calls")
        start = time.perf_counter()
        run(command, folder, variables)
        seconds = time.perf_counter() - start
        kinds = [call["kind"] for call in self.server.ask("GET", "calls")]
        ends = time.monotonic() + STEADY
        while not self.server.ask("GET", "status")["steady"]:
            if time.monotonic() > ends:
                raise ExamError(f"ECS is not steady {STEADY} s after {' '.join(command)}")
            time.sleep(0.05)
        return Turn(seconds, kinds.count("read"), kinds.count("write"))

    def project(self, name: str, settings: str, program: Path) -> Path:
        """A folder with a Pulumi project: `settings` is its Pulumi.yaml, `program` its __main__.py.

        The sandbox's command for the checkout brings a copy up to date each time; here it runs the CLI alone.
        """
        folder = self.home.parent / name
        folder.mkdir()
        (folder / "Pulumi.yaml").write_text(settings)
        (folder / "__main__.py").symlink_to(program)
        for link in ("components", ".venv"):
            (folder / link).symlink_to(PROJECT / link)
        return folder


def run(command: Sequence[str], folder: Path = PROJECT, variables: Mapping[str, str] | None = None) -> str:
    """What a command says that has to succeed. Raises ExamError with its last line when it does not."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ExamError(f"{' '.join(command)} takes longer than {LIMIT} s") from None
    if done.returncode:
        errors = [line for line in done.stdout.splitlines() if "error:" in line]
        said = [*errors, *reversed(done.stdout.strip().splitlines()), "it says nothing"]
        raise ExamError(f"{' '.join(command)} failed: {said[0].strip()}")
    return done.stdout


@contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """The sandbox, in a folder. Raises ExamError when it does not start."""
    home = folder / "sandbox"
    for name in (*process.ELSEWHERE, FORCE):
        os.environ.pop(name, None)
    os.environ |= process.environment_apart(home) | PACE
    try:
        run([sys.executable, "-m", "sandbox", "start"])
        server = process.find(home)
        if server is None:
            raise ExamError("the sandbox has ended")
        os.environ |= engine.environment(home, server.port)
        yield Ground(home, server)
    finally:
        process.stop(home)
