"""Who worked in an exam, asked of a real PostgreSQL."""

from datetime import datetime, timedelta

import psycopg
import pytest

from components.presence import TEST_USER_VARIABLE, URL_VARIABLE
from readiness.context import Context
from readiness.worked import Account, worked
from tests.postures import live, settings
from tests.readiness.worlds import NOW


def ago(minutes: int) -> datetime:
    return NOW - timedelta(minutes=minutes)


def test_the_sessions_tell_who_worked(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ended sessions too, several of one account together; not those before, nor the checklist's own."""
    monkeypatch.setenv(URL_VARIABLE, database.replace("postgresql:", "postgresql+psycopg:"))
    monkeypatch.setenv(TEST_USER_VARIABLE, "student4")
    rows = [(1, 170, 100, False), (1, 90, 20, True), (2, 300, 200, True), (3, 240, 170, True), (4, 5, 1, True)]
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("UPDATE users SET role = 'professor' WHERE username = 'student3'")
        for number, (user, first, last, active) in enumerate(rows):
            begun, seen = (ago(m).replace(tzinfo=None) for m in (first, last))
            connection.execute(
                "INSERT INTO sessions (user_id, token, is_active, created_at, last_activity) VALUES (%s,%s,%s,%s,%s)",
                [user, f"token{number}", active, begun, seen],
            )
    one = Context(settings("idle"), "idle", settings("exam"), live().access)
    one.once("live", live)
    found = worked(one, ago(180))
    assert found == [
        Account("student1", "student", ago(170), ago(20)),
        Account("student3", "professor", ago(240), ago(170)),
    ]
