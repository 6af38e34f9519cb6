"""A task's CPU is bounded, by cgroups of version 1 and 2."""

import errno
import os
import subprocess
from pathlib import Path

import pytest

from sandbox import quota
from sandbox.quota import Quota

NOBODY = 2**22 + 1  # above the highest process id that Linux gives


@pytest.fixture
def version_1(tmp_path: Path) -> Path:
    (tmp_path / "cpu").mkdir()
    return tmp_path


@pytest.fixture
def version_2(tmp_path: Path) -> Path:
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu memory\n")
    return tmp_path


def written(group: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in group.iterdir()}


def test_version_1(version_1: Path) -> None:
    Quota(42, 2, version_1)
    assert written(version_1 / "cpu" / "pythonide-exam-42") == {
        "cpu.cfs_period_us": "100000",
        "cpu.cfs_quota_us": "200000",
        "cpu.shares": "10240",
        "cgroup.procs": "42",
    }


def test_version_2(version_2: Path) -> None:
    Quota(42, 0.5, version_2)
    assert written(version_2 / "pythonide-exam-42") == {
        "cpu.max": "50000 100000",
        "cpu.weight": "1000",
        "cgroup.procs": "42",
    }


def test_a_process_that_takes_its_time_to_end_is_waited_for(version_2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory cannot be busy; a cgroup is while a process is in it."""
    bound, busy = Quota(42, 1, version_2), [OSError(errno.EBUSY, "busy")] * 20

    def rmdir(_: Path) -> None:
        if busy:
            raise busy.pop()

    monkeypatch.setattr(Path, "rmdir", rmdir)
    bound.end()
    assert busy == []


def test_what_a_killed_sandbox_left_behind_is_cleared(version_2: Path) -> None:
    mine, nobodys, others = (
        version_2 / name for name in (f"pythonide-exam-{os.getpid()}", f"pythonide-exam-{NOBODY}", "x")
    )
    for group in (mine, nobodys, others):
        group.mkdir()
    quota.clear(version_2)
    assert [group.exists() for group in (mine, nobodys, others)] == [True, False, True]


def test_where_it_cannot_be_the_reason_is_told(tmp_path: Path, version_2: Path) -> None:
    assert quota.lacks(version_2) is None
    (version_2 / "cgroup.controllers").write_text("memory\n")
    assert "no cgroup controller" in str(quota.lacks(version_2))
    assert "may not be made here" in str(quota.lacks(tmp_path / "nothing"))
    with pytest.raises(OSError, match="nothing"):
        Quota(42, 1, tmp_path / "nothing")


def test_the_kernel_takes_it() -> None:
    if quota.lacks():
        pytest.skip(str(quota.lacks()))
    with subprocess.Popen(["sleep", "60"]) as process:  # noqa: S607 (found on PATH)
        bound = Quota(process.pid, 0.5)
        assert f"/pythonide-exam-{process.pid}\n" in Path(f"/proc/{process.pid}/cgroup").read_text()
        process.kill()
    bound.end()
    assert not list(quota.ROOT.rglob(f"pythonide-exam-{process.pid}"))
