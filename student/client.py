"""A student: log in, connect, work with files, run programs. One connection, synchronous, nothing shared."""

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Any, Self

import httpx

from student.errors import LoginRefusedError, NoAnswerError, RateLimitError, RefusedError, UnexpectedAnswerError
from student.runs import Ending, Outcome, Run, is_refusal, wait_of
from student.web import LIMIT, Place, Web, expect
from student.wire import Socket

HEALTH = "/health"
PROJECT = "Local"  # holds every student's folder
# A run is killed after 3 s; a server that is short of CPU says so later, up to this many seconds.
RUN_LIMIT = 30.0


@dataclass(frozen=True)
class Health:
    """What the task that the cookie leads to says of itself: its status, whole seconds since its start.

    The start lies between `earliest` and `latest` by time.monotonic(): two tasks are two where these do not meet.
    """

    status: str
    uptime: float
    earliest: float
    latest: float


class Student:
    """One student's connection, to be closed. Paths are below the student's own folder.

    `limit` is the seconds that any one answer may take. Every verb raises the errors of student.errors: those of the
    connection (UnreachableError, NoAnswerError, UnexpectedAnswerError; once connected SessionTerminatedError,
    ConnectionLostError), and its own.
    """

    def __init__(
        self, url: str, username: str, password: str, address: str | None = None, *, limit: float = LIMIT
    ) -> None:
        """Nothing is sent yet; `address` is where to connect in place of the URL's own host."""
        self._place, self._limit = Place(url, address), limit
        self._web = Web(self._place, limit)
        self._username, self._password, self._session = username, password, ""
        self._socket: Socket | None = None
        self._ids = count(1)

    def __repr__(self) -> str:
        return f"Student({self._username!r} at {self._place.url})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def sticky(self) -> bool:
        """Whether a load balancer has given a cookie that leads back to the same task."""
        return bool(self._web.cookies)

    def health(self) -> Health:
        """The health of the task that this student is on."""
        answer = self._web.get(HEALTH)
        body = expect(answer, HEALTH)
        uptime = body.get("uptime")
        if not isinstance(uptime, int | float):
            raise UnexpectedAnswerError(f"{HEALTH} tells no uptime")
        # It is told in whole seconds, rounded down.
        return Health(str(body.get("status")), uptime, answer.asked - uptime - 1, answer.answered - uptime)

    def login(self) -> None:
        """Log in over HTTP, which ends all earlier sessions of the account. Raises LoginRefusedError."""
        answer = self._web.post("/api/login", {"username": self._username, "password": self._password})
        if answer.status in (httpx.codes.UNAUTHORIZED, httpx.codes.BAD_REQUEST):
            raise LoginRefusedError(f"the application refuses the login of {self._username} ({answer.status})")
        self._session = str(expect(answer, "/api/login").get("session_id") or "")
        if not self._session:
            raise UnexpectedAnswerError("/api/login gives no session")

    def connect(self) -> None:
        """Open the WebSocket and authenticate with the session. Raises LoginRefusedError."""
        self._disconnect()
        self._socket = Socket(self._place, self._web.cookies, self._limit)
        until = time.monotonic() + self._limit
        self._socket.send({"cmd": "authenticate", "session_id": self._session})
        while (message := self._socket.receive(until)).get("type") != "auth_success":
            if message.get("type") == "error":
                raise LoginRefusedError(f"the WebSocket refuses the session of {self._username}")

    def save(self, path: str, text: str) -> None:
        """Write a file. Raises RefusedError, RateLimitError."""
        self._file("ide_write_file", filePath=self._full(path), fileData=text)

    def read(self, path: str) -> str:
        """A file's text. Raises RefusedError, RateLimitError."""
        return str(self._file("ide_get_file", filePath=self._full(path), binary=False).get("data") or "")

    def delete(self, path: str) -> None:
        """Remove a file. Raises RefusedError, RateLimitError."""
        self._file("ide_del_file", filePath=self._full(path))

    def create_folder(self, path: str) -> None:
        """Create a folder; one that is there stays as it is. Raises RefusedError, RateLimitError."""
        self._file("ide_create_folder", folderPath=self._full(path))

    def delete_folder(self, path: str) -> None:
        """Remove a folder with all that is in it. Raises RefusedError, RateLimitError."""
        self._file("ide_del_folder", folderPath=self._full(path))

    def wait(self, seconds: float) -> None:
        """Do nothing for so long, as one who thinks does; the server's PING frames are answered meanwhile."""
        until = time.monotonic() + seconds
        with suppress(NoAnswerError):
            while True:
                self._connected().receive(until)

    def run(self, path: str, answers: Iterable[str] = (), *, limit: float = RUN_LIMIT) -> Run:
        """Run a program to its end, at most `limit` seconds, and leave its prompt.

        Each input() takes the next of `answers`; where there is none left, the program waits. Only what ends the
        connection is raised: a refusal is the run's outcome.
        """
        socket, number, inputs = self._connected(), next(self._ids), iter(answers)
        ending, start = Ending(number), time.monotonic()
        socket.send(_command("run_python_program", number, projectName=PROJECT, filePath=self._full(path)))
        run = None
        try:
            while run is None:
                message = socket.receive(start + limit)
                if message.get("type") == "input_request" and message.get("cmd_id") == number:
                    self._answer(number, inputs)
                run = ending.read(message, time.monotonic() - start)
        except NoAnswerError:
            run = ending.end(Outcome.NO_END, time.monotonic() - start)
        if run.outcome in (Outcome.PROMPT, Outcome.NO_END):
            self._stop(number)
        return Run(run.outcome, run.output, run.seconds, self._clean(run.error))

    def logout(self) -> None:
        """End the session; the application does not count the account as being there any more."""
        if self._session:
            self._web.post("/api/logout", {"session_id": self._session})
            self._session = ""

    def close(self) -> None:
        """Close all connections; the session stays valid."""
        self._disconnect()
        self._web.close()

    def _stop(self, number: int) -> None:
        try:
            self._ask("stop_python_program", program_id=number)
        except (NoAnswerError, RateLimitError):
            return  # the run is what was asked for; its prompt ends with the connection at the latest

    def _answer(self, number: int, inputs: Iterator[str]) -> None:
        text = next(inputs, None)
        if text is not None:
            command = _command("send_program_input", next(self._ids), program_id=number, input=text)
            self._connected().send(command)

    def _file(self, command: str, **data: Any) -> dict[str, Any]:
        answer = self._ask(command, projectName=PROJECT, **data)
        if answer.get("code") != 0:
            raise RefusedError(f"{command}: {self._clean(str(answer.get('msg') or 'refused without a reason'))}")
        return answer

    def _ask(self, command: str, **data: Any) -> dict[str, Any]:
        """The answer to a command: the message with its id, or an error without any, which is a refusal."""
        socket, number = self._connected(), next(self._ids)
        until = time.monotonic() + self._limit
        socket.send(_command(command, number, **data))
        while (message := socket.receive(until)).get("id") != number:
            if is_refusal(message):
                text = f"{command}: {self._clean(str(message.get('message', '')))}"
                wait = wait_of(text)
                raise RefusedError(text) if wait is None else RateLimitError(text, wait)
        return message

    def _connected(self) -> Socket:
        if self._socket is None:
            raise RuntimeError("connect() comes first")
        return self._socket

    def _disconnect(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _full(self, path: str) -> str:
        return f"{PROJECT}/{self._username}/{path}"

    def _clean(self, text: str) -> str:
        """The application's words on one line, without what only we two should know."""
        for secret in filter(None, (self._password, self._session)):
            text = text.replace(secret, "(hidden)")
        return " ".join(text.split())[:300]


def _command(command: str, number: int, **data: Any) -> dict[str, Any]:
    return {"cmd": command, "id": number, "data": data}
