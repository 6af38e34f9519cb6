"""A real PostgreSQL of the sandbox's own: on a free port of loopback, with a random password, gone afterwards."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USER, DATABASE = "pythonide", "pythonide_exam"
START_LIMIT = 30  # seconds
# What this project reads of the application's tables.
SCHEMA = """
    CREATE TABLE users (id serial PRIMARY KEY, username text UNIQUE NOT NULL, role text NOT NULL DEFAULT 'student');
    CREATE TABLE sessions (
        id serial PRIMARY KEY, user_id integer NOT NULL REFERENCES users(id), token text UNIQUE NOT NULL,
        is_active boolean NOT NULL DEFAULT true, created_at timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'utc'),
        last_activity timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'utc'));
"""


def binaries() -> Path | None:
    """The folder of PostgreSQL's programs, the newest version's; None where it is not installed."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name.split(".")[0]))
    on_path = shutil.which("initdb")
    return folders[-1] if folders else Path(on_path).parent if on_path else None


@contextmanager
def postgres() -> Iterator[str]:
    """Run a server with the application's tables for the duration; gives its URL, password included.

    Raises FileNotFoundError where PostgreSQL is not installed, TimeoutError when it does not come up.
    """
    programs = binaries()
    if programs is None:
        raise FileNotFoundError("PostgreSQL is not installed: apt-get install postgresql")
    # PostgreSQL refuses to run as root; its package brings a user.
    user = "postgres" if os.geteuid() == 0 else None
    folder, password = Path(tempfile.mkdtemp(prefix="pythonide-exam-postgres-")), secrets.token_urlsafe(16)
    (folder / "password").write_text(password)
    if user:
        for path in (folder, folder / "password"):
            shutil.chown(path, user, user)
    try:
        _initialise(programs, folder, user)
        with _running(programs, folder, user) as port:
            url = f"postgresql://{USER}:{password}@127.0.0.1:{port}/"
            psql = [str(programs / "psql"), "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1"]
            for database, statement in (("postgres", f"CREATE DATABASE {DATABASE}"), (DATABASE, SCHEMA)):
                subprocess.run([*psql, "--command", statement, url + database], check=True, timeout=START_LIMIT)
            yield url + DATABASE
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _initialise(programs: Path, folder: Path, user: str | None) -> None:
    command = [str(programs / "initdb"), "--no-sync", "--auth=scram-sha-256", f"--username={USER}"]
    files = [f"--pwfile={folder / 'password'}", f"--pgdata={folder / 'data'}"]
    subprocess.run([*command, *files], user=user, cwd="/", check=True, stdout=subprocess.DEVNULL, timeout=START_LIMIT)


@contextmanager
def _running(programs: Path, folder: Path, user: str | None) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    options = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
    server = subprocess.Popen(
        [str(programs / "postgres"), "-D", str(folder / "data"), "-p", str(port), *options],
        user=user,
        cwd="/",
        stderr=subprocess.DEVNULL,
    )
    try:
        limit = time.monotonic() + START_LIMIT
        ready = [str(programs / "pg_isready"), "--quiet", "--host=127.0.0.1", f"--port={port}"]
        while subprocess.run(ready, check=False).returncode:
            if server.poll() is not None or time.monotonic() > limit:
                raise TimeoutError("PostgreSQL did not come up")
            time.sleep(0.05)
        yield port
    finally:
        server.terminate()
        try:
            # Smart shutdown waits for clients; a second, fast one does not.
            server.wait(1)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGINT)
            server.wait(10)
