"""The checklist's database rows on a real PostgreSQL, and its test account, whom nobody counts."""

import socket
import time

import psycopg
import pytest

from components import presence
from readiness.checks import database as checks
from readiness.context import Context
from readiness.row import Verdict
from sandbox.postgres import CONNECTIONS
from tests.postures import SECRET, live, settings

POSTURE = settings("exam")


def context() -> Context:
    one = Context(POSTURE, "exam", settings("idle"), live().access)
    one.once("live", live)
    return one


def test_it_answers(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(presence.URL_VARIABLE, database.replace("postgresql:", "postgresql+psycopg2:"))
    one = context()
    with psycopg.connect(database), psycopg.connect(database):
        told = checks.read_answer(one)
    assert isinstance(told, checks.Told)
    assert told.in_use >= 3
    assert told.limit == CONNECTIONS
    assert checks.answers(POSTURE, told).verdict is Verdict.OK
    assert checks.read_answer(one) is told  # asked once


@pytest.mark.parametrize("replaced", [":wrong@", "/no_such_database"])
def test_who_is_not_let_in_does_not_know(database: str, replaced: str, monkeypatch: pytest.MonkeyPatch) -> None:
    head, _, tail = database.partition("@")
    password = head.rpartition(":")[2]
    url = (
        f"{head.rpartition(':')[0]}{replaced}{tail}"
        if replaced == ":wrong@"
        else database.rpartition("/")[0] + replaced
    )
    monkeypatch.setenv(presence.URL_VARIABLE, url)
    row = checks.answers(POSTURE, checks.read_answer(context()))
    assert row.verdict is Verdict.UNKNOWN
    assert password not in repr(row)


def test_a_silent_database_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        monkeypatch.setenv(presence.URL_VARIABLE, f"postgresql://exam:{SECRET}@127.0.0.1:{server.getsockname()[1]}/x")
        start = time.monotonic()
        row = checks.answers(POSTURE, checks.read_answer(context()))
        assert time.monotonic() - start < 5
    assert row.verdict is Verdict.UNKNOWN
    assert SECRET not in repr(row)


def test_no_url_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(presence.URL_VARIABLE, raising=False)
    one = Context(POSTURE, "exam", settings("idle"), live().access)
    definition = live().task_definition
    definition["containerDefinitions"][0]["environment"] = []
    one.once("live", lambda: live(task_definition=definition))
    row = checks.answers(POSTURE, checks.read_answer(one))
    assert (row.verdict, row.found) == (
        Verdict.UNKNOWN,
        "no DATABASE_URL in pythonide-exam-task:7; set EXAM_DATABASE_URL",
    )


def test_the_test_account_is_nobody(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(presence.URL_VARIABLE, database)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("INSERT INTO users (username) VALUES ('checklist')")
        for name in ("checklist", "student1"):
            connection.execute(
                "INSERT INTO sessions (user_id, token) SELECT id, %s FROM users WHERE username = %s", [name, name]
            )
    told = {}
    for account in ("", "checklist", "somebody else"):
        monkeypatch.setenv(presence.TEST_USER_VARIABLE, account)
        told[account] = str(presence.presence(POSTURE, live()).told).partition(" ")[0]
    assert told == {"": "2", "checklist": "1", "somebody else": "2"}
