"""The slowest statements, by their time in all and by their mean. Pure but for the reader."""

import re

from components.settings import Settings
from readiness.check import Check
from readiness.context import Context
from readiness.health.ask import LIMIT, NotThereError, ask
from readiness.health.facts import FEWEST_CALLS, SHOWN, STATEMENTS, Statement
from readiness.row import Row, ok, warn

AREA = "statements"
# The application asks the database on its event loop: while one statement runs, its whole task stands still.
SLOW_MEAN = 100  # ms
BUSY = 5  # percent of the time, of one statement
LEAST_WINDOW = 60  # seconds: statistics younger than this are taken for as old
LENGTH = 160  # characters of a statement
SWITCH_ON = (
    "RDS parameter group: shared_preload_libraries = pg_stat_statements (static: restart the instance, not on an exam "
    "day); then in this database: CREATE EXTENSION pg_stat_statements;"
)
EXPLAIN = "EXPLAIN <the statement, with values>; then CREATE INDEX CONCURRENTLY ON <table> (<columns of its WHERE>);"
READABLE = re.compile(r"(select|insert|update|delete|merge|with)\b", re.IGNORECASE)
# Whatever may hold a value, from left to right, to the end of the text where it does not end; $1 is none.
VALUES = re.compile(
    r"/\*.*?(?:\*/|$)|--[^\n]*"
    r"|\be'(?:\\.|''|[^'\\])*(?:'|\\?$)"
    r"|'(?:''|[^'])*(?:'|$)"
    r"|(?<![\w$])\$((?:[a-z_]\w*)?)\$.*?(?:\$\1\$|$)"
    r"|(?<![\w$.])\d[\w.]*",
    re.IGNORECASE | re.DOTALL,
)


def shape(text: str) -> str:
    """A statement on one line without any value.

    pg_stat_statements puts $1 in the place of a constant, but not in ALTER ROLE ... PASSWORD and its like, of which
    only the first word is given, and not where it has lost its own text.
    """
    bare = " ".join(VALUES.sub(lambda found: " " if found[0].startswith(("/*", "--")) else "?", text).split())
    if not READABLE.match(bare):
        return f"{''.join(re.findall(r'^[A-Za-z]+', bare)).upper() or 'a statement'} ..."
    return bare if len(bare) <= LENGTH else f"{bare[:LENGTH]}..."


def read(context: Context) -> list[Statement] | None:
    """The statements; None where the server does not count them."""
    try:
        return ask(context, STATEMENTS)
    except NotThereError:
        return None


def slowest(_: Settings, statements: list[Statement] | None) -> list[Row]:
    """The first few by total time and by mean time; a warning where the first is slow."""
    if statements is None:
        return [warn(AREA, "slowest", "not counted: no pg_stat_statements here", "its statistics", SWITCH_ON)]
    return [_by_total(statements), _by_mean(statements)]


def _by_total(statements: list[Statement]) -> Row:
    name, top = "by total time", sorted(statements, key=lambda one: -one.total)[:SHOWN]
    if not top:
        return ok(AREA, name, "none yet")
    lines = [
        f"{one.total / 1000:.1f} s in {calls(one)}, {share(one):.1f} % of the time, "
        f"{one.total * 100 / (one.all_total or 1):.0f} % of what all statements took: {shape(one.text)}"
        for one in top
    ]
    if share(top[0]) < BUSY:
        return ok(AREA, name, "\n".join(lines))
    wanted = f"none that runs {BUSY} % of the time: it takes the instance's CPU from all others"
    return warn(AREA, name, "\n".join(lines), wanted, EXPLAIN)


def calls(statement: Statement) -> str:
    """How often it was called, in words."""
    return "1 call" if statement.calls == 1 else f"{statement.calls} calls"


def share(statement: Statement) -> float:
    """Percent of the time since the statistics began in which the statement ran, of one connection at once."""
    return statement.total / 10 / max(statement.seconds, LEAST_WINDOW)


def _by_mean(statements: list[Statement]) -> Row:
    name, often = "by mean time", [one for one in statements if one.calls >= FEWEST_CALLS]
    top = sorted(often, key=lambda one: -one.mean)[:SHOWN]
    if not top:
        return ok(AREA, name, f"none with {FEWEST_CALLS} calls yet")
    found = "\n".join(f"{one.mean:.1f} ms a call, {calls(one)}: {shape(one.text)}" for one in top)
    if top[0].mean < SLOW_MEAN:
        return ok(AREA, name, found)
    wanted = f"below {SLOW_MEAN} ms: everybody on a task waits while it waits for a statement"
    return warn(AREA, name, found, wanted, EXPLAIN)


CHECKS = (Check(AREA, "slowest", read, slowest, LIMIT),)
