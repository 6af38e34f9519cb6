"""What is told before it happens."""

from typing import Any

import pytest

from components import summary
from components.credentials import looks_secret
from components.live import Live
from tests.postures import SECRET, live, settings


def tracking(target: float, *, disabled: bool, kind: str = "CPU") -> dict[str, Any]:
    metric = {"PredefinedMetricType": f"ECSServiceAverage{kind}Utilization"}
    return {
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": target,
            "PredefinedMetricSpecification": metric,
            "DisableScaleIn": disabled,
        }
    }


def idle_world(**changes: Any) -> Live:
    values: dict[str, Any] = {
        "scalable_target": {"MinCapacity": 1, "MaxCapacity": 1},
        "scaling_policies": [tracking(45.0, disabled=False)],
    }
    return live(**{**values, **changes})


def test_every_change_of_the_switch_has_a_line() -> None:
    assert summary.changes(settings("exam"), idle_world()) == [
        "desired count: 1 -> 2",
        "task size: 1 vCPU / 2 GB -> 2 vCPU / 4 GB",
        "autoscaling bounds: 1-1 -> 2-6",
        "autoscaling target CPU (of the task): 45 % -> 22.5 %",
        "scale-in: on -> off",
        "container health check: (none) -> curl -fsS -o /dev/null http://localhost:8080/health || exit 1 "
        "(interval 30, timeout 10, retries 3, startPeriod 60)",
        "target group health check: /api/health every 30 s, timeout 5 s, healthy 5, unhealthy 2 -> "
        "/health every 30 s, timeout 5 s, healthy 2, unhealthy 3",
        "stickiness: off -> on for 86400 s",
        "metrics: every 60 s -> every 20 s",
        "deregistration delay: 300 s -> 3600 s",
    ]


def test_nothing_to_say_when_the_posture_is_live() -> None:
    assert summary.changes(settings("idle"), idle_world()) == []
    assert summary.text("idle", []) == (
        "posture idle is live already: count, size, bounds, variables and health checks stay as they are"
    )


def test_autoscaling_that_is_not_there_yet_is_said() -> None:
    lines = summary.changes(settings("idle"), live())
    assert lines == ["autoscaling bounds: (none) -> 1-1", "autoscaling target CPU (of the task): (none) -> 45 %"]


def test_memory_tracking_is_said_where_it_is_asked_for() -> None:
    scaling = settings("idle").autoscaling.model_dump(by_alias=True) | {"targetMemory": 60}
    lines = summary.changes(settings("idle", autoscaling=scaling), idle_world())
    assert lines == ["autoscaling target Memory (of the task): (none) -> 60 %"]


def test_variables_are_told_by_name_and_credentials_never() -> None:
    environment = {"DB_POOL_MAX": "15", "IS_EXAM_MODE": None, "API_TOKEN": "t-1234", "DATABASE_URL": f"x{SECRET}"}
    told = summary.text("idle", summary.changes(settings("idle", environment=environment), idle_world()))
    assert "variable DB_POOL_MAX: (none) -> '15'" in told
    assert "variable IS_EXAM_MODE: 'true' -> (none)" in told
    assert "variable API_TOKEN: (none) -> (hidden)" in told
    assert "variable DATABASE_URL: (hidden) -> (hidden)" in told
    assert SECRET not in told
    assert "t-1234" not in told


def test_a_secret_and_an_image_are_told() -> None:
    posture = settings("idle", secrets={"DATABASE_URL": "/exam/url"}, image="repository:2")
    told = summary.changes(posture, idle_world())
    assert "variable DATABASE_URL: (hidden) -> (none)" in told
    assert "secret DATABASE_URL: (none) -> /exam/url" in told
    assert any(line.startswith("image: 123456789012.dkr") and line.endswith("-> repository:2") for line in told)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "x"),
        ("DB_PASSWORD", "x"),
        ("SESSION_SECRET", "x"),
        ("API_KEY", "x"),
        ("BROKER", "amqp://user:word@host/"),
        ("AWS", "AKIAIOSFODNN7EXAMPLE"),
        ("CERTIFICATE", "-----BEGIN RSA PRIVATE KEY-----"),
        ("SETTING", "c2VjcmV0LXZhbHVlLTEyMzQ1"),
        ("OPTIONS", "host=db password=abc"),
    ],
)
def test_what_looks_like_a_credential(name: str, value: str) -> None:
    assert looks_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("DB_POOL_MAX", "15"), ("IS_EXAM_MODE", "true"), ("IDE_DATA_PATH", "/mnt/efs/pythonide-data-exam")],
)
def test_what_does_not(name: str, value: str) -> None:
    assert not looks_secret(name, value)
