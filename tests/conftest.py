"""What tests of several kinds share: a real PostgreSQL, and a Ctrl-C that arrives."""

import os
import signal
from collections.abc import Iterator

import psycopg
import pytest

from sandbox.postgres import binaries, postgres

CLASS = 34  # students

# A shell that runs tests in the background has SIGINT ignored, and whatever they start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


def needs_postgres() -> None:
    """Skip the test where PostgreSQL is not installed; in CI it must be."""
    if binaries() is None:
        text = "PostgreSQL is not installed: run make setup"
        pytest.fail(text) if os.environ.get("CI") else pytest.skip(text)


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """The URL of a PostgreSQL with the application's tables and a class of students, none of them signed in."""
    needs_postgres()
    with postgres() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            students = "INSERT INTO users (username) SELECT 'student' || n FROM generate_series(1, %s) n"
            connection.execute(students, [CLASS])
        yield url
