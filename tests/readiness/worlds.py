"""What is live in an exam, for checks that are judged without AWS."""

from datetime import UTC, datetime, timedelta
from typing import Any

from components import task_definition
from components.live import Live
from tests import postures
from tests.postures import DEFINITION, settings

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
EXAM, IDLE = settings("exam"), settings("idle")
IMAGE = DEFINITION["containerDefinitions"][0]["image"]
DIGEST = "sha256:" + "a" * 64
SUBNETS = ["subnet-a", "subnet-b"]
CPU_POLICY: dict[str, Any] = {
    "PolicyName": "pythonide-exam-cpu-scaling-policy",
    "TargetTrackingScalingPolicyConfiguration": {
        "TargetValue": 22.5,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilizationHighResolution"},
        "DisableScaleIn": True,
    },
}


def exam(**changes: Any) -> Live:
    """The live world with the exam posture, fields of Live changed as given."""
    network = {"subnets": SUBNETS, "securityGroups": ["sg-tasks"]}
    values: dict[str, Any] = {
        "service": {
            **postures.live().service,
            "desiredCount": 2,
            "runningCount": 2,
            "deployments": [{"status": "PRIMARY", "rolloutState": "COMPLETED", "taskDefinition": "arn"}],
            "networkConfiguration": {"awsvpcConfiguration": network},
        },
        "task_definition": task_definition.derive(DEFINITION, EXAM.container, EXAM),
        "target_group": {
            **postures.live().target_group,
            "TargetGroupName": "pythonide-exam-tg",
            "HealthCheckPath": "/health",
            "HealthyThresholdCount": 2,
            "UnhealthyThresholdCount": 3,
        },
        "target_group_attributes": {
            "deregistration_delay.timeout_seconds": "3600",
            "stickiness.enabled": "true",
            "stickiness.lb_cookie.duration_seconds": "86400",
        },
        "scalable_target": {"MinCapacity": 2, "MaxCapacity": 6},
        "scaling_policies": [CPU_POLICY],
        "resolution": 20,
    }
    return postures.live(**{**values, **changes})


def task(**changes: Any) -> dict[str, Any]:
    """A running task of the exam, as DescribeTasks gives it."""
    container = {"name": EXAM.container, "image": IMAGE, "imageDigest": DIGEST}
    running = {"desiredStatus": "RUNNING", "cpu": "2048", "memory": "4096", "containers": [container]}
    return {**running, **changes}


def stopped(reason: str, minutes: int = 1, **container: Any) -> dict[str, Any]:
    """A task that stopped some minutes ago."""
    containers = [{"name": EXAM.container, "image": IMAGE, **container}]
    when = NOW - timedelta(minutes=minutes)
    return task(desiredStatus="STOPPED", stoppedAt=when, stoppedReason=reason, containers=containers)


def definition(**container: Any) -> dict[str, Any]:
    """The exam's definition with fields of its container changed; None removes one."""
    definition = task_definition.derive(DEFINITION, EXAM.container, EXAM)
    target = definition["containerDefinitions"][0]
    target.update(container)
    for name in [name for name, value in container.items() if value is None]:
        del target[name]
    return definition
