"""One WebSocket of the application: sign in, files, runs."""

import json
import logging
import time
from asyncio import get_running_loop
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg
from tornado.ioloop import PeriodicCallback
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from sandbox.application import accounts
from sandbox.application.database import User
from sandbox.application.files import IDE_COMMANDS, PLAIN_COMMANDS, Files
from sandbox.application.ide import Ide
from sandbox.application.runs import Run

PING_EVERY, SILENCE_LIMIT = 45, 900  # seconds
BUSY_WAIT, STOP_WAIT, CLOSE_WAIT = 2.0, 0.5, 2.0  # seconds that everybody waits
KICKED, KICKED_REASON = 4001, "Logged in from another location"
NOT_A_PROGRAM, UNKNOWN_COMMAND = 1111, 1000
log = logging.getLogger("application")


class Connection(WebSocketHandler):
    """One student's socket. Whatever it does is done on the event loop, but for the programs."""

    def initialize(self, ide: Ide) -> None:
        """Takes the process that it belongs to."""
        self.ide = ide
        self._user: User | None = None
        self._token = ""
        self._runs: dict[Any, Run] = {}
        self._answered = time.monotonic()
        self._keepalive = PeriodicCallback(self._ping, PING_EVERY * 1000)
        self._commands: dict[str, Callable[[Any, dict[str, Any]], None]] = {
            "run_python_program": self._run,
            "start_python_repl": self._repl,
            "send_program_input": self._input,
            "stop_python_program": self._stop,
            "stop_python_repl": self._stop_repl,
            "pong": lambda *_: self.on_pong(b""),
            "autocomplete_python": lambda *_: None,
        }

    def check_origin(self, origin: str) -> bool:
        """Any: it has no cookie to protect."""
        return True

    def open(self, *_: str, **__: str) -> None:
        """Asks who it is."""
        self.set_nodelay(True)
        self._loop = get_running_loop()
        self._keepalive.start()
        self._send({"type": "auth_required", "message": "authentication required"})

    def on_message(self, raw: str | bytes) -> None:
        """Answers one message; some get no answer."""
        try:
            message = json.loads(raw)
        except ValueError:
            message = None
        try:
            if not self._user:
                self._sign_in(message if isinstance(message, dict) else {})
            elif isinstance(message, dict) and isinstance(message.get("cmd"), str):
                self._serve(self._user, message["cmd"], message)
        except (psycopg.Error, OSError, ValueError, TypeError) as error:
            # A database's own text may say where it is and who asks.
            self._refuse("internal error" if isinstance(error, psycopg.Error) else str(error))

    def _sign_in(self, message: dict[str, Any]) -> None:
        if message.get("cmd") != "authenticate":
            return self._refuse("not authenticated")
        token, fresh = message.get("session_id"), {}
        if not token and (user := self._by_password(message)):
            token = self.ide.database.sign_in(user)
            fresh = {"session_id": token}
        user = self.ide.database.session(str(token)) if token else None
        if not user:
            return self._refuse("authentication failed")
        self._user, self._token, self._files = user, str(token), Files(self.ide.data, user.username)
        told = {"username": user.username, "role": user.role, **fresh, "full_name": user.full_name}
        self._send({"type": "auth_success", **told, "is_exam_mode": self.ide.exam_mode})
        earlier = self.ide.sockets.get(user.username)
        self.ide.sockets[user.username] = self
        return earlier.kick() if earlier else None

    def _by_password(self, message: dict[str, Any]) -> User | None:
        found = self.ide.database.user(str(message.get("username", "")))
        return found[0] if found and accounts.matches(str(message.get("password", "")), found[1]) else None

    def kick(self) -> None:
        """Ends the socket because its user signed in elsewhere."""
        message = "you signed in elsewhere"
        self._send({"type": "session_terminated", "reason": "logged_in_elsewhere", "message": message})
        self.close(KICKED, KICKED_REASON)

    def _serve(self, user: User, command: str, message: dict[str, Any]) -> None:
        log.info("%s %s", user.username, command)
        self.ide.database.touch(self._token)
        if refusal := self.ide.limits.refusal(user.username, command, time.monotonic()):
            return self._refuse(refusal)
        data = message["data"] if isinstance(message.get("data"), dict) else {}
        if command in IDE_COMMANDS:
            return self._send({**self._file_answer(command, data), "id": message.get("id", 1)})
        if command in PLAIN_COMMANDS:
            return self._send({"type": f"{command}_result", "cmd": command, **self._plain_answer(command, message)})
        number = message.get("cmd_id", message.get("id", 0))
        if command in self._commands:
            return self._commands[command](number, data)
        return self._respond(number, UNKNOWN_COMMAND, f"unknown command: {command}")

    def _file_answer(self, command: str, data: dict[str, Any]) -> dict[str, Any]:
        try:
            return IDE_COMMANDS[command](self._files, data)
        except OSError:
            return {"code": -1, "msg": "no such file, or no permission"}

    def _plain_answer(self, command: str, message: dict[str, Any]) -> dict[str, Any]:
        try:
            return PLAIN_COMMANDS[command](self._files, message)
        except OSError:
            return {"success": False, "message": "no such file, or no permission"}

    def _run(self, number: Any, data: dict[str, Any]) -> None:
        if self.ide.fault == "kick":
            return self.kick()
        path = self._files.find(str(data.get("filePath", "")), str(data.get("projectName", "")))
        if path.suffix != ".py" or not path.is_file():
            return self._respond(number, NOT_A_PROGRAM, "File can not run")
        name = self._files.name(path)
        self.ide.process.console.write(f"[EXEC-LOCK] acquiring {name}\n")
        lock = self.ide.running[name]
        if not lock.acquire(timeout=BUSY_WAIT):
            return self._respond(number, -1, "this program is running already")
        self.ide.process.console.write(f"[EXEC-LOCK] acquired {name}\n")
        self._respond(number, 0, None)
        return self._new_run(number).start(path.read_text(), lock.release)

    def _repl(self, number: Any, _: dict[str, Any]) -> None:
        self._respond(number, 0, "repl_started")
        self._new_run(number).start()

    def _new_run(self, number: Any) -> Run:
        def send(message: dict[str, Any]) -> None:
            self._loop.call_soon_threadsafe(self._send, message)

        self._runs[number] = run = Run(self.ide.process, number, send)
        return run

    def _input(self, number: Any, data: dict[str, Any]) -> None:
        run = self._runs.get(data.get("program_id"))
        if not run or not run.takes_input:
            return self._respond(number, 1, "no such program")
        run.give(str(data.get("input", "")))
        return self._respond(number, 0, {"success": None})

    def _stop(self, number: Any, data: dict[str, Any]) -> None:
        if run := self._runs.pop(data.get("program_id"), None):
            run.stop(STOP_WAIT)
        self._respond(number, 0, None)

    def _stop_repl(self, _: Any, data: dict[str, Any]) -> None:
        """Never answered, by an error of the application's own; the prompt ends all the same."""
        if run := self._runs.pop(data.get("repl_id"), None):
            run.stop(STOP_WAIT)

    def _ping(self) -> None:
        if time.monotonic() - self._answered >= SILENCE_LIMIT:
            self.close()
        with suppress(WebSocketClosedError):
            self.ping(b"keepalive")

    def on_pong(self, data: bytes) -> None:
        """Somebody is there; other messages do not count."""
        self._answered = time.monotonic()

    def on_close(self) -> None:
        """Ends its programs; everybody waits while a blocking call holds one of them."""
        self._keepalive.stop()
        limit = time.monotonic() + CLOSE_WAIT
        for run in self._runs.values():
            run.stop(max(0.0, limit - time.monotonic()))
        if self._user:
            # Also when it is no longer this socket that is listed: the application loses the newest one so.
            self.ide.sockets.pop(self._user.username, None)

    def _respond(self, number: Any, code: int, data: Any) -> None:
        self._send({"type": "response", "id": number, "code": code, "data": data})

    def _refuse(self, text: str) -> None:
        self._send({"type": "error", "message": text})

    def _send(self, message: dict[str, Any]) -> None:
        with suppress(WebSocketClosedError):
            self.write_message(json.dumps(message))
