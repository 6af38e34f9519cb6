"""The stand-in AWS plugin answers every recorded call as the AWS provider did.

Check and Diff are compared as they stand. Create, Read and Update run against moto, brought into the state in which the
call was made: the id has the same form, and every property that is an input has the same value. Zero-length values and
nulls are one, JSON texts are compared as JSON, and computed extras may be absent.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from moto import mock_aws
from pulumi.runtime.proto import provider_pb2

from sandbox.plugin.provider import Provider, plain
from sandbox.plugin.resource import known_inputs
from sandbox.plugin.types import TYPES
from tests.contract.world import World, mend

RECORDINGS = Path(__file__).parent / "recordings"
RECORDED: dict[str, dict[str, Any]] = {
    f"{path.stem}-{number}": json.loads(line)
    for path in sorted(RECORDINGS.glob("*.jsonl"))
    for number, line in enumerate(path.read_text().splitlines())
}
REQUESTS = {
    "Check": provider_pb2.CheckRequest,
    "Diff": provider_pb2.DiffRequest,
    "Create": provider_pb2.CreateRequest,
    "Read": provider_pb2.ReadRequest,
    "Update": provider_pb2.UpdateRequest,
}
ABSENT = object()
EMPTY: tuple[Any, ...] = (None, "", [], {})


class FailingContext:
    def abort(self, code: Any, reason: str) -> None:
        raise AssertionError(f"{code}: {reason}")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_DEFAULT_REGION", "us-east-2")
        patch.delenv("AWS_REGION", raising=False)
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        patch.delenv("AWS_PROFILE", raising=False)
        yield World()


@pytest.fixture(scope="module")
def provider(world: World) -> Provider:
    provider = Provider()
    mend(provider.aws.client("ecs", "us-east-2"))
    return provider


def call(provider: Provider, method: str, request: dict[str, Any]) -> Any:
    message = json_format.ParseDict(request, REQUESTS[method](), ignore_unknown_fields=True)
    return getattr(provider, method)(message, FailingContext())


def comparable(value: Any, shape: Any = ABSENT) -> Any:
    """A value without nulls and empty values, in the `shape` of an input (the keys that it has, where one is given)."""
    if value in EMPTY:
        return None
    if isinstance(value, str) and value[:1] in ("{", "["):
        value = json.loads(value)
        shape = ABSENT
    if isinstance(value, dict):
        kept = value.keys() & shape.keys() if isinstance(shape, dict) else value.keys()
        items = {key: comparable(value[key], shape[key] if isinstance(shape, dict) else ABSENT) for key in kept}
        return {key: item for key, item in items.items() if item not in EMPTY}
    if isinstance(value, list):
        shapes = shape if isinstance(shape, list) and len(shape) == len(value) else [ABSENT] * len(value)
        parts = [comparable(item, shape) for item, shape in zip(value, shapes, strict=True)]
        return parts if any(isinstance(part, dict) for part in parts) else sorted(parts, key=str)
    return value


def form(resource_id: str) -> str:
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "*", resource_id)


def assert_state(urn: str, got: dict[str, Any], want: dict[str, Any], inputs: dict[str, Any]) -> None:
    """`inputs` are the call's; an import has none, and then every property that may be an input counts."""
    kind = TYPES[urn.split("::")[2]]
    names = inputs.keys() if inputs else known_inputs(kind) & want.keys()
    for name in names:
        shape = inputs.get(name, ABSENT)
        assert comparable(got.get(name), shape) == comparable(want.get(name), shape), name


def put_in_place(world: World, provider: Provider, request: dict[str, Any], before: dict[str, Any]) -> None:
    """Bring AWS into the state `before` (properties and inputs), and give the request the ids that it then has."""
    kind = request["urn"].split("::")[2]
    if kind == "aws:ecs/service:Service":
        world.set_service(before["properties"])
    elif kind == "aws:lb/targetGroup:TargetGroup":
        world.set_target_group(before["properties"])
    else:
        created = call(provider, "Create", {"urn": request["urn"], "properties": before["inputs"]})
        assert form(created.id) == form(request["id"])
        request["id"] = created.id
        for state in ("properties", "olds"):
            if "arn" in request.get(state, {}):
                request[state]["arn"] = plain(created.properties)["arn"]


@pytest.mark.parametrize("recorded", RECORDED.values(), ids=RECORDED.keys())
def test_recorded_call(recorded: dict[str, Any], world: World, provider: Provider) -> None:
    method = recorded["method"]
    recorded = world.localised(recorded)
    CHECKS[method](world, provider, recorded["request"], recorded["response"])


def same_check(world: World, provider: Provider, request: dict[str, Any], response: dict[str, Any]) -> None:
    answer = call(provider, "Check", request)
    assert not answer.failures
    assert plain(answer.inputs) == response["inputs"]


def same_diff(world: World, provider: Provider, request: dict[str, Any], response: dict[str, Any]) -> None:
    answer = json_format.MessageToDict(call(provider, "Diff", request))
    for part, empty in (("changes", None), ("diffs", []), ("detailedDiff", {}), ("replaces", []), ("stables", [])):
        assert answer.get(part, empty) == response.get(part, empty), part


def same_create(world: World, provider: Provider, request: dict[str, Any], response: dict[str, Any]) -> None:
    answer = call(provider, "Create", request)
    assert form(answer.id) == form(response["id"])
    assert_state(request["urn"], plain(answer.properties), response["properties"], request["properties"])


def same_read(world: World, provider: Provider, request: dict[str, Any], response: dict[str, Any]) -> None:
    put_in_place(world, provider, request, response)
    answer = call(provider, "Read", request)
    assert form(answer.id) == form(response["id"])
    assert plain(answer.inputs) == response["inputs"]
    assert_state(request["urn"], plain(answer.properties), response["properties"], request.get("inputs", {}))


def same_update(world: World, provider: Provider, request: dict[str, Any], response: dict[str, Any]) -> None:
    put_in_place(world, provider, request, {"properties": request["olds"], "inputs": request["oldInputs"]})
    answer = call(provider, "Update", request)
    assert_state(request["urn"], plain(answer.properties), response["properties"], request["news"])


CHECKS = {
    "Check": same_check,
    "Diff": same_diff,
    "Create": same_create,
    "Read": same_read,
    "Update": same_update,
}


def test_every_recorded_type_and_method_is_replayed() -> None:
    assert {recorded["request"]["urn"].split("::")[2] for recorded in RECORDED.values()} == TYPES.keys()
    assert {recorded["method"] for recorded in RECORDED.values()} == CHECKS.keys()
