"""Plays a recording against running servers: says what its client said and holds the answers to what was answered.

Compared are the form and every value, but not: times, session ids and percentages; prose, which the recordings replace by
TEXT with its numbers kept (the first number has to be there); and what a CUT mark leaves out (the length has to agree).
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.contract.application.servers import Server, Socket

FOLDER = Path(__file__).parent
USER = re.compile(r"exam_t(\d\d)")
# Values that differ from run to run, by name.
OWN = {"session_id", "expires_at", "modified", "duration", "memory_percent", "cpu_percent", "uptime"}
CUT = re.compile(r"(?P<start>.*)\[CUT, (?P<length>\d+) chars in all\]", re.DOTALL)
# What recorded programs do that is not interpreted, and is not what they were recorded for.
MENDED = {"import time, os": "import time", "    open('beat.txt','a').write(str(i)+' ')\n": ""}


def recording(name: str) -> list[dict[str, Any]]:
    """A recording's lines, its users renamed to the sandbox's."""
    text = USER.sub(r"student\1", (FOLDER / f"{name}.jsonl").read_text())
    return [json.loads(line) for line in text.splitlines()]


def differences(recorded: Any, answered: Any, name: str = "") -> list[str]:
    """Where an answer is not what was recorded."""
    if name in OWN:
        number = int | float if isinstance(recorded, int | float) else type(recorded)
        return [] if isinstance(answered, number) else [f"{name}: {answered!r} is no {number}"]
    if isinstance(recorded, dict) and isinstance(answered, dict):
        if list(recorded) != list(answered) and set(recorded) != set(answered):
            return [f"{name}: {sorted(answered)} instead of {sorted(recorded)}"]
        return [each for key in recorded for each in differences(recorded[key], answered[key], key)]
    if isinstance(recorded, list) and isinstance(answered, list) and len(recorded) == len(answered):
        pairs = zip(recorded, answered, strict=True)
        return [each for old, new in pairs for each in differences(old, new, name)]
    same = _same_text(recorded, answered, name) if isinstance(recorded, str) else recorded == answered
    return [] if same and type(recorded) is type(answered) else [f"{name}: {answered!r} instead of {recorded!r}"]


def _same_text(recorded: str, answered: Any, name: str) -> bool:
    if not isinstance(answered, str):
        return False
    if cut := CUT.fullmatch(recorded):
        return answered.startswith(cut["start"]) and len(answered) == int(cut["length"])
    if "TEXT" not in recorded:
        return recorded == answered
    prose = re.fullmatch(r"TEXT((?: \d+)*)", recorded)
    if not prose:
        return re.fullmatch(re.escape(recorded).replace("TEXT", ".+"), answered) is not None
    wanted = [] if name == "traceback" else prose[1].split()[:1]
    return bool(answered) and all(number in re.findall(r"\d+", answered) for number in wanted)


class Replay:
    """One recording, and how far it has been played."""

    def __init__(
        self,
        name: str,
        passwords: Mapping[str, str],
        servers: Mapping[str, Server],
        *,
        signed_in: Mapping[str, str] | None = None,
        waits: Mapping[int, float] | None = None,
        actions: Mapping[str, Callable[["Replay"], None]] | None = None,
    ) -> None:
        """`servers` by the first letter of who speaks to them, "" for all; `signed_in` is whose sockets sign in unrecorded.

        `waits` are seconds before the message of an id; `actions` are done at the note that starts so.
        """
        self.lines, self.sockets, self.times = recording(name), dict[str, Socket](), list[float]()
        self._passwords, self._servers = passwords, servers
        self._signed_in, self._waits, self._actions = signed_in or {}, waits or {}, actions or {}
        self._sessions: dict[str, str] = {}
        self._user = ""  # who signed in last

    def play(self, until: str = "never") -> None:
        """Plays up to the note that starts so, else to the end."""
        do = {"http": self._http, "send": self._send, "receive": self._receive, "note": self._note}
        for number, line in enumerate(self.lines):
            if line["direction"] == "note" and line["message"]["note"].startswith(until):
                break
            try:
                do[line["direction"]](line.get("who", ""), line["message"])
            except AssertionError as error:
                raise AssertionError(f"line {number + 1}: {error}") from None
            self.times.append(time.monotonic())
        for each in self.sockets.values():
            each.close()

    def server(self, who: str) -> Server:
        """The server that somebody speaks to."""
        return self._servers.get(who[:1]) or next(iter(self._servers.values()))

    def _http(self, who: str, message: dict[str, Any]) -> None:
        request = message["request"]
        answer = self.server(who).http(request["method"], request["path"], self._filled(request["body"]))
        body: Any = answer.text
        if isinstance(message["body"], dict):
            body = answer.json()
            self._sessions[message["body"].get("session_id", "")] = body.get("session_id", "")
        else:
            # A page's own text is not the protocol.
            body, message = body[:15], {**message, "body": message["body"][:15]}
        wanted = {key: message[key] for key in ("status", "content_type", "body")}
        found = {"status": answer.status_code, "content_type": answer.headers["content-type"], "body": body}
        assert not (wrong := differences(wanted, found)), wrong

    def _send(self, who: str, message: dict[str, Any]) -> None:
        time.sleep(self._waits.get(message.get("id", 0), 0))
        if who not in self.sockets:
            self._open(who)
        self.sockets[who].send(message["raw"] if "raw" in message else self._filled(message))

    def _receive(self, who: str, message: dict[str, Any]) -> None:
        if message.get("type") == "auth_required":
            return self._open(who)
        found = self.sockets[who].receive()
        self._sessions[message.get("session_id", "")] = found.get("session_id", "")
        wrong = differences(message, found)
        assert not wrong, f"{wrong} in {found}"
        return None

    def _open(self, who: str) -> None:
        if user := self._signed_in.get(who):
            self.sockets[who] = self.server(who).signed_in(user, self._passwords[user])
            return
        self.sockets[who] = self.server(who).socket()
        assert differences({"type": "auth_required", "message": "TEXT"}, self.sockets[who].receive()) == []

    def _note(self, _: str, message: dict[str, Any]) -> None:
        if named := re.match(r"file (\S+) written", message["note"]):
            program = message["content"]
            for recorded, mended in MENDED.items():
                program = program.replace(recorded, mended)
            self.server("").save(self._user, named[1], program)
        for start, action in self._actions.items():
            if message["note"].startswith(start):
                action(self)

    def _filled(self, body: Any) -> Any:
        """A recorded message with this replay's passwords and sessions in the place of the recorded names."""
        if not isinstance(body, dict):
            return body
        filled = dict(body)
        if filled.get("password") == "PASSWORD-GOOD":
            self._user = filled["username"]
            filled["password"] = self._passwords[self._user]
        session = str(filled.get("session_id", ""))
        if session.startswith("SESSION-"):
            if session not in self._sessions:  # its login was not recorded
                self._sessions[session] = self.server("").login(self._user, self._passwords[self._user])
            filled["session_id"] = self._sessions[session]
        return filled
