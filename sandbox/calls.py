"""The record of every AWS call: which service and action, read or write, and which error it got."""

import io
import re
import threading
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

from moto.core.request import Request
from moto.core.routing import get_service_router
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response
from werkzeug.wsgi import get_input_stream

from sandbox.faults import CALL, WsgiApp

READS = (
    "Describe",
    "List",
    "Get",
    "BatchGet",
    "Lookup",
    "Head",
    "Search",
    "Filter",
    "Query",
    "Scan",
    "Test",
    "AssumeRole",
)
# Where the name that a request is signed for is not the service's own name.
SIGNING_NAMES = {"monitoring": "cloudwatch"}
# Where botocore knows a REST service by another name.
MODEL_NAMES = {"elasticfilesystem": "efs"}

ERROR_CODE = re.compile(
    rb'"__type"\s*:\s*"(?:[^"#]*#)?(\w+)'  # JSON
    rb"|<Code>([\w.]+)</Code>"  # query and REST-XML
    rb"|__type[\x60-\x7b](?:[\x18-\xff])?(?:[\w.]+#)?(\w+)"  # CBOR: key, a text of a given length
)


class CallLog:
    """A WSGI application around AWS that keeps a record of each call.

    A record is `{"service", "action", "kind": "read" or "write", "error": code or None, "time": seconds}`, services by
    AWS's names (ecs, elasticloadbalancing, application-autoscaling, cloudwatch, events, sns, ...); the error of a call
    that got none is `no answer`.
    """

    def __init__(self, app: WsgiApp) -> None:
        """Takes the WSGI application that answers the calls."""
        self._app = app
        self._lock = threading.Lock()
        self._calls: list[dict[str, Any]] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serves one call."""
        body = get_input_stream(environ).read()
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        named = identify(environ, body)
        environ["wsgi.input"].seek(0)
        environ[CALL] = named
        try:
            response = Response.from_app(self._app, environ, buffered=True)
        except ConnectionAbortedError:
            if named:
                self._record(*named, "no answer")
            raise
        if named:
            self._record(*named, error_code(response))
        return response(environ, start_response)

    def _record(self, service: str, action: str, error: str | None) -> None:
        call = {
            "service": service,
            "action": action,
            "kind": "read" if action.startswith(READS) else "write",
            "error": error,
            "time": time.time(),
        }
        with self._lock:
            self._calls.append(call)

    def all(self) -> list[dict[str, Any]]:
        """The calls since the start or the last `clear`, oldest first."""
        with self._lock:
            return list(self._calls)

    def clear(self) -> None:
        """Forgets all calls."""
        with self._lock:
            self._calls.clear()


def identify(environ: dict[str, Any], body: bytes) -> tuple[str, str] | None:
    """The service and action of a request in any of AWS's protocols; None if it is no signed AWS call."""
    signed = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request", environ.get("HTTP_AUTHORIZATION", ""))
    if not signed:
        return None
    signing_name = signed[1]
    service = SIGNING_NAMES.get(signing_name, signing_name)
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return service, target.rsplit(".", 1)[-1]
    if rpc := re.search(r"/service/\w+/operation/(\w+)$", environ["PATH_INFO"]):
        return service, rpc[1]
    fields = parse_qs(body.decode("latin-1")) | parse_qs(environ.get("QUERY_STRING", ""))
    if "Action" in fields:
        return service, fields["Action"][0]
    return service, _rest_action(MODEL_NAMES.get(signing_name, signing_name), environ)


def _rest_action(model_name: str, environ: dict[str, Any]) -> str:
    try:
        operation, _ = get_service_router(model_name).match(Request(environ.copy()))
    except (HTTPException, NotImplementedError):
        return f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
    name: str = operation.name
    return name


def error_code(response: Response) -> str | None:
    """The error code of an answer; None for a success, `HTTP <status>` if the answer names no code."""
    if response.status_code < 400:  # noqa: PLR2004 - where HTTP's errors begin
        return None
    # A service that used to speak the query protocol sends the code that it had there, and clients show that one.
    if query_error := response.headers.get("x-amzn-query-error"):
        return query_error.split(";")[0]
    found = ERROR_CODE.search(response.get_data())
    code = next((group for group in found.groups() if group), b"") if found else b""
    return code.decode() or f"HTTP {response.status_code}"
