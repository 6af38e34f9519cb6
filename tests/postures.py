"""The two shipped postures and the live world of the plan, for tests without an engine."""

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from components.aws import Access
from components.live import Live
from components.settings import Settings
from components.stack_files import read_settings

ROOT = Path(__file__).parents[1]
SECRET = "planted-3f9c1b7d"
SERVICE_ARN = "arn:aws:ecs:us-east-2:123456789012:service/pythonide-cluster/pythonide-exam-task-service"
TARGET_GROUP_ARN = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/pythonide-exam-tg/6de063e219368e1f"

DEFINITION: dict[str, Any] = {
    "taskDefinitionArn": "arn:aws:ecs:us-east-2:123456789012:task-definition/pythonide-exam-task:7",
    "family": "pythonide-exam-task",
    "revision": 7,
    "status": "ACTIVE",
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "1024",
    "memory": "2048",
    "executionRoleArn": "arn:aws:iam::123456789012:role/ecsTaskExecutionRole",
    "taskRoleArn": "arn:aws:iam::123456789012:role/ecsTaskRole",
    "containerDefinitions": [
        {
            "name": "pythonide-exam",
            "image": "123456789012.dkr.ecr.us-east-2.amazonaws.com/pythonide-exam:latest",
            "cpu": 0,
            "essential": True,
            "portMappings": [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}],
            "environment": [
                {"name": "DATABASE_URL", "value": f"postgresql://exam:{SECRET}@db.internal:5432/pythonide_exam"},
                {"name": "IDE_DATA_PATH", "value": "/mnt/efs/pythonide-data-exam"},
                {"name": "IS_EXAM_MODE", "value": "true"},
            ],
            "mountPoints": [{"sourceVolume": "efs-volume", "containerPath": "/mnt/efs"}],
            "volumesFrom": [],
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/aws/ecs/pythonide-exam"}},
        }
    ],
    "volumes": [
        {
            "name": "efs-volume",
            "efsVolumeConfiguration": {
                "fileSystemId": "fs-0123456789abcdef0",
                "rootDirectory": "/",
                "transitEncryption": "ENABLED",
                "authorizationConfig": {"iam": "DISABLED"},
            },
        }
    ],
    "placementConstraints": [],
    "tags": [{"key": "owner", "value": "teaching"}],
}


def config(stack: str) -> dict[str, str]:
    """A stack's configuration as Pulumi hands it to the program: the project's and the stack file's, as text."""
    return dict(_config(stack))


@cache
def _config(stack: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for name in ("Pulumi.yaml", f"Pulumi.{stack}.yaml"):
        for key, value in yaml.safe_load((ROOT / name).read_text())["config"].items():
            plain = value["value"] if isinstance(value, dict) and set(value) == {"value"} else value
            full = key if ":" in key else f"pythonide-exam:{key}"
            values[full] = plain if isinstance(plain, str) else json.dumps(plain)
    return values


def settings(stack: str, **changes: Any) -> Settings:
    """The shipped settings of `stack`, with top-level values changed (camel-case keys)."""
    return Settings.model_validate({**_shipped(stack), **changes})


@cache
def _shipped(stack: str) -> dict[str, Any]:
    return read_settings(ROOT, stack).model_dump(by_alias=True)


def live(**changes: Any) -> Live:
    """The live world of the plan: idle, without autoscaling; fields of Live changed as given."""
    values: dict[str, Any] = {
        "account": "123456789012",
        "access": Access("us-east-2"),
        "service": {
            "serviceArn": SERVICE_ARN,
            "clusterArn": "arn:aws:ecs:us-east-2:123456789012:cluster/pythonide-cluster",
            "desiredCount": 1,
        },
        "task_definition": copy.deepcopy(DEFINITION),
        "target_group": {
            "TargetGroupArn": TARGET_GROUP_ARN,
            "HealthCheckEnabled": True,
            "HealthCheckProtocol": "HTTP",
            "HealthCheckPort": "traffic-port",
            "HealthCheckPath": "/api/health",
            "HealthCheckIntervalSeconds": 30,
            "HealthCheckTimeoutSeconds": 5,
            "HealthyThresholdCount": 5,
            "UnhealthyThresholdCount": 2,
            "Matcher": {"HttpCode": "200"},
        },
        "target_group_attributes": {
            "deregistration_delay.timeout_seconds": "300",
            "stickiness.enabled": "false",
            "stickiness.lb_cookie.duration_seconds": "86400",
        },
        "load_balancer": "app/pythonide-alb/50dc6c495c0c9188",
        "scalable_target": None,
        "scaling_policies": [],
        "database_class": "db.t3.micro",
        "resolution": 60,
        "scheduled_action": None,
        "revert_rule": None,
    }
    return Live(**{**values, **changes})
