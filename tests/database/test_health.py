"""The database's health on a real PostgreSQL: each fault planted and found, a sound one silent, nothing written."""

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from components.presence import URL_VARIABLE
from readiness.__main__ import look, main
from readiness.context import Context
from readiness.health import CHECKS, ask
from readiness.health.facts import MARK
from readiness.report import Outcome, Report
from readiness.row import Row, Verdict
from sandbox.postgres import postgres
from tests.conftest import needs_postgres
from tests.postures import ROOT, live, settings
from tests.readiness.test_report import SCHEMA

PLANTED = "planted-9d2f6e1c"
SOUND = {
    "shared_preload_libraries": "pg_stat_statements",
    "log_min_duration_statement": "1000",
    "log_statement": "all",
    "logging_collector": "on",
    "log_line_prefix": "%u ",
}
BULK = 40_000  # rows
READER = "exam_reader"
ADVICE = re.compile(r"((?:CREATE|DROP|VACUUM|ALTER) [^;]+)")
LOGGED = re.compile(
    rf"^{READER} LOG: +(?:statement|execute [^:]+): \s*(?:{re.escape(MARK)})?\s*(BEGIN[ \w]*|\w+)", re.MULTILINE
)
SLOW = "SELECT pg_sleep($1), count(*) FROM users WHERE password_hash = $2"
Owner = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture(scope="module")
def counted() -> Iterator[str]:
    """The URL of a sound PostgreSQL that counts statements and logs each, as its owner."""
    needs_postgres()
    with postgres(**SOUND) as url:
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute("CREATE EXTENSION pg_stat_statements")
            owner.execute(f"CREATE ROLE {READER} LOGIN PASSWORD '{PLANTED}'".encode())
            owner.execute(f"GRANT pg_monitor TO {READER}".encode())
            owner.execute(f"CREATE ROLE nobody_special LOGIN PASSWORD '{PLANTED}'".encode())
        yield url


@pytest.fixture
def owner(counted: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Owner]:
    """The owner's connection; the checks' own role may read the statistics and nothing else."""
    host = counted.partition("@")[2]
    monkeypatch.setenv(URL_VARIABLE, f"postgresql://{READER}:{PLANTED}@{host}")
    with psycopg.connect(counted, autocommit=True) as connection:
        yield connection
        connection.execute("TRUNCATE sessions, users RESTART IDENTITY")
        connection.execute("SELECT pg_stat_force_next_flush()")
        connection.execute("SELECT pg_stat_reset(), pg_stat_statements_reset()")


def context(stack: str = "idle", **changes: object) -> Context:
    # A pool of 18 a task is what 112 connections are good for at 6 tasks.
    one = Context(settings(stack, **changes), stack, settings("exam"), live().access)
    one.once("live", live)
    return one


def report(one: Context | None = None) -> Report:
    told = look(one or context(), CHECKS)
    assert PLANTED not in repr(told.json())
    return told


def row(told: Report, area: str, name: str) -> Row:
    (found,) = [one for one in told.rows if (one.area, one.name) == (area, name)]
    return found


def test_a_sound_database_is_silent(owner: Owner) -> None:
    told = report()
    assert [one for one in told.rows if one.verdict is not Verdict.OK] == []
    assert told.outcome is Outcome.READY
    assert {one.area for one in told.rows} == {"connections", "statements", "tables", "indexes", "parameters"}


def test_it_writes_nothing_and_needs_no_right_to(owner: Owner) -> None:
    """By the server's own log of what the checks' role did, and by that role's rights."""
    rights = owner.execute("SELECT has_table_privilege(%s, 'sessions', 'SELECT')", [READER]).fetchone()
    assert rights == (False,)
    seen = len(said(owner))
    report()
    assert set(said(owner)[seen:]) == {"BEGIN READ ONLY", "SELECT", "WITH", "COMMIT"}


def said(owner: Owner) -> list[str]:
    """How each statement of the checks' role begins, by the server's log."""
    (text,) = owner.execute("SELECT pg_read_file(pg_current_logfile())").fetchone() or ("",)
    return LOGGED.findall(str(text))


