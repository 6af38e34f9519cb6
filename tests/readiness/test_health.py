"""The rules of the database's health, from what it answers."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.hints import Connections
from readiness.health import connections, indexes, parameters, statements, tables
from readiness.health.facts import Client, ForeignKey, Idle, Index, Parameters, Statement, Table
from readiness.row import Row, Verdict
from tests.postures import settings

POSTURE = settings("exam")
KEY = ForeignKey("sessions_user_id_fkey", "sessions", "users", ["user_id"], 5_000)
INDEX = Index("by_user", "sessions", ["user_id"], "btree 2", False, None, False, True, 2**21, 0, 20_000)
TABLE = Table("public.sessions", 20_000, 0, 0, 0, None)
VALUE = "planted-77aa01"


def rows(found: Row | list[Row]) -> list[Row]:
    return [found] if isinstance(found, Row) else found


def held(others: int, pool: int = 50, least: int = 10) -> connections.Held:
    clients = [Client(True, "10.0.1.5", "idle", 8), Client(False, "10.0.2.9", "active", others)]
    return connections.Held(clients, Parameters(112, 5, 1000), Connections(6, pool, 112), least)


@pytest.mark.parametrize(
    ("asked", "verdict", "todo"),
    [
        (held(0, pool=17), Verdict.OK, ""),
        (held(0), Verdict.WARN, "pulumi config set -s {stack} --path environment.DB_POOL_MAX 17"),
        (held(40), Verdict.WARN, "pulumi config set -s {stack} --path environment.DB_POOL_MAX 11"),
        (
            held(60),
            Verdict.FAIL,
            "pulumi config set -s {stack} --path environment.DB_POOL_MAX 7; "
            "pulumi config set -s {stack} --path environment.DB_POOL_MIN 7",
        ),
        (held(105), Verdict.FAIL, connections.WHO),
    ],
)
def test_the_pool_that_fits_leaves_others_what_they_hold(asked: connections.Held, verdict: Verdict, todo: str) -> None:
    row = connections.pool(POSTURE, asked)
    assert (row.verdict, row.todo) == (verdict, todo)


@given(st.integers(0, 107), st.integers(1, 60), st.integers(1, 20))
def test_a_pool_that_is_named_always_fits(others: int, pool: int, count: int) -> None:
    asked = replace(held(others), asked=Connections(count, pool, None))
    row = connections.pool(POSTURE, asked)
    if row.verdict is Verdict.WARN:
        named = int(row.todo.rsplit(" ", 1)[1])
        again = connections.pool(POSTURE, replace(asked, asked=Connections(count, named, None)))
        assert again.verdict is Verdict.OK
        assert named < pool


def test_what_it_would_take_for_the_pool_is_said() -> None:
    assert "for 50 max_connections must be at least 315" in connections.pool(POSTURE, held(10)).wanted


@pytest.mark.parametrize(
    ("session", "verdict"),
    [
        (Idle(7, "10.0.1.5", 59, 0), Verdict.OK),
        (Idle(7, "10.0.1.5", 60, 0), Verdict.WARN),
        (Idle(7, "10.0.1.5", 1, 3), Verdict.OK),
        (Idle(7, "10.0.1.5", 2, 3), Verdict.FAIL),
    ],
)
def test_idle_in_a_transaction(session: Idle, verdict: Verdict) -> None:
    (row,) = rows(connections.idle(POSTURE, [session]))
    assert row.verdict is verdict


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("SELECT *  FROM users\n WHERE id = $1", "SELECT * FROM users WHERE id = $1"),
        ("SELECT 1 -- why\n+ 2 /* so */", "SELECT ? + ?"),
        ("UPDATE t2 SET a1 = 'it''s' WHERE b = 1.5", "UPDATE t2 SET a1 = ? WHERE b = ?"),
        ("ALTER ROLE exam PASSWORD 'hidden'", "ALTER ..."),
        ("/* hello */ insert into t values (E'a\\'b', $x$c$x$)", "insert into t values (?, ?)"),
        ("SELECT 'never ends", "SELECT ?"),
        ("<insufficient privilege>", "a statement ..."),
    ],
)
def test_a_statement_is_told_by_its_shape(text: str, told: str) -> None:
    assert statements.shape(text) == told


QUOTED = ("'{}'", "E'\\'{}'", "$${}$$", "$tag${}$tag$", "/* {} */", "-- {}\n", "'{}")


@given(st.lists(st.sampled_from(QUOTED), min_size=1, max_size=4), st.sampled_from(["SELECT", "ALTER ROLE x", "DO"]))
def test_no_value_is_in_a_shape(quoted: list[str], verb: str) -> None:
    text = " , ".join(quote.format(f"it {VALUE}") for quote in quoted)
    assert VALUE not in statements.shape(f"{verb} {text}")


def test_slow_by_total_and_by_mean_are_two_things() -> None:
    often = Statement("SELECT 1", 100_000, 300_000.0, 3.0, 400_000.0, 3_600.0)
    slow = Statement("SELECT 2", 10, 1_000.0, 100.0, 400_000.0, 3_600.0)
    once = Statement("SELECT 3", 9, 9_000.0, 1_000.0, 400_000.0, 3_600.0)
    assert [row.verdict for row in statements.slowest(POSTURE, [often])] == [Verdict.WARN, Verdict.OK]
    assert [row.verdict for row in statements.slowest(POSTURE, [slow])] == [Verdict.OK, Verdict.WARN]
    assert [row.verdict for row in statements.slowest(POSTURE, [once])] == [Verdict.OK, Verdict.OK]
    assert (
        "300.0 s in 100000 calls, 8.3 % of the time, 75 % of what all" in statements.slowest(POSTURE, [often])[0].found
    )


@pytest.mark.parametrize(
    ("table", "scans", "dead"),
    [
        (TABLE, False, False),
        (replace(TABLE, scans=100, scanned=2_000_000), True, False),
        (replace(TABLE, scans=99, scanned=2_000_000), False, False),  # a dump and a report now and then
        (replace(TABLE, scans=100_000, scanned=2_000_000), False, False),  # each read of a few rows: LIMIT
        (replace(TABLE, rows=9_999, scans=100, scanned=2_000_000), False, False),
        (replace(TABLE, dead=8_000), False, True),
        (replace(TABLE, dead=7_999), False, False),
        (replace(TABLE, rows=40, dead=900), False, False),
    ],
)
def test_tables(table: Table, *, scans: bool, dead: bool) -> None:
    assert (rows(tables.scanned(POSTURE, [table]))[0].verdict is Verdict.WARN) == scans
    assert (rows(tables.dead(POSTURE, [table]))[0].verdict is Verdict.WARN) == dead


@pytest.mark.parametrize(
    ("index", "serves"),
    [
        (INDEX, True),
        (replace(INDEX, columns=["user_id", "token"]), True),
        (replace(INDEX, columns=["token", "user_id"]), False),
        (replace(INDEX, partial=True), False),
        (replace(INDEX, valid=False), False),
        (replace(INDEX, table="users"), False),
    ],
)
def test_what_serves_a_foreign_key(index: Index, *, serves: bool) -> None:
    (row,) = rows(indexes.foreign_keys(POSTURE, ([KEY], [index])))
    assert (row.verdict is Verdict.OK) == serves


def test_a_small_table_needs_no_index() -> None:
    (row,) = rows(indexes.foreign_keys(POSTURE, ([replace(KEY, rows=999)], [])))
    assert row.verdict is Verdict.OK


def test_an_index_that_was_asked_for_is_never_called_unused() -> None:
    """Nor is one of a constraint, nor one that costs nothing; an invalid one always."""
    assert rows(indexes.unused(POSTURE, ([], [INDEX])))[0].verdict is Verdict.WARN
    assert rows(indexes.unused(POSTURE, ([KEY], [INDEX])))[0].verdict is Verdict.OK
    for change in ({"unique": True}, {"constraint": "c"}, {"bytes": 9}, {"changes": 9}, {"scans": 1}):
        assert rows(indexes.unused(POSTURE, ([], [replace(INDEX, **change)])))[0].verdict is Verdict.OK
    (row,) = rows(indexes.unused(POSTURE, ([KEY], [replace(INDEX, valid=False)])))
    assert "is invalid" in row.found


@given(st.lists(st.builds(replace, st.just(INDEX), name=st.uuids().map(str), definition=st.sampled_from("ab"),
                          table=st.sampled_from(["s", "t"]), unique=st.booleans(), scans=st.integers(0, 9))))  # fmt: skip
def test_one_of_each_definition_stays(found: list[Index]) -> None:
    gone = {index.name for index, _ in indexes.spares(found)}
    left = [index for index in found if index.name not in gone]
    assert {(i.table, i.definition) for i in left} == {(i.table, i.definition) for i in found}
    assert len({(i.table, i.definition) for i in left}) == len(left)
    assert all(kept.unique or not index.unique for index, kept in indexes.spares(found))


@pytest.mark.parametrize(
    ("most", "usual", "verdict"),
    [(112, 112, Verdict.OK), (60, 112, Verdict.WARN), (300, 112, Verdict.WARN), (60, None, Verdict.OK)],
)
def test_max_connections(most: int, usual: int | None, verdict: Verdict) -> None:
    assert parameters.most(POSTURE, (Parameters(most, 3, 1000), usual)).verdict is verdict


@pytest.mark.parametrize(("value", "verdict"), [(-1, Verdict.WARN), (0, Verdict.WARN), (1000, Verdict.OK)])
def test_slow_statements_are_logged(value: int, verdict: Verdict) -> None:
    assert parameters.logged(POSTURE, (Parameters(112, 3, value), None)).verdict is verdict
