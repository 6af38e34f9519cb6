"""A task's CPU, bounded as Fargate bounds it: a cgroup with a quota around its process, where that is allowed."""

import errno
import os
import time
from contextlib import suppress
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
PREFIX = "pythonide-exam-"
PERIOD = 100_000  # microseconds, the kernel's default
CONTROLLERS = "cgroup.controllers"
# A task has its vCPU to itself on Fargate; here it comes before what else the machine does, ten times the default.
# https://docs.kernel.org/admin-guide/cgroup-v2.html (cpu.weight), cgroup-v1 (cpu.shares)
WEIGHT, SHARES = 1000, 10_240
END_LIMIT, POLL = 5.0, 0.02  # seconds in which the kernel must let go of a process that has ended; between two tries


class Quota:
    """The cgroup of one process; its files are those of version 1 or 2, whichever the machine has its CPU in."""

    def __init__(self, pid: int, vcpus: float, root: Path = ROOT) -> None:
        """Bounds a process to so many vCPU. Raises OSError where that may not be done."""
        self._group = _parent(root) / f"{PREFIX}{pid}"
        self._group.mkdir()
        quota = round(vcpus * PERIOD)
        try:
            if (root / CONTROLLERS).exists():
                (self._group / "cpu.max").write_text(f"{quota} {PERIOD}")
                (self._group / "cpu.weight").write_text(str(WEIGHT))
            else:
                (self._group / "cpu.cfs_period_us").write_text(str(PERIOD))
                (self._group / "cpu.cfs_quota_us").write_text(str(quota))
                (self._group / "cpu.shares").write_text(str(SHARES))
            (self._group / "cgroup.procs").write_text(str(pid))
        except OSError:
            self.end()
            raise

    def end(self) -> None:
        """Removes the cgroup of a process that has ended."""
        # The kernel lets go of a process a moment after it has ended, later on a busy machine.
        limit = time.monotonic() + END_LIMIT
        while self._busy() and time.monotonic() < limit:
            time.sleep(POLL)

    def _busy(self) -> bool:
        """Whether the cgroup could not be removed because a process is still in it."""
        try:
            self._group.rmdir()
        except OSError as error:
            return error.errno == errno.EBUSY
        return False


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
