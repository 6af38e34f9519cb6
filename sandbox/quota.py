"""A task's CPU, bounded as Fargate bounds it: a cgroup with a quota around its process, where that is allowed."""

import os
import time
from contextlib import suppress
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
PREFIX = "pythonide-exam-"
PERIOD = 100_000  # microseconds, the kernel's default
CONTROLLERS = "cgroup.controllers"
TRIES = 10


class Quota:
    """The cgroup of one process; its files are those of version 1 or 2, whichever the machine has its CPU in."""

    def __init__(self, pid: int, vcpus: float, root: Path = ROOT) -> None:
        """Bounds a process to so many vCPU. Raises OSError where that may not be done."""
        self._group = _parent(root) / f"{PREFIX}{pid}"
        self._group.mkdir()
        share = round(vcpus * PERIOD)
        try:
            if (root / CONTROLLERS).exists():
                (self._group / "cpu.max").write_text(f"{share} {PERIOD}")
            else:
                (self._group / "cpu.cfs_period_us").write_text(str(PERIOD))
                (self._group / "cpu.cfs_quota_us").write_text(str(share))
            (self._group / "cgroup.procs").write_text(str(pid))
        except OSError:
            self.end()
            raise

    def end(self) -> None:
        """Removes the cgroup of a process that has ended."""
        # The kernel lets go of a process a moment after it has ended.
        for _ in range(TRIES):
            with suppress(OSError):
                self._group.rmdir()
                return
            time.sleep(0.02)


def _parent(root: Path) -> Path:
    """Where cgroups with a quota are made."""
    return root if (root / CONTROLLERS).exists() else root / "cpu"


def clear(root: Path = ROOT) -> None:
    """Removes the cgroups that a sandbox left behind that was killed: of processes that are no more."""
    for group in _parent(root).glob(f"{PREFIX}*"):
        if not Path("/proc", group.name.removeprefix(PREFIX)).exists():
            with suppress(OSError):
                group.rmdir()


def lacks(root: Path = ROOT) -> str | None:
    """Why no task is bounded on this machine, in a line; None where each is."""
    controllers = root / CONTROLLERS
    if controllers.exists() and "cpu" not in controllers.read_text().split():
        return "a task's CPU is not bounded: no cgroup controller for it"
    if not os.access(_parent(root), os.W_OK):
        return "a task's CPU is not bounded: cgroups may not be made here"
    return None
