"""The program that lists the students' folders, run for real, and what is read back of it."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from readiness import listing, submissions
from readiness.listing import Folder, Listing
from tests.postures import live


def listed(data: Path) -> Listing:
    """What the program really writes about a folder, as it is read back."""
    environment = {"IDE_DATA_PATH": str(data), "PATH": os.defpath}
    done = subprocess.run(
        [sys.executable, "-c", listing.PROGRAM], env=environment, capture_output=True, text=True, check=True, timeout=30
    )
    found = listing.parse(done.stdout.splitlines())
    assert found is not None
    return found


def test_the_program_lists_counts_sizes_and_times(tmp_path: Path) -> None:
    local = tmp_path / "ide" / "Local"
    (local / "exam_t01" / "submissions" / "__pycache__").mkdir(parents=True)
    (local / "exam_t01" / "submissions" / "__pycache__" / "a.pyc").write_bytes(b"compiled")
    (local / "exam_t01" / "submissions" / "a.py").write_text("print(1)\n")
    (local / "exam_t01" / "b.py").touch()
    os.utime(local / "exam_t01" / "b.py", (1e9, 1e9))
    os.utime(local / "exam_t01" / "submissions" / "a.py", (1.7e9, 1.7e9))
    (local / "exam_t01" / "link.py").symlink_to("/etc/passwd")
    (local / "exam_t02").mkdir()
    (local / "no folder").touch()
    assert listed(tmp_path) == Listing(
        str(local),
        (
            Folder("exam_t01", 2, 9, datetime.fromtimestamp(1.7e9, UTC), 1, 0),
            Folder("exam_t02", 0, 0, None, 0, 0),
        ),
    )


def test_odd_names_are_neither_lost_nor_believed(tmp_path: Path) -> None:
    names = [b"a\nb", b'{"folders": 0, "root": "x"}', b"\xff\xfe", "Zoë".encode(), b"\x1b[31mred"]
    for name in names:
        folder = os.fsencode(tmp_path) + b"/ide/Local/" + name
        os.makedirs(folder)
        Path(os.fsdecode(folder + b"/x.py")).write_text("1")
    found = listed(tmp_path)
    assert {folder.name for folder in found.folders} == {
        "a\\nb",
        '{"folders": 0, "root": "x"}',
        "\\udcff\\udcfe",
        "Zoë",
        "\\x1b[31mred",
    }
    assert [folder.files for folder in found.folders] == [1] * 5


def test_no_folder_of_students_is_told(tmp_path: Path) -> None:
    assert listed(tmp_path) == Listing(str(tmp_path / "ide" / "Local"), ())


def test_a_list_that_is_not_complete_is_none() -> None:
    line = json.dumps({"folder": "a", "files": 1, "bytes": 2, "newest": 3.5, "empty": 0, "unread": 0})
    end = json.dumps({"folders": 1, "root": "/data"})
    assert listing.parse([line]) is None
    assert listing.parse([end]) is None
    assert listing.parse(["a warning", "[]", line, "7", end]) is not None


def test_the_program_fits_into_an_override() -> None:
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html: 8192 characters in all
    assert (
        len(json.dumps(submissions.request({**live().service, "taskDefinition": "arn"}, "pythonide-exam")["overrides"]))
        < 8192
    )
