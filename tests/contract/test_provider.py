"""What the stand-in plugin says when it does not do what it is asked, and the rules that no recording shows."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pulumi.runtime.proto import provider_pb2, status_pb2

from sandbox.plugin.provider import Provider, plain, wire
from sandbox.plugin.resource import PartlyDoneError, check, diff, imported_inputs
from sandbox.plugin.types import TYPES

URN = "urn:pulumi:exam::pythonide-exam::pythonide:exam:PythonIdeExam${token}::{name}"
SERVICE, ALARM, DEFINITION = (
    "aws:ecs/service:Service",
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "aws:ecs/taskDefinition:TaskDefinition",
)


class AbortedError(Exception):
    """What gRPC raises to end an aborted call."""


class Context:
    def __init__(self) -> None:
        self.reason = ""
        self.metadata: Any = ()

    def abort(self, code: Any, reason: str) -> None:
        self.reason = reason
        raise AbortedError

    def set_trailing_metadata(self, metadata: Any) -> None:
        self.metadata = metadata


def aborted(provider: Provider, method: str, request: Any) -> Context:
    context = Context()
    with pytest.raises(AbortedError):
        getattr(provider, method)(request, context)
    return context


def urn(token: str, name: str = "thing") -> str:
    return URN.format(token=token, name=name).replace("${", "$").replace("}", "")


def raiser(error: Exception) -> Any:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    return fail


def test_an_error_of_aws_is_one_line_with_action_resource_code_and_message(monkeypatch: pytest.MonkeyPatch) -> None:
    error = ClientError({"Error": {"Code": "AccessDenied", "Message": "not allowed"}}, "PutMetricAlarm")
    monkeypatch.setattr(TYPES[ALARM], "create", raiser(error))
    request = provider_pb2.CreateRequest(urn=urn(ALARM, "cpu"), properties=wire({"region": "us-east-2"}))
    assert aborted(Provider(), "Create", request).reason == "PutMetricAlarm on cpu: AccessDenied: not allowed"


def test_a_change_made_in_part_carries_the_state_for_the_next_update(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = PartlyDoneError("the deployment failed", {"taskDefinition": "app:1"})
    monkeypatch.setattr(TYPES[SERVICE], "update", raiser(failed))
    inputs = wire({"taskDefinition": "app:2", "region": "us-east-2"})
    request = provider_pb2.UpdateRequest(urn=urn(SERVICE), id="arn", news=inputs, olds=wire({}), old_inputs=inputs)
    context = aborted(Provider(), "Update", request)
    assert context.reason == "the deployment failed"
    status = status_pb2.Status.FromString(dict(context.metadata)["grpc-status-details-bin"])
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    assert plain(detail.properties) == {"taskDefinition": "app:1", "region": "us-east-2", "id": "arn"}
    assert list(detail.reasons) == ["the deployment failed"]


@pytest.mark.parametrize("token", [SERVICE, "aws:lb/targetGroup:TargetGroup"])
@pytest.mark.parametrize("method", ["Create", "Delete"])
def test_what_is_adopted_is_neither_created_nor_deleted(token: str, method: str) -> None:
    properties = wire({"region": "us-east-2"})
    request = getattr(provider_pb2, f"{method}Request")(urn=urn(token), properties=properties)
    reason = aborted(Provider(), method, request).reason
    assert ("import it" if method == "Create" else "set retain_on_delete") in reason


def test_an_unknown_type_function_or_setting_is_refused() -> None:
    request = provider_pb2.CheckRequest(urn=urn("aws:s3/bucket:Bucket"))
    assert "does not know aws:s3/bucket:Bucket" in aborted(Provider(), "Check", request).reason
    assert "does not know" in aborted(Provider(), "Invoke", provider_pb2.InvokeRequest(tok="aws:index/x:x")).reason
    checked = Provider().CheckConfig(provider_pb2.CheckRequest(news=wire({"region": "x", "endpoints": []})), Context())
    assert [failure.property for failure in checked.failures] == ["endpoints"]


def test_check_refuses_an_unknown_and_a_missing_input() -> None:
    _, failures = check(TYPES[ALARM], {"name": "cpu", "colour": "red", "evaluationPeriods": 2}, "us-east-2")
    assert failures.keys() == {"colour", "comparisonOperator"}


def definition(*environment: tuple[str, str], **more: Any) -> str:
    variables = [{"name": name, "value": value} for name, value in environment]
    port: dict[str, Any] = {"containerPort": 8080}
    return json.dumps([{"name": "app", "environment": variables, "portMappings": [port], **more}])


def test_container_definitions_are_compared_by_their_meaning() -> None:
    kind, a, b = TYPES[DEFINITION], ("A", "1"), ("B", "2")
    ports = [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}]
    live = {"containerDefinitions": definition(b, a, cpu=0, mountPoints=[], portMappings=ports)}
    asked = {"containerDefinitions": definition(a, b)}
    assert diff(kind, live, asked, asked, []) == {}
    changed = {"containerDefinitions": definition(a, ("B", "3"))}
    assert any(path.startswith("containerDefinitions") for path in diff(kind, live, changed, asked, []))


def test_an_input_that_the_program_drops_is_a_change() -> None:
    state = {"alarmDescription": "old", "dimensions": {"a": "1", "b": "2"}}
    changes = diff(TYPES[ALARM], state, {"dimensions": {"a": "1"}}, state, [])
    assert changes == {"alarmDescription": "DELETE", "dimensions.b": "DELETE"}


def test_a_changed_scaled_resource_replaces_its_policy_before_the_name_is_taken_again() -> None:
    old = {"name": "cpu", "resourceId": "service/a/b", "region": "us-east-2"}
    new = {**old, "resourceId": "service/a/c"}
    token = "aws:appautoscaling/policy:Policy"
    request = provider_pb2.DiffRequest(urn=urn(token), olds=wire(old), news=wire(new), old_inputs=wire(old))
    answer = Provider().Diff(request, Context())
    assert list(answer.replaces) == ["resourceId"]
    assert answer.deleteBeforeReplace
    assert answer.detailedDiff["resourceId"].kind == provider_pb2.PropertyDiff.UPDATE_REPLACE


def test_a_preview_asks_nothing_of_aws() -> None:
    inputs = wire({"name": "cpu", "region": "us-east-2"})
    created = Provider().Create(provider_pb2.CreateRequest(urn=urn(ALARM), properties=inputs, preview=True), Context())
    assert plain(created.properties) == {"name": "cpu", "region": "us-east-2"}
    request = provider_pb2.UpdateRequest(
        urn=urn(ALARM), olds=wire({"arn": "a", "name": "old"}), news=inputs, preview=True
    )
    updated = Provider().Update(request, Context())
    assert plain(updated.properties) == {"arn": "a", "name": "cpu", "region": "us-east-2"}


def test_an_import_leaves_out_what_a_program_need_not_say() -> None:
    state = {"desiredCount": 2, "schedulingStrategy": "REPLICA", "tags": {}, "waitForSteadyState": None}
    assert imported_inputs(TYPES[SERVICE], state) == {"desiredCount": 2, "waitForSteadyState": None}
