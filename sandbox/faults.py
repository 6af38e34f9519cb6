"""Faults on demand: AWS calls that are throttled, fail, are refused, answer late or not at all."""

import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from html import escape
from typing import Any

from werkzeug.wrappers import Response

from sandbox.process import FAULT_KINDS
from sandbox.world import ACCOUNT

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]
# Where the call log puts which call a request is.
CALL = "sandbox.call"


@dataclass
class Fault:
    """What befalls calls whose service:Action matches `pattern`: the first `calls` of them, all of them if None.

    `seconds` is how late a call is answered that hangs; AWS has done at once what it asks for.
    """

    pattern: str
    kind: str
    calls: int | None = None
    seconds: float = 60

    def __post_init__(self) -> None:
        if self.kind not in FAULT_KINDS:
            raise ValueError(f"{self.kind} is no kind of fault; there are {', '.join(FAULT_KINDS)}")


class Faults:
    """A WSGI application around AWS that does to its calls what the faults say."""

    def __init__(self, app: WsgiApp) -> None:
        """Takes the WSGI application that answers the calls."""
        self._app = app
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._over = threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serves one call. Raises ConnectionAbortedError where it gets no answer."""
        call = environ.get(CALL)
        fault, over = self._next(":".join(call)) if call else None, self._over
        if fault is None:
            return self._app(environ, start_response)
        if fault.kind == "hang":
            answer = Response.from_app(self._app, environ, buffered=True)
            over.wait(fault.seconds)
        elif fault.kind == "drop":
            environ["werkzeug.socket"].shutdown(2)
            raise ConnectionAbortedError
        else:
            answer = refusal(fault.kind, environ)
        return answer(environ, start_response)

    def _next(self, call: str) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if fault.calls != 0 and fnmatch(call, fault.pattern):
                    fault.calls = fault.calls and fault.calls - 1
                    return fault
        return None

    def add(self, fault: Fault) -> None:
        """Puts a fault after those that are there: the first that matches a call befalls it."""
        with self._lock:
            self._faults.append(fault)

    def all(self) -> list[dict[str, Any]]:
        """The faults, with the calls that each still has."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def clear(self) -> None:
        """Ends all faults; what hangs is answered."""
        with self._lock:
            self._faults.clear()
            self._over.set()
            self._over = threading.Event()


def refusal(kind: str, environ: dict[str, Any]) -> Response:
    """An error in the protocol of the request; code and words are those of AWS."""
    service, action = environ[CALL]
    query = "HTTP_X_AMZ_TARGET" not in environ
    status, code, message = {
        "throttle": (400, "ThrottlingException", "Rate exceeded"),
        "error": (500, "InternalFailure", "The request processing has failed because of an unknown error."),
        "deny": (
            403 if query else 400,
            "AccessDenied" if query else "AccessDeniedException",
            f"User: arn:aws:iam::{ACCOUNT}:user/operator is not authorized to perform: {service}:{action}",
        ),
        "refuse": (400, "InvalidParameterException", "What was asked for is not supported here."),
    }[kind]
    told = {"__type": code, "message": message}
    if "/operation/" in environ["PATH_INFO"]:
        return Response(_cbor(told), status, {"smithy-protocol": "rpc-v2-cbor"}, "application/cbor")
    if not query:
        return Response(json.dumps(told), status, mimetype="application/x-amz-json-1.1")
    error = f"<Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message>"
    body = f"<ErrorResponse><Error>{error}</Error><RequestId>fault</RequestId></ErrorResponse>"
    return Response(body, status, mimetype="text/xml")


def _cbor(texts: dict[str, str]) -> bytes:
    """A map of short texts in CBOR (RFC 8949): a head of type and length before each."""
    encoded = bytes([0xA0 + len(texts)])
    for text in (part for item in texts.items() for part in item):
        encoded += bytes([0x78, len(text.encode())]) + text.encode()
    return encoded
