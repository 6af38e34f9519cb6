"""The fault switch: every kind in every protocol, as the SDK sees it and as `calls` records it."""

import re
import time
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from botocore.parsers import create_parser

from sandbox.faults import CALL, Fault, refusal
from sandbox.process import Server
from sandbox.world import CLUSTER, SERVICE

# One call of each protocol that the program's services speak: JSON, query, and JSON with codes of the query protocol.
CALLS = {
    "ecs:DescribeServices": ("ecs", "describe_services", {"cluster": CLUSTER, "services": [SERVICE]}),
    "elasticloadbalancing:DescribeTargetGroups": ("elbv2", "describe_target_groups", {}),
    "cloudwatch:DescribeAlarms": ("cloudwatch", "describe_alarms", {}),
}
CODES: dict[str, tuple[str, ...]] = {
    "throttle": ("ThrottlingException",),
    "error": ("InternalFailure",),
    "deny": ("AccessDenied", "AccessDeniedException"),
}
every_call = pytest.mark.parametrize("call", CALLS)


def make(server: Server, call: str, **config: Any) -> Any:
    """Make a call once, unless `config` has retries."""
    service, method, parameters = CALLS[call]
    client = boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{server.port}",
        region_name="us-east-2",
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",
        config=Config(**{"retries": {"total_max_attempts": 1}, **config}),
    )
    return getattr(client, method)(**parameters)


def add(server: Server, pattern: str, kind: str, **more: Any) -> None:
    server.ask("POST", "faults", {"pattern": pattern, "kind": kind, **more})


def recorded(server: Server) -> list[tuple[str, str | None]]:
    return [(f"{c['service']}:{c['action']}", c["error"]) for c in server.ask("GET", "calls")]


@every_call
@pytest.mark.parametrize("kind", CODES)
def test_the_first_calls_are_refused_and_then_none(server: Server, call: str, kind: str) -> None:
    add(server, call, kind, calls=2)
    codes = []
    for _ in range(2):
        with pytest.raises(ClientError) as caught:
            make(server, call)
        codes.append(caught.value.response["Error"]["Code"])
    assert codes[0] in CODES[kind]
    assert codes[0] == codes[1]
    if kind == "deny":
        assert f"not authorized to perform: {call}" in str(caught.value)
    make(server, call)
    assert recorded(server) == [(call, codes[0]), (call, codes[0]), (call, None)]


@every_call
@pytest.mark.parametrize("kind", ["throttle", "error", "drop"])
def test_the_sdk_retries(server: Server, call: str, kind: str) -> None:
    add(server, call, kind, calls=1)
    answer = make(server, call, retries={"mode": "standard", "total_max_attempts": 2})
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1


@every_call
def test_a_dropped_call_gets_no_answer(server: Server, call: str) -> None:
    add(server, call, "drop")
    with pytest.raises(ConnectionClosedError):
        make(server, call)
    assert recorded(server) == [(call, "no answer")]


@every_call
def test_a_call_that_hangs_is_answered_late(server: Server, call: str) -> None:
    add(server, call, "hang", seconds=0.5)
    started = time.monotonic()
    make(server, call)
    assert time.monotonic() - started >= 0.5
    with pytest.raises(ReadTimeoutError):
        make(server, call, read_timeout=0.1)


def test_reset_ends_faults_and_what_hangs(server: Server) -> None:
    add(server, "ecs:*", "hang", seconds=60)
    with pytest.raises(ReadTimeoutError):
        make(server, "ecs:DescribeServices", read_timeout=0.1)
    server.ask("POST", "reset")
    assert server.ask("GET", "faults") == []
    make(server, "ecs:DescribeServices", read_timeout=5)


def test_only_the_calls_that_match_meet_a_fault(server: Server) -> None:
    add(server, "*:Put*", "error")
    add(server, "elasticloadbalancing:*", "throttle")
    for call in ("ecs:DescribeServices", "cloudwatch:DescribeAlarms"):
        make(server, call)
    with pytest.raises(ClientError, match="ThrottlingException"):
        make(server, "elasticloadbalancing:DescribeTargetGroups")


def test_cbor_is_what_the_sdk_reads() -> None:
    environ = {CALL: ("cloudwatch", "PutMetricAlarm"), "PATH_INFO": "/service/Granite/operation/PutMetricAlarm"}
    answer = refusal("deny", environ)
    parsed = create_parser("smithy-rpc-v2-cbor").parse(
        {"status_code": answer.status_code, "headers": dict(answer.headers), "body": answer.get_data()}, None
    )
    assert parsed["Error"]["Code"] == "AccessDenied"
    assert parsed["Error"]["Message"].endswith("not authorized to perform: cloudwatch:PutMetricAlarm")


def test_a_kind_that_there_is_not() -> None:
    with pytest.raises(ValueError, match=re.escape("there are throttle, error, drop, hang, deny")):
        Fault("*", "flood")
