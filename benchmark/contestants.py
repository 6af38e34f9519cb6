"""Who makes the switch: this program, the action plan's AWS CLI script, and the least that it can be."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmark.ground import Ground, run
from components.errors import ExamError
from sandbox.process import PROJECT

PROGRAM, SCRIPT, FLOOR = "this program", "the plan's AWS CLI script, repaired", "boto3, only what differs"
UP = ("pulumi", "up", "--yes", "--skip-preview", "-s")
AWS_CLI = "awscli>=1.46,<2"  # the first with `update-service --monitoring`
CACHE = Path("~/.cache/pythonide-exam/aws-cli").expanduser()


@dataclass(frozen=True)
class Contestant:
    """A command that brings the service into the posture that comes as its last argument."""

    command: tuple[str, ...]
    folder: Path = PROJECT
    variables: Mapping[str, str] = field(default_factory=dict)

    def to(self, posture: str) -> list[str]:
        """The command for a posture."""
        return [*self.command, posture]


def contestants(ground: Ground) -> dict[str, Contestant]:
    """All three, by name. Raises ExamError when the AWS CLI cannot be had."""
    path = f"{aws_cli()}{os.pathsep}{os.environ['PATH']}"
    return {
        PROGRAM: Contestant(UP, checkout(ground)),
        SCRIPT: Contestant((str(PROJECT / "benchmark" / "switch.sh"),), variables={"PATH": path}),
        FLOOR: Contestant((sys.executable, "-m", "benchmark.floor")),
    }


def checkout(ground: Ground) -> Path:
    """This project as a folder of its own, with its stack files."""
    folder = ground.project("checkout", (PROJECT / "Pulumi.yaml").read_text(), PROJECT / "__main__.py")
    for stack in ("exam", "idle"):
        (folder / f"Pulumi.{stack}.yaml").write_text((PROJECT / f"Pulumi.{stack}.yaml").read_text())
    return folder


def aws_cli(folder: Path = CACHE) -> Path:
    """The folder of an AWS CLI, which is put into an environment of its own the first time. Raises ExamError."""
    programs = folder / "bin"
    try:
        subprocess.run([programs / "aws", "--version"], check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        try:
            run([sys.executable, "-m", "venv", "--clear", str(folder)])
            run([str(programs / "pip"), "install", "--quiet", "--disable-pip-version-check", AWS_CLI])
        except ExamError as error:
            raise ExamError(f"no AWS CLI to compare with: {error}") from None
    return programs
