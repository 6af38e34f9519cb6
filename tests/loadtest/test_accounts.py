"""Accounts come from a file outside the repository, and neither its errors nor its records show one."""

from pathlib import Path

import pytest

from components.errors import ExamError
from loadtest.accounts import VARIABLE, read_accounts
from tests.postures import ROOT, SECRET

LINES = "username,password\n" + "".join(f"student{number},{SECRET}{number}\n" for number in range(1, 4))


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "accounts.csv"
    path.write_text(LINES)
    monkeypatch.setenv(VARIABLE, str(path))
    monkeypatch.delenv("EXAM_TEST_USER", raising=False)
    return path


def refusal(count: int = 2, project: Path = ROOT) -> str:
    with pytest.raises(ExamError) as error:
        read_accounts(count, project)
    assert SECRET not in str(error.value)
    assert "student" not in str(error.value).replace("--students", "")
    assert "\n" not in str(error.value)
    return str(error.value)


def test_the_first_ones(given: Path) -> None:
    found = read_accounts(2, ROOT)
    assert [(account.username, account.password) for account in found] == [
        ("student1", f"{SECRET}1"),
        ("student2", f"{SECRET}2"),
    ]
    assert SECRET not in repr(found)
    assert "student1" not in repr(found)


def test_the_account_of_the_checklist_is_left_out(given: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAM_TEST_USER", "student1")
    assert [account.username for account in read_accounts(2, ROOT)] == ["student2", "student3"]
    assert "has 2 accounts, 3 are needed" in refusal(3)


def test_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert f"set {VARIABLE} to a CSV file" in refusal()


def test_too_few(given: Path) -> None:
    assert refusal(4) == f"{VARIABLE} has 3 accounts, 4 are needed; add some, or use --students"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no CSV file whose first line has the columns"),
        (f"student1,{SECRET}\n", "no CSV file whose first line has the columns"),
        (f"username,password\nstudent1,\n{SECRET},x\n", "row 2 of EXAM_ACCOUNTS has no username or no password"),
        (LINES + f"student1,{SECRET}\n", "an account is in EXAM_ACCOUNTS twice"),
        (LINES.encode() + b"\xff\xfe,x\n", "not a CSV file in UTF-8"),
    ],
)
def test_a_wrong_file(given: Path, text: str | bytes, told: str) -> None:
    given.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert told in refusal(4 if "twice" in told else 1)


def test_no_file(given: Path) -> None:
    given.unlink()
    assert refusal() == f"cannot read {VARIABLE}: No such file or directory"


def test_a_file_that_git_would_take_in_is_refused_and_an_ignored_one_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, str(ROOT / "accounts.csv"))
    assert "lies in the repository" in refusal()
    # Not there, but it is looked for: git ignores that folder.
    monkeypatch.setenv(VARIABLE, str(ROOT / ".sandbox" / "nothing" / "accounts.csv"))
    assert "No such file" in refusal()


def test_without_git_every_file_in_the_project_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(ROOT / ".sandbox" / "accounts.csv"))
    monkeypatch.setenv("PATH", "")
    assert "lies in the repository" in refusal()
