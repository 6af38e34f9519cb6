"""Running stand-ins of the web IDE, and clients that say word for word what a test tells them."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import websocket

from sandbox.children import free_port

START_LIMIT = 20  # seconds
PATIENCE = 15.0  # seconds for one answer


@dataclass(frozen=True)
class Server:
    """One task's server."""

    port: int
    data: Path
    process: "subprocess.Popen[bytes]"

    def http(self, method: str, path: str, body: Any = None) -> httpx.Response:
        content = None if body is None else json.dumps(body)
        return httpx.request(method, f"http://127.0.0.1:{self.port}{path}", content=content, timeout=PATIENCE)

    def login(self, username: str, password: str) -> str:
        return str(self.http("POST", "/api/login", {"username": username, "password": password}).json()["session_id"])

    def socket(self) -> "Socket":
        return Socket(self.port)

    def signed_in(self, username: str, password: str) -> "Socket":
        """A socket of somebody who has just signed in."""
        token, found = self.login(username, password), self.socket()
        found.receive()
        assert found.ask(cmd="authenticate", session_id=token)["type"] == "auth_success"
        return found

    def save(self, username: str, name: str, program: str) -> str:
        """Puts a program into a student's folder; gives its path as clients know it."""
        path = Path("Local") / username / name
        file = self.data / "ide" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(program)
        return path.as_posix()


class Socket:
    """One WebSocket."""

    def __init__(self, port: int) -> None:
        self._socket = websocket.create_connection(f"ws://127.0.0.1:{port}/ws", timeout=PATIENCE)

    def send(self, message: str | dict[str, Any]) -> None:
        self._socket.send(message if isinstance(message, str) else json.dumps(message))

    def receive(self) -> dict[str, Any]:
        """The next message, or the frame that ends the socket, as the recordings write them."""
        try:
            code, content = self._socket.recv_data()
        except (websocket.WebSocketConnectionClosedException, ConnectionError):
            return {"frame": "CLOSED", "data": None, "extra": None, "close_code": 1006}
        if code != websocket.ABNF.OPCODE_CLOSE:
            return dict(json.loads(content))
        number = int.from_bytes(content[:2], "big")
        return {"frame": "CLOSE", "data": number, "extra": content[2:].decode(), "close_code": number}

    def ask(self, **message: Any) -> dict[str, Any]:
        self.send(message)
        return self.receive()

    def run(self, number: int, path: str) -> list[dict[str, Any]]:
        """Runs a program to its end; gives all that was received."""
        self.send({"cmd": "run_python_program", "id": number, "data": {"projectName": "Local", "filePath": path}})
        received = [self.receive()]
        while received[-1]["type"] not in ("repl_ready", "error", "complete") and not received[-1].get("code"):
            received.append(self.receive())
        return received

    def stop(self, number: int) -> None:
        """Leaves a program's prompt."""
        assert self.ask(cmd="stop_python_program", id=1, data={"program_id": number})["code"] == 0

    def cut(self) -> None:
        """Ends the connection without a word."""
        self._socket.shutdown()  # type: ignore[no-untyped-call]

    def close(self) -> None:
        self._socket.close()


def output(received: list[dict[str, Any]]) -> str:
    """What a run printed."""
    return "".join(message["data"]["text"] for message in received if message["type"] == "stdout")


@contextmanager
def running(database: str, data: Path, **environment: str) -> Iterator[Server]:
    """A server for as long as it is needed."""
    port = free_port()
    own = {"DATABASE_URL": database, "IDE_DATA_PATH": str(data), "IS_EXAM_MODE": "true"}
    command = [sys.executable, "-m", "sandbox.application", "--port", str(port)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, env={**os.environ, **own, **environment}, stdout=quiet, stderr=quiet)
    try:
        await_port(port)
        yield Server(port, data, process)
    finally:
        process.kill()
        process.wait()


def await_port(port: int) -> None:
    deadline = time.monotonic() + START_LIMIT
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < deadline, "the application did not start"
            time.sleep(0.05)


def await_silence(port: int) -> None:
    """Waits until nothing listens any more."""
    deadline = time.monotonic() + START_LIMIT
    with suppress(ConnectionRefusedError):
        while time.monotonic() < deadline:
            socket.create_connection(("127.0.0.1", port), 1).close()
            time.sleep(0.05)
        pytest.fail("the application goes on")
