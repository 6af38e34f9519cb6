"""Shorthands for asking the sandbox's AWS about the exam service."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.world import CLUSTER, SERVICE, TAGS

NAMES = {"cluster": CLUSTER, "service": SERVICE}
ECS_TAGS = [{"key": key, "value": value} for key, value in TAGS.items()]
SCALABLE = {
    "ServiceNamespace": "ecs",
    "ResourceId": f"service/{CLUSTER}/{SERVICE}",
    "ScalableDimension": "ecs:service:DesiredCount",
}


def the_service(ecs: Any) -> Any:
    return ecs.describe_services(cluster=CLUSTER, services=[SERVICE], include=["TAGS"])["services"][0]


def definition(ecs: Any, name: str = "pythonide-exam-task") -> dict[str, Any]:
    """A task definition as RegisterTaskDefinition takes it, tags included."""
    answer = ecs.describe_task_definition(taskDefinition=name, include=["TAGS"])
    inputs = ecs.meta.service_model.operation_model("RegisterTaskDefinition").input_shape.members
    return {k: v for k, v in answer["taskDefinition"].items() if k in inputs} | {"tags": answer["tags"]}


def deploy(ecs: Any, image: str = "", **changes: Any) -> str:
    """Registers the live definition with another size or image and updates the service; returns family:revision."""
    new = definition(ecs) | changes
    if image:
        new["containerDefinitions"][0]["image"] = image
    registered = ecs.register_task_definition(**new)["taskDefinition"]
    name = f"{registered['family']}:{registered['revision']}"
    ecs.update_service(**NAMES, taskDefinition=name)
    return name


def steady(ecs: Any) -> bool:
    """What boto3's services_stable waiter asks for."""
    service = the_service(ecs)
    return len(service["deployments"]) == 1 and service["runningCount"] == service["desiredCount"]


def eventually(condition: Callable[[], Any], seconds: float = 15) -> Any:
    """Waits until a condition is true and returns what it gave."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)
    return value


def target_states(elb: Any) -> list[str]:
    (group,) = elb.describe_target_groups(Names=["pythonide-exam-tg"])["TargetGroups"]
    health = elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
    return sorted(target["TargetHealth"]["State"] for target in health)


def attributes(elb: Any) -> dict[str, str]:
    (group,) = elb.describe_target_groups(Names=["pythonide-exam-tg"])["TargetGroups"]
    answer = elb.describe_target_group_attributes(TargetGroupArn=group["TargetGroupArn"])
    return {a["Key"]: a["Value"] for a in answer["Attributes"]}


def error_of(call: Callable[..., Any], **parameters: Any) -> str:
    """The code of the error that a call must get."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    code: str = caught.value.response["Error"]["Code"]
    return code
