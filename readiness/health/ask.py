"""All questions to the database in one read-only connection, the way the guard goes, within one time limit."""

import time
from typing import TYPE_CHECKING, Any, TypeVar, cast

from components import presence
from components.errors import ExamError
from readiness.checks.database import REACHABLE
from readiness.context import Context
from readiness.health.facts import MARK, QUESTIONS, Question

if TYPE_CHECKING:
    import psycopg

LIMIT = 5.0  # seconds in all: from the first read of what is live to the last answer
CONNECT_LIMIT = 2  # seconds, libpq's least
STATEMENT_LIMIT = 1.0  # seconds
MARGIN = 0.3  # seconds for the last answer to arrive
# Of this transaction alone. With this search path every name that is not the catalogue's is given with its schema.
PREPARE = f"""
    SELECT {MARK} set_config('statement_timeout', %s, true), set_config('search_path', coalesce((
        SELECT 'pg_catalog, ' || quote_ident(nspname) FROM pg_catalog.pg_extension
        JOIN pg_catalog.pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = %s
    ), 'pg_catalog'), true)
"""  # noqa: S608 (own text)
T = TypeVar("T")
Answer = list[Any] | ExamError


class NotThereError(ExamError):
    """The database has no such statistics."""


def ask(context: Context, question: Question[T]) -> list[T]:
    """The rows that answer `question`; all are asked at the first. Raises ExamError where there is no answer."""
    answer = context.once("database health", lambda: _ask_all(context))[question]
    if isinstance(answer, ExamError):
        raise answer
    return cast(list[T], answer)


def _ask_all(context: Context) -> dict[Question[Any], Answer]:
    import psycopg  # noqa: PLC0415 (beside the other checks; its library takes long to load)

    start = time.monotonic()
    try:
        url = presence.database_url(context.settings, context.live)
        # As for every check, the making of clients does not count.
        end = start + context.making + LIMIT - MARGIN
        with psycopg.connect(url, connect_timeout=CONNECT_LIMIT) as connection:
            connection.read_only = True
            return {question: _answer(connection, question, end) for question in QUESTIONS}
    except presence.NoAnswerError as error:
        raise ExamError(str(error)) from None
    except psycopg.Error as error:
        # Its text may repeat the URL.
        raise ExamError(f"the database does not answer ({type(error).__name__}); {REACHABLE}") from None


def _answer(connection: "psycopg.Connection[Any]", question: Question[Any], end: float) -> Answer:
    """The rows, or why there are none; an error's own text is never repeated, it may hold values."""
    from psycopg import Error, errors  # noqa: PLC0415
    from psycopg.rows import class_row  # noqa: PLC0415

    limit = min(STATEMENT_LIMIT, end - time.monotonic())
    if limit <= 0:
        return ExamError(f"no answer within {LIMIT:g} s; ask again")
    try:
        with connection.transaction(), connection.cursor(row_factory=class_row(question.answer)) as cursor:
            connection.execute(PREPARE, [str(round(limit * 1000)), question.extension])
            return cursor.execute(f"{MARK} {question.sql}".encode()).fetchall()
    except errors.QueryCanceled:
        return ExamError(
            f"no answer within {limit:.1f} s; ask again: it is busy, or a table of its catalogue is locked"
        )
    except errors.InsufficientPrivilege:
        return ExamError("no permission; as the database's owner: GRANT pg_monitor TO <role of the URL>;")
    except (errors.UndefinedTable, errors.UndefinedColumn, errors.ObjectNotInPrerequisiteState):
        return NotThereError("the database has no such statistics; PostgreSQL 14 or newer has them")
    except Error as error:
        if connection.closed:
            raise
        return ExamError(f"the database has no answer to this ({type(error).__name__}); report it")
