"""The sandbox's AWS: one process that serves moto, the ECS scheduler and the sandbox's own control on loopback.

`python -m sandbox start` runs it by way of boot.py. It writes `server.json` (port, pid) into its home when it is ready
and removes it when it ends.

Control, all JSON:
    GET    /sandbox/status   pid, whether everything is steady, what runs, the deployments that failed, the real parts
    GET    /sandbox/calls    every AWS call since the last clearing
    DELETE /sandbox/calls    clears them
    POST   /sandbox/reset    the world as at the start, no calls, no faults, no load
    GET    /sandbox/faults   the faults that AWS calls will meet (faults.py)
    POST   /sandbox/faults   adds one
    DELETE /sandbox/faults   ends all
    GET    /sandbox/load     the load on the service's CPU and what came of it (load.py)
    POST   /sandbox/load     sets it: {"vcpus": 1.5}, or {"vcpus": null} for what the tasks' processes use
    DELETE /sandbox/load     ends it
    GET    /sandbox/clock    how far AWS's clock is ahead, what it has done at its time, and the mails (schedules.py)
    POST   /sandbox/clock    moves it ahead: {"seconds": 3600}
"""

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")  # moto reads it at import; they cost a quarter of a second

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wrappers import Request, Response

from sandbox import moto_gaps, world
from sandbox.calls import CallLog
from sandbox.ecs import scheduler
from sandbox.ecs.state import fargate
from sandbox.faults import Fault, Faults
from sandbox.load import Load
from sandbox.machines import Machines
from sandbox.schedules import Schedules
from sandbox.status import status

# The process that the server is to end with, if any.
OWNER, OWNER_POLL = "SANDBOX_OWNER", 0.5  # seconds


class Handler(MotoRequestHandler):
    """Keeps connections open between requests, and writes only errors to the log."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Logs nothing: `calls` is the record."""


class Sandbox:
    """The WSGI application: the sandbox's control under /sandbox/, AWS everywhere else."""

    def __init__(self, machines: Machines) -> None:
        """Prepares AWS; each service is imported when it is first asked."""
        self.machines = machines
        self.faults = Faults(DomainDispatcherApplication(create_backend_app))
        self.calls = CallLog(self.faults)
        self.load = Load(machines.used)
        self.schedules = Schedules()
        # By method and path: what the request's JSON is made of, and the answer; None is an empty one.
        self._controls: dict[tuple[str, str], Callable[[Any], Any]] = {
            ("GET", "status"): lambda _: {"pid": os.getpid(), **status(), "parts": machines.told()},
            ("GET", "calls"): lambda _: self.calls.all(),
            ("DELETE", "calls"): lambda _: self.calls.clear(),
            ("POST", "reset"): lambda _: self._reset(),
            ("GET", "faults"): lambda _: self.faults.all(),
            ("POST", "faults"): lambda fault: self.faults.add(Fault(**fault)),
            ("DELETE", "faults"): lambda _: self.faults.clear(),
            ("GET", "load"): lambda _: self.load.told(),
            ("POST", "load"): lambda load: self._set_load(load, time.time()),
            ("DELETE", "load"): lambda _: self.load.end(),
            ("GET", "clock"): lambda _: self.schedules.told(),
            ("POST", "clock"): lambda clock: self.schedules.move(clock["seconds"], time.time()),
        }

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Serves one request."""
        if not environ["PATH_INFO"].startswith("/sandbox/"):
            return self.calls(environ, start_response)
        return self._control(Request(environ))(environ, start_response)

    def _control(self, request: Request) -> Response:
        control = self._controls.get((request.method, request.path.removeprefix("/sandbox/")))
        if control is None:
            return _json({"error": f"no {request.method} {request.path} here"}, 404)
        answer = control(request.get_json() if request.get_data() else None)
        return _json({} if answer is None else answer)

    def _set_load(self, load: dict[str, float | None], now: float) -> None:
        vcpus = load["vcpus"]
        if vcpus is None:
            self.load.measure(now)
        else:
            self.load.set(vcpus, now)

    def advance(self, now: float) -> None:
        """What happens as time passes, beside ECS's own scheduler; the lock is held."""
        self.load.advance(now)
        self.schedules.advance(now)

    def _reset(self) -> None:
        self.faults.clear()
        self.load.end()
        self.schedules.reset()
        self.machines.reset(lambda: world.seed(self.machines.url), lambda: bool(status()["steady"]))
        self.calls.clear()


def _json(content: Any, code: int = 200) -> Response:
    return Response(json.dumps(content), code, mimetype="application/json")


def serve(home: Path, listener: socket.socket, machines: Machines) -> None:
    """Serves on a listening socket until SIGTERM or SIGINT; the machines are started, and ended by the caller."""
    moto_gaps.fill()
    fargate.real, fargate.files = machines.real, machines.files
    world.seed(machines.url)
    machines.world_is_up()
    sandbox = Sandbox(machines)
    server = make_server(
        "127.0.0.1",
        listener.getsockname()[1],
        sandbox,
        threaded=True,
        request_handler=Handler,
        fd=listener.fileno(),
    )
    _run(server, sandbox, home / "server.json")


def _end_with(owner: int, end: Callable[[], None]) -> None:
    """A test run or demo that is killed cannot stop its sandbox any more."""
    with suppress(ProcessLookupError):
        while True:
            os.kill(owner, 0)
            time.sleep(OWNER_POLL)
    end()


def _run(server: BaseWSGIServer, sandbox: Sandbox, announcement: Path) -> None:
    stop = threading.Event()

    def end(*_: object) -> None:
        stop.set()
        # It waits for the serving loop, which is the thread that this signal interrupts.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    threading.Thread(target=scheduler.run, args=(stop, sandbox.advance), daemon=True).start()
    if owner := os.environ.get(OWNER):
        threading.Thread(target=_end_with, args=(int(owner), end), daemon=True).start()
    draft = announcement.with_suffix(".new")
    draft.write_text(json.dumps({"port": server.port, "pid": os.getpid()}))
    draft.rename(announcement)
    try:
        server.serve_forever()
    finally:
        announcement.unlink(missing_ok=True)
