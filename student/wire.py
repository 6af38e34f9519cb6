"""The application's WebSocket: JSON messages out and in, each wait with an end, every way of closing told apart."""

import json
import struct
import time
from typing import Any

import websocket

from student.errors import (
    ConnectionLostError,
    NoAnswerError,
    SessionTerminatedError,
    StudentError,
    UnexpectedAnswerError,
    UnreachableError,
)
from student.web import Place, one_line

PATH = "/ws"
TERMINATED = 4001  # close code of a session that another one has replaced


class Socket:
    """An open WebSocket. PING frames of the server are answered while something is awaited."""

    def __init__(self, place: Place, cookies: str, limit: float) -> None:
        """Open it with a Cookie header. Raises UnreachableError, NoAnswerError, UnexpectedAnswerError."""
        where = f"{place.url}{PATH}"
        try:
            self._socket = websocket.create_connection(
                place.base.replace("http", "ws", 1) + PATH,
                timeout=limit,
                host=place.netloc,
                origin=place.url,
                cookie=cookies or None,
                sslopt={"server_hostname": place.hostname},
                http_no_proxy=["*"] if place.address else None,
            )
        except websocket.WebSocketBadStatusException as error:
            raise UnexpectedAnswerError(f"{where} answers the WebSocket handshake with {error.status_code}") from None
        except (TimeoutError, websocket.WebSocketTimeoutException):
            raise NoAnswerError(f"no answer from {where} within {limit:g} s") from None
        except (OSError, websocket.WebSocketException) as error:
            raise UnreachableError(f"no WebSocket to {where}: {one_line(error)}") from None

    def send(self, message: dict[str, Any]) -> None:
        """Send a message. Where that fails, `receive` tells why."""
        try:
            self._socket.send(json.dumps(message))
        except (OSError, websocket.WebSocketException):
            return

    def receive(self, until: float) -> dict[str, Any]:
        """The next message, waited for until `until` by time.monotonic().

        Raises NoAnswerError, SessionTerminatedError, ConnectionLostError, UnexpectedAnswerError.
        """
        while (frame := self._frame(until))[0] in (websocket.ABNF.OPCODE_PING, websocket.ABNF.OPCODE_PONG):
            pass  # answered already; the time goes on
        opcode, data = frame
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            raise _closed(data)
        return _message(data)

    def _frame(self, until: float) -> tuple[int, bytes]:
        remaining = until - time.monotonic()
        if remaining <= 0:
            raise NoAnswerError("no answer on the WebSocket within the time limit")
        self._socket.settimeout(remaining)
        try:
            opcode, data = self._socket.recv_data(control_frame=True)
        except websocket.WebSocketTimeoutException:
            raise NoAnswerError("no answer on the WebSocket within the time limit") from None
        except (OSError, websocket.WebSocketException):
            raise ConnectionLostError("the WebSocket broke off") from None
        return opcode, data

    def close(self) -> None:
        """Close it, without waiting for the other side."""
        try:
            self._socket.close(timeout=0)
        except (OSError, websocket.WebSocketException):
            return


def _closed(data: bytes) -> StudentError:
    code = struct.unpack("!H", data[:2])[0] if len(data) > 1 else None
    if code == TERMINATED:
        return SessionTerminatedError(f"the session was terminated ({TERMINATED}): this account connected elsewhere")
    return ConnectionLostError(f"the WebSocket was closed ({code or 'no code'})")


def _message(data: bytes) -> dict[str, Any]:
    try:
        message = json.loads(data)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        raise UnexpectedAnswerError("the WebSocket carries something else than the application's JSON")
    if message.get("type") == "session_terminated":
        raise _closed(struct.pack("!H", TERMINATED))
    return message
