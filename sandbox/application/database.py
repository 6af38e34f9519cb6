"""Users and sessions in PostgreSQL, asked on the event loop as the application does: a slow one stalls everybody."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

CONNECT_TIMEOUT = 5  # seconds
NOW = "(now() AT TIME ZONE 'utc')"
USER = "users.id, username, role, coalesce(full_name, username)"


@dataclass(frozen=True)
class User:
    """Who signed in, as clients are told."""

    id: int
    username: str
    role: str
    full_name: str


class Database:
    """A process's connections. It opens its minimum at start and uses one, as the application does."""

    def __init__(self, url: str, minimum: int) -> None:
        """Connects. Raises psycopg.Error when the database does not answer."""
        self._url = url
        self._connections = [self._connect() for _ in range(minimum)]

    def _connect(self) -> "psycopg.Connection[tuple[Any, ...]]":
        return psycopg.connect(self._url, autocommit=True, connect_timeout=CONNECT_TIMEOUT)

    def _ask(self, statement: str, *parameters: Any) -> tuple[Any, ...] | None:
        if self._connections[0].closed:
            self._connections[0] = self._connect()
        cursor = self._connections[0].execute(statement.encode(), parameters)
        return cursor.fetchone() if cursor.description else None

    def answers(self) -> bool:
        """Whether the database answers."""
        try:
            self._ask("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def user(self, username: str) -> tuple[User, str | None] | None:
        """The user of a name and what is stored of the password."""
        row = self._ask(f"SELECT {USER}, password_hash FROM users WHERE username = %s", username)  # noqa: S608 (own text)
        return (User(*row[:-1]), row[-1]) if row else None

    def sign_in(self, user: User) -> str:
        """A new session; the user's earlier ones end."""
        token = secrets.token_urlsafe(32)
        self._ask("UPDATE sessions SET is_active = false WHERE user_id = %s AND is_active", user.id)
        self._ask("INSERT INTO sessions (user_id, token) VALUES (%s, %s)", user.id, token)
        return token

    def session(self, token: str) -> User | None:
        """Whose session it is; None for one that is unknown, ended or expired."""
        sessions = "sessions JOIN users ON users.id = user_id"
        row = self._ask(
            f"SELECT {USER} FROM {sessions} WHERE token = %s AND is_active AND expires_at > {NOW}",  # noqa: S608 (own text)
            token,
        )
        return User(*row) if row else None

    def renew(self, token: str) -> datetime | None:
        """When a session ends now; None if it has ended."""
        row = self._ask(
            f"UPDATE sessions SET expires_at = {NOW} + interval '24 hours' WHERE token = %s AND is_active "  # noqa: S608
            "RETURNING expires_at",
            token,
        )
        return row[0] if row else None

    def sign_out(self, token: str) -> None:
        """Ends a session, if there is one."""
        self._ask("UPDATE sessions SET is_active = false WHERE token = %s", token)

    def touch(self, token: str) -> None:
        """A session was active just now: each WebSocket message says so."""
        self._ask(f"UPDATE sessions SET last_activity = {NOW} WHERE token = %s", token)  # noqa: S608 (own text)
