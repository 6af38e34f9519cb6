"""Tables that are read as a whole, and dead rows. Pure but for the readers."""

from components.settings import Settings
from readiness.check import Check
from readiness.health.ask import LIMIT, ask
from readiness.health.facts import TABLES, Table
from readiness.row import Row, ok, warn

AREA = "tables"
SHOWN = 5  # tables
# A table of fewer rows is read as a whole in a few ms; a dump and a report read every table now and then.
LARGE, OFTEN = 10_000, 100
# Autovacuum comes at 20 % (autovacuum_vacuum_scale_factor): twice that, and it does not get through.
# https://www.postgresql.org/docs/current/runtime-config-autovacuum.html
FEWEST_DEAD, DEAD = 1_000, 40  # rows, percent of the live ones

WHICH = (
    "which: SELECT calls, mean_exec_time, query FROM pg_stat_statements WHERE query ILIKE '%{text}%' "
    "ORDER BY total_exec_time DESC LIMIT 5; then CREATE INDEX CONCURRENTLY ON {table} (<columns>);"
)


def scanned(_: Settings, tables: list[Table]) -> Row | list[Row]:
    """Large tables that are read from end to end again and again."""
    name = "sequential scans"
    bad = [one for one in tables if one.rows >= LARGE and one.scans >= OFTEN and one.scanned >= one.scans * LARGE]
    if not bad:
        return ok(AREA, name, f"no table of {LARGE} rows and more is often read as a whole")
    wanted = "an index on what the statement looks for: CPU and cache go to rows that nobody asked for"
    return [
        warn(
            AREA,
            name,
            f"{one.name}, {one.rows} rows, was read as a whole {one.scans} times, {one.scanned // one.scans} rows each",
            wanted,
            WHICH.format(text=bare(one.name), table=one.name),
        )
        for one in sorted(bad, key=lambda table: -table.scanned)[:SHOWN]
    ]


def bare(name: str) -> str:
    """A table's name without its schema and quotes, as it stands inside an SQL text."""
    return name.rpartition(".")[2].strip('"').replace("'", "''")


def dead(_: Settings, tables: list[Table]) -> Row | list[Row]:
    """Tables of which autovacuum does not remove the dead rows; each change of a row leaves one."""
    name = "dead rows"
    bad = [one for one in tables if one.dead >= FEWEST_DEAD and one.dead * 100 >= one.rows * DEAD]
    if not bad:
        return ok(AREA, name, f"no table has {DEAD} % of them")
    wanted = f"below {DEAD} %: every read of the table goes through them, and it grows"
    return [
        warn(
            AREA,
            name,
            f"{one.name}: {one.dead} dead beside {one.rows} live rows, {vacuumed(one)}",
            wanted,
            f"VACUUM (ANALYZE) {one.name}; if they stay, somebody holds an old transaction open: see connections",
        )
        for one in sorted(bad, key=lambda table: -table.dead)[:SHOWN]
    ]


def vacuumed(table: Table) -> str:
    """When its dead rows were last removed."""
    return f"last vacuumed {table.vacuumed:%Y-%m-%d %H:%M}" if table.vacuumed else "never vacuumed"


CHECKS = (
    Check(AREA, "sequential scans", lambda context: ask(context, TABLES), scanned, LIMIT),
    Check(AREA, "dead rows", lambda context: ask(context, TABLES), dead, LIMIT),
)
