"""`python -m sandbox.application --port 8080`: one task's server, until SIGTERM or its parent's end."""

import argparse
import asyncio
import logging
import os
import signal
import sys
import threading
import time

import psycopg
from tornado.web import Application

from sandbox.application import ide, pages
from sandbox.application.connection import Connection

PARENT_POLL = 0.5  # seconds
# The server's own monitors stop its event loop: 1 s at second 15 and every 30 s, each second time for 2 s.
STALL_FIRST, STALL_EVERY, STALLS = 15.0, 30.0, (1.0, 2.0)


def application(process: ide.Ide) -> Application:
    """All its addresses."""
    arguments = {"ide": process}
    calls = {"login": pages.Login, "validate-session": pages.Validate, "renew-session": pages.Renew}
    return Application(
        [
            (r"/health", pages.Health, arguments),
            *((f"/api/{name}", handler, arguments) for name, handler in calls.items()),
            (r"/api/logout", pages.Logout, arguments),
            (r"/ws", Connection, arguments),
            (r".*", pages.Page, arguments),
        ]
    )


async def _stall() -> None:
    turn, due = 0, time.monotonic() + STALL_FIRST
    while True:
        await asyncio.sleep(due - time.monotonic())
        time.sleep(STALLS[turn % len(STALLS)])
        turn, due = turn + 1, due + STALL_EVERY


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_POLL)
    os.kill(os.getpid(), signal.SIGTERM)


async def _serve(port: int) -> None:
    application(ide.from_environment()).listen(port, "127.0.0.1")
    await _stall()


def main() -> None:
    """Serves on loopback. Both signals end it at once, as they do the application: no notice to anybody."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.application", description="The web IDE's stand-in.")
    parser.add_argument("--port", type=int, required=True, help="where it listens on loopback")
    port = parser.parse_args().port
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        asyncio.run(_serve(port))
    except KeyError as error:
        sys.exit(f"{error.args[0]} is not set")
    except psycopg.Error as error:
        # Its text may repeat the URL.
        sys.exit(f"the database does not answer ({type(error).__name__})")
    except (OSError, ValueError) as error:
        sys.exit(f"the application does not start: {error}")


if __name__ == "__main__":
    main()
