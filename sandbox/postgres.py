"""A real PostgreSQL of the sandbox's own: on loopback, in a folder of its own, gone afterwards."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from sandbox import children

USER, DATABASE = "pythonide", "pythonide_exam"
PLANTED_PASSWORD = "planted-Tr0ub4dor-credential"  # noqa: S105 - planted, and of no use anywhere
START_LIMIT = 30  # seconds
CONNECTIONS = 112  # what RDS allows an instance of the world's class, db.t3.micro: see components.hints
END = signal.SIGQUIT  # an immediate shutdown: nobody needs what it holds
# What this project knows of the application's tables. Times are UTC, without a zone.
SCHEMA = """
    CREATE TABLE users (
        id serial PRIMARY KEY, username text UNIQUE NOT NULL, role text NOT NULL DEFAULT 'student',
        full_name text, password_hash text);
    CREATE TABLE sessions (
        id serial PRIMARY KEY, user_id integer NOT NULL REFERENCES users(id), token text UNIQUE NOT NULL,
        is_active boolean NOT NULL DEFAULT true, created_at timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'utc'),
        last_activity timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'utc'),
        expires_at timestamp NOT NULL DEFAULT ((now() + interval '24 hours') AT TIME ZONE 'utc'));
"""


def binaries() -> Path | None:
    """The folder of PostgreSQL's programs, the newest version's; None where it is not installed."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name.split(".")[0]))
    on_path = shutil.which("initdb")
    return folders[-1] if folders else Path(on_path).parent if on_path else None


def url(port: int, password: str) -> str:
    """The URL of the application's database on a server of loopback, password included."""
    return f"postgresql://{USER}:{password}@127.0.0.1:{port}/{DATABASE}"


@contextmanager
def postgres(**parameters: str) -> Iterator[str]:
    """Run a server on a free port, with a random password, for the duration; gives the database's URL.

    `parameters` are PostgreSQL's own.

    Raises FileNotFoundError where PostgreSQL is not installed, TimeoutError when it does not come up.
    """
    with tempfile.TemporaryDirectory(prefix=children.PREFIX) as folder:
        Path(folder).chmod(0o711)
        with serving(Path(folder), children.free_port(), secrets.token_urlsafe(16), **parameters) as address:
            yield address


@contextmanager
def serving(parent: Path, port: int, password: str, **parameters: str) -> Iterator[str]:
    """Run a server with the application's tables for the duration, its files in `parent`; gives the database's URL.

    Raises FileNotFoundError where PostgreSQL is not installed, TimeoutError when it does not come up.
    """
    programs = binaries()
    if programs is None:
        raise FileNotFoundError("PostgreSQL is not installed: apt-get install postgresql")
    # PostgreSQL refuses to run as root; its package brings a user.
    user = "postgres" if os.geteuid() == 0 else None
    folder = parent / "postgres"
    folder.mkdir(mode=0o700)
    (folder / "password").write_text(password)
    if user:
        for path in (folder, folder / "password"):
            shutil.chown(path, user, user)
    try:
        _initialise(programs, folder, user)
        (folder / "password").unlink()
        server = _start(programs, folder, user, port, {"max_connections": str(CONNECTIONS), **parameters})
        try:
            _await(server, port, password)
            yield url(port, password)
        finally:
            children.end(server, END)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _initialise(programs: Path, folder: Path, user: str | None) -> None:
    command = [str(programs / "initdb"), "--no-sync", "--auth=scram-sha-256", f"--username={USER}"]
    files = [f"--pwfile={folder / 'password'}", f"--pgdata={folder / 'data'}"]
    initdb = children.start([*command, *files], user=user, cwd="/", stdout=subprocess.DEVNULL)
    if initdb.wait(START_LIMIT):
        raise TimeoutError("PostgreSQL's initdb fails")


def _start(
    programs: Path, folder: Path, user: str | None, port: int, parameters: dict[str, str]
) -> "subprocess.Popen[bytes]":
    own = {"listen_addresses": "127.0.0.1", "unix_socket_directories": str(folder), "fsync": "off"}
    options = [word for name, value in {**own, **parameters}.items() for word in ("-c", f"{name}={value}")]
    command = [str(programs / "postgres"), "-D", str(folder / "data"), "-p", str(port), *options]
    return children.start(command, END, user=user, cwd="/", stderr=subprocess.DEVNULL)


def _await(server: "subprocess.Popen[bytes]", port: int, password: str) -> None:
    """Waits until the server answers, then makes the database and its tables."""
    limit = time.monotonic() + START_LIMIT
    while True:
        try:
            with psycopg.connect(url(port, password), dbname="postgres", autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {DATABASE}")
            break
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > limit:
                raise TimeoutError("PostgreSQL did not come up") from None
            time.sleep(0.05)
    with psycopg.connect(url(port, password), autocommit=True) as connection:
        connection.execute(SCHEMA)
