"""What a load test refuses: another place than the stack's own, and students at work."""

import pytest

from components.errors import ExamError
from components.presence import Presence
from loadtest import safety
from tests.postures import live, settings


@pytest.mark.parametrize(
    "address",
    [
        None,
        "http://127.0.0.1:8080",
        "http://127.8.9.1",
        "https://localhost:1",
        "http://[::1]:8080",
    ],
)
def test_the_exam_url_and_loopback(address: str | None) -> None:
    safety.check_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://10.0.0.1:8080",
        "https://exam.pythonide-classroom.tech",
        "http://localhost.example.com",
        "http://127.0.0.1@example.com/",
        "http://127.0.0.1.example.com",
        "http://0.0.0.0:80",
        "http://[::",
        "127.0.0.1:8080",
        "",
    ],
)
def test_any_other_place_is_refused(address: str) -> None:
    with pytest.raises(ExamError, match="goes to the exam URL or to loopback only"):
        safety.check_address(address)


def there(monkeypatch: pytest.MonkeyPatch, found: Presence) -> None:
    monkeypatch.delenv("EXAM_FORCE", raising=False)
    monkeypatch.setattr(safety, "presence", lambda settings, live: found)


def test_students_who_are_there_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    there(monkeypatch, Presence(True, "34 active students in the last 10 minutes (sessions table)"))
    with pytest.raises(ExamError) as error:
        safety.check_nobody_there(settings("exam"), live())
    assert str(error.value).startswith("students are there: 34 active students in the last 10 minutes")
    assert "\n" not in str(error.value)


def test_nobody_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    there(monkeypatch, Presence(False, "0 active students in the last 10 minutes (sessions table)"))
    safety.check_nobody_there(settings("exam"), live())


def test_who_is_there_must_be_known(monkeypatch: pytest.MonkeyPatch) -> None:
    there(monkeypatch, Presence(False, None, ("sessions table: the database does not answer (OperationalError)",)))
    with pytest.raises(ExamError, match=r"nothing tells whether students are there \(sessions table"):
        safety.check_nobody_there(settings("exam"), live())


def test_by_force_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safety, "presence", lambda settings, live: pytest.fail("asked"))
    monkeypatch.setenv("EXAM_FORCE", "1")
    safety.check_nobody_there(settings("exam"), live())
