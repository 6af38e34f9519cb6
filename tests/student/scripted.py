"""A server that plays a recorded conversation: each command must be the one that was recorded, its answers follow.

The recordings are of the real application on loopback: prose is TEXT with its numbers kept, sessions are placeholders.
"""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tornado.httpserver
import tornado.netutil
import tornado.web
import tornado.websocket

RECORDINGS = Path(__file__).parent / "recordings"
COOKIE = "AWSALB"
# What a client may leave out of a command's data.
SPARE = {"complete", "line", "column"}


def recorded(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (RECORDINGS / f"{name}.jsonl").read_text().splitlines()]


class Application:
    """What the handlers share: the lines to play, and what the client sent beside them."""

    def __init__(self, lines: list[dict[str, Any]], *, sticky: bool = True) -> None:
        self.http = [line["message"] for line in lines if line["direction"] == "http"]
        self.script = [line for line in lines if line["direction"] in ("send", "receive")]
        self.sticky = sticky
        self.closed = False
        self.seen: list[dict[str, str]] = []
        self.problems: list[str] = []

    def meet(self, request: Any) -> None:
        headers = {name: request.headers.get(name, "") for name in ("Host", "Cookie", "Origin")}
        self.seen.append({"path": request.path, **headers})


class Http(tornado.web.RequestHandler):
    def initialize(self, played: Application) -> None:
        self.played = played

    def get(self) -> None:
        self._play("GET")

    def post(self) -> None:
        self._play("POST")

    def _play(self, method: str) -> None:
        self.played.meet(self.request)
        answers = [
            m for m in self.played.http if (m["request"]["method"], m["request"]["path"]) == (method, self.request.path)
        ]
        answer = answers[0]
        if self.played.sticky:
            self.set_cookie(COOKIE, "task-1")
        self.set_status(answer["status"])
        self.set_header("Content-Type", answer["content_type"])
        body = answer["body"]
        self.finish(body if isinstance(body, str) else json.dumps(body))


class Socket(tornado.websocket.WebSocketHandler):
    def initialize(self, played: Application) -> None:
        self.played, self.ids = played, dict[Any, Any]()

    def open(self, *_: str, **__: str) -> None:
        self.played.meet(self.request)
        self._answer()

    def on_message(self, message: str | bytes) -> None:
        if self.played.closed:  # the command was on its way when the server closed
            return
        sent = json.loads(message)
        wanted = self.played.script.pop(0)["message"] if self.played.script else {"cmd": "nothing more"}
        self.ids[wanted.get("id")] = sent.get("id")
        if problem := self._difference(sent, wanted):
            self.played.problems.append(problem)
        self._answer()

    def _answer(self) -> None:
        while self.played.script and self.played.script[0]["direction"] == "receive":
            message = dict(self.played.script.pop(0)["message"])
            if message.get("frame") == "CLOSE":
                self.played.closed = True
                self.close(message["close_code"], message["extra"])
                return
            for key in ("id", "cmd_id"):
                if key in message:
                    message[key] = self.ids.get(message[key], message[key])
            self.write_message(json.dumps(message))

    def _difference(self, sent: dict[str, Any], wanted: dict[str, Any]) -> str:
        if sent["cmd"] != wanted["cmd"] or sent.keys() != wanted.keys():
            return f"{sent} is not {wanted}"
        data, expected = sent.get("data", {}), wanted.get("data", {})
        if expected.keys() - SPARE != data.keys():
            return f"{sent['cmd']} has {sorted(data)}, not {sorted(expected)}"
        for key, value in data.items():
            if key in SPARE or not self._same(key, value, expected[key]):
                return f"{sent['cmd']}: {key} is {value}, not {expected[key]}"
        return ""

    def _same(self, key: str, value: Any, expected: Any) -> bool:
        match key:
            case "projectName":  # "Local" or "Local/<user>"
                return bool(value == str(expected).partition("/")[0])
            case "filePath":
                return bool(str(value).rpartition("/")[2] == str(expected).rpartition("/")[2])
            case "program_id":
                return bool(value == self.ids.get(expected))
        return bool(value == expected)


@contextmanager
def playing(application: Application) -> Iterator[str]:
    """Serve on a free port of loopback; gives the address. A client that strayed from the recording fails the test."""
    ports, stop = list[int](), list[Any]()
    ready = threading.Event()

    async def serve() -> None:
        sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
        own = {"played": application}
        server = tornado.httpserver.HTTPServer(tornado.web.Application([("/ws", Socket, own), (".*", Http, own)]))
        server.add_sockets(sockets)
        ended = asyncio.Event()
        ports.append(sockets[0].getsockname()[1])
        stop.append((asyncio.get_running_loop(), ended))
        ready.set()
        await ended.wait()
        server.stop()
        await server.close_all_connections()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield f"http://127.0.0.1:{ports[0]}"
    finally:
        loop, ended = stop[0]
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
    assert application.problems == []
