"""Who worked, and when last: the application's sessions, by account."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime

from components.errors import ExamError
from components.presence import TEST_USER_VARIABLE, URL_VARIABLE, NoAnswerError, database_url
from readiness.context import Context

CONNECT_LIMIT = 5  # seconds
QUERY_LIMIT = 5000  # milliseconds
STUDENT = "student"
# A new login ends the account's earlier sessions, so ended ones count too. Times are UTC without a time zone.
SESSIONS = """
    SELECT u.username, u.role, min(s.created_at), max(s.last_activity)
    FROM sessions s JOIN users u ON u.id = s.user_id
    WHERE s.last_activity >= %(since)s AND u.username IS DISTINCT FROM %(test_user)s
    GROUP BY u.username, u.role ORDER BY u.username
"""


@dataclass(frozen=True)
class Account:
    """An account that worked: its first login and last activity, of the sessions that were active in the span."""

    name: str
    role: str
    first: datetime
    last: datetime

    @property
    def student(self) -> bool:
        """Whether it is a student's."""
        return self.role == STUDENT


def worked(context: Context, since: datetime) -> list[Account]:
    """The accounts with activity since then, by name; without the checklist's own.

    Raises ExamError, one line without the database's URL, when the database cannot tell.
    """
    return context.once(f"worked since {since}", lambda: _read(context, since))


def _read(context: Context, since: datetime) -> list[Account]:
    import psycopg  # noqa: PLC0415 (only after an exam somebody wants to know)

    try:
        url = database_url(context.settings, context.live)
        asked = {"since": since.astimezone(UTC).replace(tzinfo=None), "test_user": os.environ.get(TEST_USER_VARIABLE)}
        with psycopg.connect(
            url, connect_timeout=CONNECT_LIMIT, autocommit=True, options=f"-c statement_timeout={QUERY_LIMIT}"
        ) as connection:
            rows = connection.execute(SESSIONS, asked).fetchall()
    except NoAnswerError as error:
        raise ExamError(str(error)) from None
    except psycopg.Error as error:
        # Its text may repeat the URL.
        raise ExamError(
            f"the database does not answer ({type(error).__name__}); set {URL_VARIABLE} to a way to it, as by a tunnel"
        ) from None
    return [
        Account(name, role, first.replace(tzinfo=UTC), last.replace(tzinfo=UTC)) for name, role, first, last in rows
    ]
