from typing import Any

import pytest

from readiness.checks import efs
from readiness.row import Verdict
from tests.readiness.worlds import EXAM, SUBNETS, definition, exam

FILES = "fs-0123456789abcdef0"


def test_the_data_path_lies_on_the_file_system() -> None:
    row = efs.mount(EXAM, exam())
    assert (row.verdict, row.found) == (Verdict.OK, f"IDE_DATA_PATH on {FILES}")


@pytest.mark.parametrize(
    ("container", "found"),
    [
        ({"environment": []}, "no IDE_DATA_PATH in pythonide-exam-task:7"),
        ({"mountPoints": []}, "/mnt/efs/pythonide-data-exam is not on EFS: each task has its own files"),
        (
            {"mountPoints": [{"sourceVolume": "efs-volume", "containerPath": "/mnt/efs2"}]},
            "/mnt/efs/pythonide-data-exam is not on EFS: each task has its own files",
        ),
        (
            {
                "mountPoints": [
                    {"sourceVolume": "efs-volume", "containerPath": "/mnt/efs"},
                    {"sourceVolume": "scratch", "containerPath": "/mnt/efs/pythonide-data-exam"},
                ]
            },
            "/mnt/efs/pythonide-data-exam is not on EFS: each task has its own files",
        ),
        (
            {"mountPoints": [{"sourceVolume": "efs-volume", "containerPath": "/mnt/efs", "readOnly": True}]},
            f"{FILES} at /mnt/efs is read-only",
        ),
    ],
)
def test_files_that_would_be_lost_fail(container: dict[str, Any], found: str) -> None:
    row = efs.mount(EXAM, exam(task_definition=definition(**container)))
    assert (row.verdict, row.found) == (Verdict.FAIL, found)


@pytest.mark.parametrize(("state", "verdict"), [("available", Verdict.OK), ("gone", Verdict.FAIL)])
def test_the_file_system_has_to_be_available(state: str, verdict: Verdict) -> None:
    row = efs.available(EXAM, {"FileSystemId": FILES, "LifeCycleState": state})
    assert (row.verdict, row.found) == (verdict, f"{FILES} is {state}")


def test_no_file_system_fails() -> None:
    assert efs.available(EXAM, None).verdict is Verdict.FAIL


def test_every_subnet_has_its_mount_target() -> None:
    targets = [{"SubnetId": subnet, "LifeCycleState": "available"} for subnet in [*SUBNETS, "subnet-else"]]
    assert efs.mount_targets(EXAM, (exam(), targets)).verdict is Verdict.OK


@pytest.mark.parametrize("second", [[], [{"SubnetId": "subnet-b", "LifeCycleState": "creating"}]])
def test_a_subnet_without_one_fails_by_name(second: list[dict[str, str]]) -> None:
    row = efs.mount_targets(EXAM, (exam(), [{"SubnetId": "subnet-a", "LifeCycleState": "available"}, *second]))
    assert (row.verdict, row.found) == (Verdict.FAIL, "none in subnet-b")
