"""A sandbox whose tasks are processes, and what its tests ask about it."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import websocket

from sandbox import parts, process
from sandbox.process import Server
from sandbox.world import HOST_NAME
from tests.sandbox.conftest import client_of

HOST = {"Host": HOST_NAME}


@dataclass(frozen=True)
class Real:
    """A running one, and where clients reach the exam URL."""

    home: Path
    server: Server

    def client(self, service: str) -> Any:
        return client_of(self.server, service)

    @property
    def address(self) -> str:
        return process.exam_variables(self.home, self.server)["EXAM_ADDRESS"]

    def get(self, path: str = "/health", host: str = HOST_NAME, cookie: str = "") -> httpx.Response:
        headers = {"Host": host} | ({"Cookie": cookie} if cookie else {})
        return httpx.get(self.address + path, headers=headers, timeout=10)

    def login(self) -> httpx.Response:
        told = process.exam_variables(self.home, self.server)
        account = {"username": told["EXAM_TEST_USER"], "password": told["EXAM_TEST_PASSWORD"]}
        return httpx.post(f"{self.address}/api/login", json=account, headers=HOST, timeout=10)

    def socket(self, cookie: str = "") -> websocket.WebSocket:
        """A WebSocket by way of the load balancer; the task's server has said its first word on it."""
        url = self.address.replace("http:", "ws:") + "/ws"
        opened = websocket.create_connection(url, host=HOST_NAME, cookie=cookie or None, timeout=10)
        assert "auth_required" in opened.recv()
        return opened

    def processes(self) -> dict[int, str]:
        """The processes that the server started, and theirs: the command lines, by id."""
        return {pid: line for pid, line in descendants(self.server.pid).items() if pid != self.server.pid}

    def applications(self) -> list[int]:
        return [pid for pid, line in self.processes().items() if "sandbox.application" in line]


def answers(opened: websocket.WebSocket) -> bool:
    """Whether there is still a server behind a WebSocket."""
    opened.send('{"cmd": "nothing"}')
    return "error" in opened.recv()


def descendants(ancestor: int) -> dict[int, str]:
    """A process and all below it that live, with their command lines."""
    parents, lines = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            line = (folder / "cmdline").read_text().replace("\0", " ")
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        if state != "Z":
            parents[int(folder.name)], lines[int(folder.name)] = int(parent), line
    found = {ancestor} & parents.keys()
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return {pid: lines[pid] for pid in found}


def shared_memory(processes: Iterable[int]) -> set[str]:
    """What processes have in memory that may outlive them: POSIX's by path, System V's by id."""
    found = set()
    for pid in processes:
        with suppress(FileNotFoundError, ProcessLookupError):
            for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
                *_, inode, path = [*line.split(maxsplit=5), ""][:6]
                if path.startswith("/dev/shm/"):  # noqa: S108 (looked at, not written)
                    found.add(path)
                elif path.startswith("/SYSV"):
                    found.add(inode)
    return found


@contextmanager
def running(home: Path) -> Iterator[Real]:
    """Starts one in a folder and stops it; the test is skipped where a part is not installed."""
    if missing := parts.missing():
        text = f"not installed: {', '.join(missing)}; run make setup"
        pytest.fail(text) if os.environ.get("CI") else pytest.skip(text)
    patch = pytest.MonkeyPatch()
    patch.delenv("SANDBOX_APPLICATION", raising=False)
    patch.setenv("SANDBOX_SPEED", "900")
    patch.setenv("SANDBOX_OWNER", str(os.getpid()))
    try:
        yield Real(home, process.await_server(home, process.launch(home, 0)))
    finally:
        process.stop(home)
        patch.undo()
