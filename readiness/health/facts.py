"""What PostgreSQL is asked and what it answers. Its catalogue and statistics are read, no table of anybody's.

Nothing here waits for a lock on the application's tables: sizes and rows are the catalogue's own estimates.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

T = TypeVar("T")
# So that the statistics on statements can leave out those that are about them.
MARK = "/* readiness */"


@dataclass(frozen=True)
class Question(Generic[T]):
    """A query, the class whose fields are its columns, and the extension whose names it uses."""

    sql: str
    answer: type[T]
    extension: str = ""


@dataclass(frozen=True)
class Client:
    """So many connections of one client in one state; `ours`: to the application's database, not another one."""

    ours: bool
    client: str
    state: str
    count: int


CLIENTS = Question(
    """
    SELECT datname = current_database() AS ours, coalesce(host(client_addr), 'client not shown') AS client,
           coalesce(state, 'state not shown') AS state, count(*) AS count
    FROM pg_stat_activity
    WHERE datname IS NOT NULL AND pid <> pg_backend_pid()
          AND coalesce(backend_type, 'client backend') = 'client backend'
    GROUP BY 1, 2, 3
    """,
    Client,
)


@dataclass(frozen=True)
class Parameters:
    """`max_connections`, those of them that administrators keep, `log_min_duration_statement` (ms, -1: off)."""

    most: int
    reserved: int
    log_from: int


# RDS keeps some for rds_superuser, PostgreSQL 16 for pg_use_reserved_connections.
PARAMETERS = Question(
    """
    SELECT current_setting('max_connections')::int AS most,
           current_setting('superuser_reserved_connections')::int
           + coalesce(nullif(current_setting('reserved_connections', true), '')::int, 0)
           + coalesce(nullif(current_setting('rds.rds_superuser_reserved_connections', true), '')::int, 0) AS reserved,
           (SELECT setting::int FROM pg_settings WHERE name = 'log_min_duration_statement') AS log_from
    """,
    Parameters,
)


@dataclass(frozen=True)
class Idle:
    """A session that began a transaction and does nothing in it, for `seconds`; `waiting` others wait for its locks."""

    pid: int
    client: str
    seconds: int
    waiting: int


IDLE = Question(
    """
    SELECT pid, coalesce(host(client_addr), 'client not shown') AS client,
           extract(epoch FROM clock_timestamp() - state_change)::int AS seconds,
           (SELECT count(*) FROM pg_stat_activity AS other
            WHERE other.wait_event_type = 'Lock' AND held.pid = ANY(pg_blocking_pids(other.pid))) AS waiting
    FROM pg_stat_activity AS held
    WHERE state LIKE 'idle in transaction%' AND datname = current_database() AND pid <> pg_backend_pid()
    """,
    Idle,
)


@dataclass(frozen=True)
class Statement:
    """A statement's calls and times in ms since `since`; `all_total` is the time of all statements."""

    text: str
    calls: int
    total: float
    mean: float
    all_total: float
    seconds: float


# Few calls have no mean: a dump, a report.
FEWEST_CALLS, SHOWN = 10, 3
# https://www.postgresql.org/docs/current/pgstatstatements.html; the window needs PostgreSQL 14.
STATEMENTS = Question(
    f"""
    WITH own AS (
        SELECT query, calls, total_exec_time, mean_exec_time FROM pg_stat_statements
        WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query NOT LIKE '%{MARK}%'
    ), ranked AS (
        SELECT *, sum(total_exec_time) OVER () AS all_total,
               row_number() OVER (ORDER BY total_exec_time DESC) AS total_rank,
               row_number() OVER (ORDER BY calls >= {FEWEST_CALLS} DESC, mean_exec_time DESC) AS mean_rank
        FROM own
    )
    SELECT query AS text, calls, total_exec_time AS total, mean_exec_time AS mean, all_total,
           (SELECT extract(epoch FROM now() - stats_reset)::float FROM pg_stat_statements_info) AS seconds
    FROM ranked WHERE total_rank <= {SHOWN} OR mean_rank <= {SHOWN}
    """,  # noqa: S608 (own text)
    Statement,
    "pg_stat_statements",
)


@dataclass(frozen=True)
class Table:
    """A table's rows, live and dead, and how it was read and changed since the statistics began."""

    name: str
    rows: int
    dead: int
    scans: int
    scanned: int
    vacuumed: datetime | None


TABLES = Question(
    """
    SELECT relid::regclass::text AS name, n_live_tup AS rows, n_dead_tup AS dead, seq_scan AS scans,
           seq_tup_read AS scanned, greatest(last_vacuum, last_autovacuum) AS vacuumed
    FROM pg_stat_user_tables
    """,
    Table,
)


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key of `table`, which has about `rows` rows, to `target`; columns are quoted where SQL wants it."""

    name: str
    table: str
    target: str
    columns: list[str]
    rows: int


FOREIGN_KEYS = Question(
    """
    SELECT conname AS name, conrelid::regclass::text AS table, confrelid::regclass::text AS target,
           n_live_tup AS rows, ARRAY(
               SELECT quote_ident(attname) FROM unnest(conkey) WITH ORDINALITY AS key (number, place)
               JOIN pg_attribute ON attrelid = conrelid AND attnum = number ORDER BY place) AS columns
    FROM pg_constraint JOIN pg_stat_user_tables ON relid = conrelid
    WHERE contype = 'f'
    """,
    ForeignKey,
)


@dataclass(frozen=True)
class Index:
    """An index; two of one table with the same `definition` do the same. `columns`: its keys, an expression is empty.

    `changes` are the rows that were written to its table, each of which wrote the index too.
    """

    name: str
    table: str
    columns: list[str]
    definition: str
    unique: bool
    constraint: str | None
    partial: bool
    valid: bool
    bytes: int
    scans: int
    changes: int


# pg_get_indexdef would wait for a lock on the table; where an expression stood in its text makes it no other one.
INDEXES = Question(
    r"""
    SELECT indexrelid::regclass::text AS name, indrelid::regclass::text AS table, indisunique AS unique,
           quote_ident(conname) AS constraint, indpred IS NOT NULL AS partial, indisvalid AS valid,
           relpages * current_setting('block_size')::bigint AS bytes, i.idx_scan AS scans,
           n_tup_ins + n_tup_upd AS changes,
           regexp_replace(
               concat_ws('|', relam, indnkeyatts, indkey, indclass, indcollation, indoption, indexprs, indpred),
               ':location -?\d+', '', 'g') AS definition,
           ARRAY(
               SELECT coalesce(quote_ident(attname), '') FROM unnest(indkey) WITH ORDINALITY AS key (number, place)
               LEFT JOIN pg_attribute ON attrelid = indrelid AND attnum = number AND number > 0
               WHERE place <= indnkeyatts ORDER BY place) AS columns
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    JOIN pg_stat_user_indexes AS i USING (indexrelid) JOIN pg_stat_user_tables AS t ON t.relid = indrelid
    LEFT JOIN pg_constraint ON conindid = indexrelid AND contype IN ('p', 'u', 'x')
    """,
    Index,
)

# In this order; each has its own time limit, so that one that hangs leaves time for those after it.
QUESTIONS: tuple[Question[object], ...] = (  # type: ignore[assignment]
    CLIENTS,
    PARAMETERS,
    IDLE,
    TABLES,
    INDEXES,
    FOREIGN_KEYS,
    STATEMENTS,
)