def test_a_role_that_may_see_less_says_so(owner: Owner, counted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner.execute("SELECT 1")
    monkeypatch.setenv(URL_VARIABLE, f"postgresql://nobody_special:{PLANTED}@{counted.partition('@')[2]}")
    told = report()
    assert "client not shown: 1 state not shown" in row(told, "connections", "in use").found
    assert ": a statement ..." in row(told, "statements", "by total time").found
    assert told.outcome is Outcome.READY


def test_connections_are_told_by_state_and_client(owner: Owner, counted: str) -> None:
    other = psycopg.connect(counted, dbname="postgres")
    with psycopg.connect(counted), psycopg.connect(counted), other:
        told = report()
    in_use = row(told, "connections", "in use")
    assert in_use.found.startswith("4 of 109 in use (max_connections 112, 3 reserved)\n127.0.0.1: 3 idle\n")
    assert "127.0.0.1 (another database): 1 idle" in in_use.found
    assert "(1 are held by other databases)" in row(told, "connections", "pool").found


def test_a_pool_that_does_not_fit_has_one_that_does(owner: Owner) -> None:
    pool = row(report(context("exam")), "connections", "pool")
    assert (pool.verdict, pool.todo) == (
        Verdict.WARN,
        "pulumi config set -s exam --path environment.DB_POOL_MAX 18",
    )
    assert pool.found == "6 tasks (autoscaling.max) x 50 may open 300, there is room for 109"
    fitting = {"environment": {"DB_POOL_MAX": "18"}}
    assert row(report(context("exam", **fitting)), "connections", "pool").verdict is Verdict.OK


def test_nearly_all_connections_held_is_a_fail(owner: Owner, counted: str) -> None:
    held = [psycopg.connect(counted) for _ in range(100)]
    told = report()
    for connection in held:
        connection.close()
    assert row(told, "connections", "in use").verdict is Verdict.FAIL
    assert told.outcome is Outcome.NOT_READY


def test_a_session_that_holds_others_up_is_named(owner: Owner, counted: str) -> None:
    with psycopg.connect(counted) as holder, psycopg.connect(counted, autocommit=True) as waiter:
        holder.execute("LOCK TABLE sessions")
        waiting = threading.Thread(target=waiter.execute, args=("DELETE FROM sessions",))
        waiting.start()
        time.sleep(2.6)  # what others wait for is told after 2 s, a full second counts
        told, pid = report(), holder.info.backend_pid
        holder.rollback()
        waiting.join()
    found = row(told, "connections", "idle in a transaction")
    assert found.verdict is Verdict.FAIL
    assert "waiting for its locks: 1" in found.found
    assert found.todo.startswith(f"SELECT pg_terminate_backend({pid});")
    # A table that is locked keeps none of the rows waiting.
    assert [one for one in told.rows if one.verdict is Verdict.UNKNOWN] == []


def test_slow_statements_are_told_without_what_they_were_asked_for(
    owner: Owner,
) -> None:
    for _ in range(10):
        owner.execute(SLOW.replace("$1", "0.32").replace("$2", f"'{PLANTED}'").encode())
    owner.execute(f"ALTER ROLE {READER} PASSWORD '{PLANTED}'".encode())
    owner.execute(f"DO $$ BEGIN PERFORM '{PLANTED}', pg_sleep(0.3); END $$".encode())
    told = report()
    total, mean = row(told, "statements", "by total time"), row(told, "statements", "by mean time")
    assert (total.verdict, mean.verdict) == (Verdict.WARN, Verdict.WARN)
    assert SLOW in total.found.splitlines()[0]
    assert ": DO ..." in total.found
    assert mean.found.splitlines()[0].endswith(f"ms a call, 10 calls: {SLOW}")
    assert total.todo.startswith("EXPLAIN")


def test_what_ails_tables_and_indexes_is_found_and_the_sql_mends_it(owner: Owner) -> None:
    owner.execute("INSERT INTO users (username) VALUES ('somebody')")
    owner.execute("CREATE INDEX never ON sessions (token, created_at, expires_at)")
    owner.execute("ALTER TABLE users ADD CONSTRAINT named UNIQUE (username)")
    owner.execute("ALTER TABLE sessions SET (autovacuum_enabled = false)")
    owner.execute("INSERT INTO sessions (user_id, token) SELECT 1, n FROM generate_series(1, %s) n", [BULK])
    owner.execute("UPDATE sessions SET last_activity = now()")
    for _ in range(100):
        owner.execute("SELECT count(*) FROM sessions WHERE user_id = 1")
    found = ailing(owner)
    assert found.keys() == {"sequential scans", "dead rows", "foreign keys", "unused", "duplicate"}
    assert found["foreign keys"].found == "public.sessions (user_id) has no index"
    assert found["foreign keys"].todo == "CREATE INDEX CONCURRENTLY ON public.sessions (user_id);"
    assert found["unused"].todo.endswith("DROP INDEX CONCURRENTLY public.never;")
    assert found["duplicate"].found.startswith("public.users_username_key does the same as public.named, ")
    assert found["duplicate"].todo == "ALTER TABLE public.users DROP CONSTRAINT users_username_key;"
    assert re.search(r"sessions, \d+ rows, was read as a whole 10\d times, \d{5} rows", found["sequential scans"].found)
    assert f"{BULK} dead beside {BULK} live rows, never vacuumed" in found["dead rows"].found
    for name in ("foreign keys", "unused", "duplicate", "dead rows"):
        (sql,) = ADVICE.findall(found[name].todo)
        owner.execute(sql.encode())
    # What the statistics count goes on being told until they are reset.
    assert ailing(owner).keys() == {"sequential scans"}


def ailing(owner: Owner) -> dict[str, Row]:
    """The rows on tables and indexes that are not ok, once the statistics know what has happened."""
    for statement in ("SELECT pg_stat_force_next_flush()", "ANALYZE", "SELECT pg_stat_force_next_flush()"):
        owner.execute(statement.encode())
    rows = [one for one in report().rows if one.area in ("tables", "indexes") and one.verdict is not Verdict.OK]
    return {one.name: one for one in rows}


def test_a_question_that_waits_for_a_lock_leaves_the_others_their_time(owner: Owner) -> None:
    with owner.transaction():
        owner.execute("LOCK TABLE pg_constraint")
        started = time.monotonic()
        told = report()
    assert time.monotonic() - started < ask.LIMIT + 2  # not for as long as the lock
    late = {one.name for one in told.rows if one.verdict is Verdict.UNKNOWN}
    assert late == {"sequential scans", "dead rows", "foreign keys", "unused", "duplicate"}
    assert {one.found for one in told.rows if one.name in late} == {"no answer within 1.0 s"}
    assert told.outcome is Outcome.CANNOT_TELL


def test_what_is_not_set_up_is_told_how(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_VARIABLE, database)
    told = report()
    statements, logged = row(told, "statements", "slowest"), row(told, "parameters", "slow statements")
    assert statements.verdict is Verdict.WARN
    assert "CREATE EXTENSION pg_stat_statements;" in statements.todo
    assert (logged.verdict, logged.found) == (Verdict.WARN, "log_min_duration_statement is off (-1)")
    assert "ParameterName=log_min_duration_statement,ParameterValue=1000" in logged.todo


def test_a_database_that_says_nothing_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        monkeypatch.setenv(URL_VARIABLE, f"postgresql://exam:{PLANTED}@127.0.0.1:{server.getsockname()[1]}/x")
        started = time.monotonic()
        told = report()
        assert time.monotonic() - started < ask.LIMIT + 2
    assert {one.verdict for one in told.rows} == {Verdict.UNKNOWN}


@pytest.mark.parametrize("url", ["postgresql://exam:{}@127.0.0.1:1/x", "not a url {}", "mysql://{}"])
def test_a_url_that_leads_nowhere_is_not_repeated(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_VARIABLE, url.format(PLANTED))
    told = report()
    assert {one.verdict for one in told.rows} == {Verdict.UNKNOWN}
    assert "the database does not answer" in told.rows[0].found


def test_the_command_shows_it_and_machines_get_the_same(
    owner: Owner, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("readiness.__main__.context_of", lambda _, stack: context(stack))
    assert main(["-s", "exam", "--database"]) == 0
    screen = capsys.readouterr().out
    assert screen.startswith("READY: ")
    assert "DB_POOL_MAX 18" in screen
    assert main(["-s", "exam", "--database", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    SCHEMA.validate(told)
    assert (told["live"], told["verdict"]) == (None, "ready")


@pytest.mark.parametrize("other", [["--watch"], ["--since", "3h"]])
def test_it_goes_with_no_other_look(
    other: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["-s", "idle", "--database", *other]) == 2
    assert capsys.readouterr().err.startswith("--database looks at the database alone")
