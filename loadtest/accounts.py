"""The accounts that the students of a load test sign in with: from a CSV outside the repository, and nowhere else."""

import csv
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from components.errors import ExamError
from components.presence import TEST_USER_VARIABLE

VARIABLE = "EXAM_ACCOUNTS"
COLUMNS = ("username", "password")


@dataclass(frozen=True)
class Account:
    """What one student signs in with; it shows neither."""

    username: str = field(repr=False)
    password: str = field(repr=False)


def read_accounts(count: int, project: Path) -> list[Account]:
    """The first `count` accounts of the file that EXAM_ACCOUNTS names, without the checklist's own.

    Raises ExamError, which never quotes the file.
    """
    given = os.environ.get(VARIABLE)
    if not given:
        raise ExamError(f"no accounts; set {VARIABLE} to a CSV file with the columns {' and '.join(COLUMNS)}")
    path = Path(given).resolve()
    if _would_be_committed(path, project.resolve()):
        raise ExamError(f"{VARIABLE} lies in the repository, where passwords do not belong; move it elsewhere")
    accounts = [account for account in _read(path) if account.username != os.environ.get(TEST_USER_VARIABLE)]
    if len(accounts) < count:
        raise ExamError(f"{VARIABLE} has {len(accounts)} accounts, {count} are needed; add some, or use --students")
    if len({account.username for account in accounts[:count]}) < count:
        raise ExamError(f"an account is in {VARIABLE} twice; one login would end the other's session")
    return accounts[:count]


def _read(path: Path) -> list[Account]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            if not {*COLUMNS} <= {*(rows.fieldnames or ())}:
                raise ExamError(f"{VARIABLE} is no CSV file whose first line has the columns {' and '.join(COLUMNS)}")
            accounts = [Account(row["username"] or "", row["password"] or "") for row in rows]
    except OSError as error:
        raise ExamError(f"cannot read {VARIABLE}: {error.strerror}") from None
    except (csv.Error, UnicodeDecodeError):
        raise ExamError(f"{VARIABLE} is not a CSV file in UTF-8") from None
    for line, account in enumerate(accounts, 2):
        if not account.username or not account.password:
            raise ExamError(f"row {line} of {VARIABLE} has no username or no password")
    return accounts


def _would_be_committed(path: Path, project: Path) -> bool:
    """Whether git would take a file in: it lies in the project and is not ignored."""
    if not path.is_relative_to(project):
        return False
    git = shutil.which("git")
    if git is None:
        return True
    asked = subprocess.run([git, "-C", str(project), "check-ignore", "--quiet", str(path)], check=False)
    return asked.returncode != 0
