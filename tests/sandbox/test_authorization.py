"""IAM users are held to their policies, whichever protocol a service speaks."""

import json
import sys
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.process import Server
from sandbox.world import CLUSTER, SERVICE
from tests.sandbox.aws import SCALABLE, error_of
from tests.sandbox.conftest import client_of

HERE = "us-east-2:123456789012"
# A call of every service, what it is checked for, and the code of its refusal.
CALLS: list[tuple[str, str, dict[str, Any], str, str]] = [
    (
        "ecs",
        "describe_services",
        {"cluster": CLUSTER, "services": [SERVICE]},
        f"arn:aws:ecs:{HERE}:service/{CLUSTER}/{SERVICE}",
        "AccessDeniedException",
    ),
    (
        "application-autoscaling",
        "register_scalable_target",
        {**SCALABLE, "MinCapacity": 1, "MaxCapacity": 2},
        f"arn:aws:application-autoscaling:{HERE}:scalable-target/*",
        "AccessDeniedException",
    ),
    (
        "events",
        "put_rule",
        {"Name": "a", "EventPattern": "{}"},
        f"arn:aws:events:{HERE}:rule/a",
        "AccessDeniedException",
    ),
    (
        "cloudwatch",
        "delete_alarms",
        {"AlarmNames": ["a"]},
        f"arn:aws:cloudwatch:{HERE}:alarm:a",
        "AccessDeniedException",
    ),
    ("sns", "create_topic", {"Name": "a"}, f"arn:aws:sns:{HERE}:a", "AccessDenied"),
    ("elbv2", "describe_target_groups", {}, "*", "AccessDenied"),
    (
        "rds",
        "describe_db_instances",
        {"DBInstanceIdentifier": "pythonide-db"},
        f"arn:aws:rds:{HERE}:db:pythonide-db",
        "AccessDenied",
    ),
    ("ssm", "get_parameter", {"Name": "/a"}, f"arn:aws:ssm:{HERE}:parameter/a", "AccessDeniedException"),
]
PREFIXES = {"elbv2": "elasticloadbalancing"}


def enforced(server: Server, calls_before: int) -> None:
    address = f"http://127.0.0.1:{server.port}/moto-api/reset-auth"
    with urlopen(Request(address, str(calls_before).encode(), {"Content-Type": "text/plain"}, method="POST")):
        pass


@pytest.fixture
def checked(server: Server) -> Iterator[Server]:
    """The sandbox, which ends checking with the test."""
    yield server
    enforced(server, sys.maxsize)


def user(server: Server, name: str, service: str, *allowed: dict[str, Any]) -> Any:
    """A client with the keys of a user who has these statements, and AWS checks from now on."""
    enforced(server, sys.maxsize)
    iam = client_of(server, "iam")
    iam.create_user(UserName=name)
    if allowed:
        document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **a} for a in allowed]})
        iam.put_user_policy(UserName=name, PolicyName="what-he-may", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    enforced(server, 0)
    return boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{server.port}",
        region_name="us-east-2",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )


def action_of(service: str, method: str) -> str:
    names = boto3.client(service, region_name="us-east-2").meta.method_to_api_mapping
    return f"{PREFIXES.get(service, service)}:{names[method]}"


def code_of(call: Any, parameters: dict[str, Any]) -> str | None:
    try:
        call(**parameters)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return None


@pytest.mark.parametrize(("service", "method", "parameters", "resource", "code"), CALLS, ids=[c[0] for c in CALLS])
def test_a_call_needs_its_action_on_its_resource(
    checked: Server, service: str, method: str, parameters: dict[str, Any], resource: str, code: str
) -> None:
    action = action_of(service, method)
    with pytest.raises(ClientError) as caught:
        getattr(user(checked, "nobody", service), method)(**parameters)
    told = caught.value.response["Error"]
    assert told["Code"] == code
    assert f"user/nobody is not authorized to perform: {action} on resource: {resource} " in told["Message"]
    somebody = user(checked, "somebody", service, {"Action": action, "Resource": resource})
    assert code_of(getattr(somebody, method), parameters) != code


def test_another_resource_is_not_allowed(checked: Server) -> None:
    ecs = user(
        checked,
        "somebody",
        "ecs",
        {"Action": "ecs:DescribeServices", "Resource": f"arn:aws:ecs:{HERE}:service/{CLUSTER}/other"},
    )
    assert error_of(ecs.describe_services, cluster=CLUSTER, services=[SERVICE]) == "AccessDeniedException"


def test_conditions_count(checked: Server) -> None:
    topic = f"arn:aws:sns:{HERE}:a"
    email = {"Action": "sns:Subscribe", "Resource": topic, "Condition": {"StringEquals": {"sns:Protocol": "email"}}}
    sns = user(checked, "somebody", "sns", email, {"Action": "sns:CreateTopic", "Resource": topic})
    sns.create_topic(Name="a")
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="operator@school.example")
    assert error_of(sns.subscribe, TopicArn=topic, Protocol="sms", Endpoint="+15550100") == "AccessDenied"


def test_a_role_must_be_passed_and_tags_allowed(checked: Server) -> None:
    family = f"arn:aws:ecs:{HERE}:task-definition/a:*"
    ecs = user(checked, "somebody", "ecs", {"Action": "ecs:RegisterTaskDefinition", "Resource": family})
    definition = {"family": "a", "containerDefinitions": [{"name": "a", "image": "a", "memory": 128}]}
    ecs.register_task_definition(**definition)
    role = "arn:aws:iam::123456789012:role/ecsTaskRole"
    for more, action in (
        ({"taskRoleArn": role}, "iam:PassRole"),
        ({"tags": [{"key": "a", "value": "b"}]}, "ecs:TagResource"),
    ):
        with pytest.raises(ClientError, match=action):
            ecs.register_task_definition(**definition, **more)
