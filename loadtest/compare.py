"""`python -m loadtest --compare`: the same class on several postures, each in a sandbox of its own; one table.

AWS's clock runs faster (process.CLASS_SPEED) for what takes minutes there; what students wait for takes the time
that it takes.
"""

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from components.errors import ExamError
from loadtest import report
from loadtest.criteria import told
from loadtest.hall import PROJECT
from loadtest.report import Report, Sheet, table
from loadtest.verdict import Answer
from sandbox import engine, process
from sandbox.process import SandboxError, Server

EXAM = PROJECT / "loadtest" / "compare.yaml"
REPORT = "*/report.json"
# What a program of the project's is made of; the stack files beside it are a posture's own.
PARTS = ("__main__.py", "components", ".venv")
STACK_FILES = ("Pulumi.yaml", "Pulumi.exam.yaml", "Pulumi.idle.yaml")


@dataclass(frozen=True)
class Posture:
    """A posture to compare: a stack, with some of its values changed."""

    name: str
    stack: str = "exam"
    changes: dict[str, Any] = field(default_factory=dict)


def fixed(name: str, tasks: int, cpu: int, memory: int) -> Posture:
    """So many tasks, whatever happens."""
    autoscaling = {"min": tasks, "max": tasks}
    return Posture(name, changes={"taskCount": tasks, "cpu": cpu, "memory": memory, "autoscaling": autoscaling})


# The action plan's options, and the same vCPU as C in tasks of a size that the application can use.
POSTURES = (
    Posture("idle", "idle"),
    fixed("A", 2, 1024, 2048),
    fixed("B", 1, 2048, 4096),
    Posture("C (exam)"),
    fixed("4 x 1 vCPU", 4, 1024, 2048),
)


def compare(students: int | None, seed: int, reports: Path, console: Console) -> dict[str, Report]:
    """The reports of all postures, by name. Raises ExamError when one of them cannot be had."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    found = {}
    for posture in POSTURES:
        console.print(f"\n== {posture.name}")
        into = (reports / posture.name.replace(" ", "-")).resolve()
        before = set(into.glob(REPORT))
        asked = ["--exam", str(EXAM), "--seed", str(seed), "--reports", str(into)]
        asked += ["--students", str(students)] if students else []
        with live(posture, process.CLASS_PACE) as (folder, env):
            call(["-m", "loadtest", "-s", posture.stack, *asked], folder, env)
        made = set(into.glob(REPORT)) - before
        if not made:
            raise ExamError(f"the load test of posture {posture.name} made no report")
        found[posture.name] = report.read(made.pop())
    console.print("", table(sheet(found)))
    return found


@contextmanager
def live(posture: Posture, settings: Mapping[str, str]) -> Iterator[tuple[Path, dict[str, str]]]:
    """A sandbox in which the posture is live and its tasks are warm: the project's folder there, the environment.

    `settings` are variables of the sandbox's, by name. Raises ExamError when it cannot be had.
    """
    with tempfile.TemporaryDirectory(prefix="pythonide-exam-compare-") as temporary:
        folder, home = Path(temporary) / "project", Path(temporary) / "sandbox"
        env = process.environment_apart(home) | dict(settings)
        try:
            _must([sys.executable, "-m", "sandbox", "start"], PROJECT, env)
            server = process.find(home)
            if server is None:
                raise ExamError("the sandbox did not start")
            env |= _variables(home, server) | {"PYTHONPATH": str(PROJECT)}
            write_project(folder, posture)
            _must(["pulumi", "up", "-s", posture.stack, "--yes", "--skip-preview"], folder, env)
            # The first run of a fresh process takes seconds: the checklist is the warm-up, here as in an exam.
            call(["-m", "readiness", "-s", posture.stack], folder, env, quiet=True)
            server.ask("POST", "load", {"vcpus": None})
            yield folder, env
        except SandboxError as error:
            raise ExamError(f"posture {posture.name} needs a sandbox: {error}") from None
        finally:
            process.stop(home)


def _must(command: list[str], folder: Path, env: dict[str, str]) -> None:
    """A command that must do well. Raises ExamError with its last line."""
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stdout + done.stderr).strip().splitlines()
        raise ExamError(f"{' '.join(command[:4])} failed: {lines[-1] if lines else done.returncode}")


def _variables(home: Path, server: Server) -> dict[str, str]:
    told = process.exam_variables(home, server)
    if told["EXAM_ADDRESS"] == process.NOBODY:
        raise ExamError("there is no application to load: HAProxy or PostgreSQL is not installed; run make setup")
    return engine.environment(home, server.port) | told


def write_project(folder: Path, posture: Posture) -> None:
    """The project as the posture has it."""
    folder.mkdir()
    for name in PARTS:
        (folder / name).symlink_to(PROJECT / name)
    for name in STACK_FILES:
        shutil.copy(PROJECT / name, folder / name)
    path = folder / f"Pulumi.{posture.stack}.yaml"
    content = yaml.safe_load(path.read_text())
    for key, value in posture.changes.items():
        old = content["config"][f"pythonide-exam:{key}"]
        content["config"][f"pythonide-exam:{key}"] = {**old, **value} if isinstance(value, dict) else value
    path.write_text(yaml.safe_dump(content, sort_keys=False))


def call(arguments: list[str], folder: Path, env: dict[str, str], *, quiet: bool = False) -> int:
    """The exit code of a command of the project's; what it finds is no error here."""
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=env, check=False, capture_output=quiet
    ).returncode


def sheet(found: dict[str, Report]) -> Sheet:
    """The table: who holds, what gave way first, at what price."""
    head = ("posture", "tasks", "USD/h", "holds", "run p95", "save p95", "login p95", "failed", "wrong", "CPU", "else")
    return Sheet("The same class on each posture", head, [_row(name, made) for name, made in found.items()])


def _row(name: str, made: Report) -> tuple[str, ...]:
    facts, figures = made.result.posture, made.figures
    p95 = {line.name: line.p95 for line in figures.verbs}
    size = f"{facts['cpu'] / 1024:g} vCPU"
    tasks = f"{facts['min']:g}-{facts['max']:g}" if facts["min"] < facts["max"] else f"{facts['tasks']:g}"
    usable = figures.sampled["cpu_usable"].highest
    return (
        name,
        f"{tasks} x {size}",
        f"{facts['usd_per_hour']:.2f}",
        {Answer.HOLDS: "yes", Answer.DOES_NOT_HOLD: "NO", Answer.CANNOT_TELL: "?"}[made.verdict.answer],
        *(_seconds(p95[verb]) for verb in ("run", "save", "login")),
        f"{figures.failed_runs_percent:.3g} %",
        f"{figures.wrong_outputs_percent:.3g} %",
        "" if usable is None else f"{usable:.0f} %",
        _gave_way(made),
    )


def _gave_way(made: Report) -> str:
    """What gave way first, or how much room there is."""
    if made.verdict.room:
        return f"room for {made.verdict.room.students}"
    broken = [criterion for criterion in made.verdict.criteria if not criterion.held]
    first = min(broken, key=lambda c: (c.since is None, c.since or 0), default=None)
    return "; ".join([*([told(first)] if first else []), *made.verdict.doubts])


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.2g} s"
