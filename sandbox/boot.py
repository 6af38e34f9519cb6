"""The sandbox's server from its first moment: `python -m sandbox.boot <home> <port>`.

For as long as it lives it holds the lock on `server.lock`. What takes its time starts side by side: the database, and
the import of what stands for AWS.
"""

import fcntl
import os
import signal
import socket
import sys
from pathlib import Path

from sandbox.machines import Machines


def main(home: Path, port: int) -> None:
    """Serves until SIGTERM or SIGINT. A port of 0 is any free one.

    Raises:
        SystemExit: another sandbox has this home, or the port is taken.
    """
    # A number, not a file object, which Python would close some time before the process has ended.
    lock = os.open(home / "server.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"a sandbox runs in {home} already")
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        sys.exit(f"port {port} is taken; choose another with SANDBOX_PORT, or 0 for any free one")
    listener.listen(128)
    # Until the server takes the signal itself, this ends in order too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    machines = Machines(home)
    machines.start()
    try:
        from sandbox.server import serve  # noqa: PLC0415 - it imports moto

        serve(home, listener, machines)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        machines.end()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
    os._exit(0)  # Python would take a second to take moto's world apart.
