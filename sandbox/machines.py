"""What really runs beside AWS: the database, a process for each task and the load balancer before them.

One thread starts them, has them follow what ECS and the load balancer say in AWS, and ends them. What a machine has no
program for is left out, and `lacks` says so; SANDBOX_APPLICATION=off leaves all of it out.
"""

import csv
import os
import shutil
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from sandbox import children, parts, postgres, quota
from sandbox.process import ACCOUNTS

if TYPE_CHECKING:
    from sandbox.containers import Containers
    from sandbox.metrics import Metrics

SWITCH = "SANDBOX_APPLICATION"
STUDENTS = int(os.environ.get("SANDBOX_STUDENTS", "34"))  # that have an account
LOOK = 0.1  # seconds between two looks at AWS
CHECK = 1.0  # seconds between two questions for targets that are down
RESET_LIMIT = 30.0


class Machines:
    """The database, the processes and the load balancer of the sandbox in a folder.

    `real` is whether tasks are processes, `url` then the database's; `address` where the load balancer listens, None
    without one. `lacks` says what is not there, a line each.
    """

    def __init__(self, home: Path) -> None:
        """Takes the sandbox's folder; nothing runs until `start`."""
        wanted = os.environ.get(SWITCH) != "off"
        missing = parts.missing() if wanted else []
        self._home, self._port = home, children.free_port()
        self._balanced = "haproxy" not in missing
        self._over, self._world, self._turn = threading.Event(), threading.Event(), threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._containers: Containers | None = None
        self._metrics: Metrics | None = None
        self.files = home / "files"
        self.lacks = [f"{parts.WITHOUT[package]}: apt-get install {package}" for package in missing]
        self.real = wanted and "postgresql" not in missing
        self.lacks += [unbounded] if self.real and (unbounded := quota.lacks()) else []
        self.url = postgres.url(self._port, postgres.PLANTED_PASSWORD) if self.real else None
        self.address: str | None = None

    def start(self) -> None:
        """Starts the database; what needs AWS waits for `world_is_up`."""
        self.files.mkdir(parents=True, exist_ok=True)
        self._empty_files()
        if self.real:
            quota.clear()
            self._thread.start()

    def world_is_up(self) -> None:
        """AWS answers: the tasks and the load balancer may start."""
        self._world.set()

    def end(self) -> None:
        """Ends everything."""
        self._over.set()
        self._world.set()
        if self._thread.is_alive():
            self._thread.join()
        children.clear(self._home)

    def told(self) -> dict[str, Any]:
        """The load balancer's address (null: none), whether there is a database, and what lacks."""
        return {"address": self.address, "database": self.real, "lacks": self.lacks}

    def used(self) -> dict[str, float]:
        """The CPU seconds that each running task's process has used so far."""
        from sandbox.metrics import cpu_seconds  # noqa: PLC0415 - it imports moto

        used: dict[str, float] = {}
        for task, pid in self._containers.pids().items() if self._containers else ():
            # One that is gone meanwhile.
            with suppress(OSError):
                used[task] = cpu_seconds(pid)
        return used

    def reset(self, seed: Callable[[], None], steady: Callable[[], bool]) -> None:
        """Seeds AWS anew, with no sessions and no files, and waits until its tasks are steady again."""
        with self._turn:
            if self._containers:
                self._containers.end()
            seed()
            self._empty_files()
            if self._metrics:
                self._metrics.begin()
            if self.real:
                with psycopg.connect(self.url or "", autocommit=True) as connection:
                    connection.execute("TRUNCATE sessions")
        limit = time.monotonic() + RESET_LIMIT
        while self.real and not steady() and time.monotonic() < limit:
            time.sleep(LOOK)

    def _empty_files(self) -> None:
        for path in self.files.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _run(self) -> None:
        try:
            with ExitStack() as stack:
                folder = children.run_folder(self._home)
                url = stack.enter_context(postgres.serving(folder, self._port, postgres.PLANTED_PASSWORD))
                self._write_accounts(url)
                self._world.wait()
                if not self._over.is_set():
                    self._follow(folder, stack)
        except Exception as error:
            # AWS goes on without: its tasks then run by the scheduler's word.
            self.real, self.address = False, None
            self.lacks.append(f"no application: {type(error).__name__}: {error}")
            traceback.print_exc()
            from sandbox.ecs.state import fargate  # noqa: PLC0415

            fargate.real = False

    def _write_accounts(self, url: str) -> None:
        """Makes the accounts, and tells their passwords to the owner of the folder only."""
        from sandbox.application import accounts  # noqa: PLC0415 - while AWS starts, not before

        path = self._home / ACCOUNTS
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["username", "password"])
            writer.writerows((each.username, each.password) for each in accounts.create(url, STUDENTS))

    def _follow(self, folder: Path, stack: ExitStack) -> None:
        # They import moto, which the server's own thread has done by now.
        from sandbox import load_balancer  # noqa: PLC0415
        from sandbox.containers import Containers  # noqa: PLC0415
        from sandbox.metrics import Metrics  # noqa: PLC0415

        self._containers = containers = Containers()
        stack.callback(containers.end)
        balancer = load_balancer.LoadBalancer(folder) if self._balanced else None
        if balancer:
            stack.callback(balancer.close)
            self.address = balancer.address
        self._metrics = Metrics(self.url or "")
        checked = time.monotonic()
        while not self._over.wait(LOOK):
            with self._turn:
                rules = load_balancer.rules()
                containers.follow(rules)
                targets = containers.targets(rules.target_group)
                if balancer:
                    balancer.follow(rules, targets)
                    if time.monotonic() > checked + CHECK:
                        containers.fail_checks(balancer.down(), rules)
                        checked = time.monotonic()
                containers.serve()
                self._metrics.look(containers.pids, balancer.traffic if balancer else load_balancer.Traffic)
