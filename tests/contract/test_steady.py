"""Waiting for a service's steady state: it ends well, or at once with the reason."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.plugin import steady
from sandbox.plugin.resource import PartlyDoneError

OLD, NEW = "arn:aws:ecs:us-east-2:1:task-definition/app:1", "arn:aws:ecs:us-east-2:1:task-definition/app:2"


def deployment(name: str, revision: str, status: str = "PRIMARY", state: str = "IN_PROGRESS", reason: str = "") -> Any:
    found = {"id": name, "taskDefinition": revision, "status": status, "rolloutState": state}
    return {**found, "rolloutStateReason": reason}


def service(*deployments: Any, running: int = 2) -> dict[str, Any]:
    return {"serviceName": "app", "deployments": list(deployments), "runningCount": running, "desiredCount": 2}


class Ecs:
    """Answers each DescribeServices with the next of `services`, the last one for ever."""

    def __init__(self, *services: dict[str, Any]) -> None:
        self.services = list(services)

    def describe_services(self, **asked: Any) -> Any:
        return {"services": [self.services.pop(0) if len(self.services) > 1 else self.services[0]]}

    def list_tasks(self, **asked: Any) -> Any:
        return {"taskArns": ["of-the-old", "of-the-new"]}

    def describe_tasks(self, **asked: Any) -> Any:
        old = {"taskDefinitionArn": OLD, "stoppedReason": "scaled in"}
        new = {"taskDefinitionArn": NEW, "stoppedReason": "no image", "containers": [{"reason": "CannotPull"}]}
        return {"tasks": [old, new]}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(steady, "POLL_SECONDS", 0.001)
    steady.cancelled.clear()
    yield
    steady.cancelled.clear()


def wait(*services: dict[str, Any], timeout: float = 5) -> Ecs:
    ecs = Ecs(*services)
    started = service(deployment("d2", NEW), deployment("d1", OLD, "ACTIVE"))
    steady.wait_until_steady(ecs, "cluster", started, timeout, lambda now: {"running": now["runningCount"]})
    return ecs


def test_waits_for_one_completed_deployment_with_all_its_tasks() -> None:
    ecs = wait(
        service(deployment("d2", NEW), deployment("d1", OLD, "ACTIVE")),
        service(deployment("d2", NEW)),
        service(deployment("d2", NEW, state="COMPLETED"), running=1),
        service(deployment("d2", NEW, state="COMPLETED")),
    )
    assert len(ecs.services) == 1


def test_follows_a_deployment_that_others_force_of_the_same_revision() -> None:
    wait(
        service(deployment("d3", NEW), deployment("d2", NEW, "ACTIVE")),
        service(deployment("d3", NEW, state="COMPLETED")),
    )


def test_a_failed_deployment_ends_it_with_ecss_reason_and_a_tasks() -> None:
    failed = deployment("d2", NEW, "ACTIVE", "FAILED", "circuit breaker: tasks failed to start.")
    with pytest.raises(PartlyDoneError) as told:
        wait(service(deployment("d3", OLD), failed))
    assert str(told.value) == (
        "the deployment of app:2 failed: circuit breaker: tasks failed to start; a task stopped: no image / CannotPull"
    )
    assert told.value.state == {"running": 2}


def test_a_rollback_ends_it_when_the_failed_deployment_is_forgotten_already() -> None:
    with pytest.raises(PartlyDoneError, match="app:2 gave way to app:1: rolled back"):
        wait(service(deployment("d3", OLD, state="COMPLETED", reason="rolled back")))


def test_gives_up_when_the_time_is_up() -> None:
    with pytest.raises(PartlyDoneError, match="app is not steady after 0 s: 1 of 2 tasks run"):
        wait(service(deployment("d2", NEW), running=1), timeout=0)


def test_ends_when_the_engine_cancels() -> None:
    steady.cancelled.set()
    with pytest.raises(PartlyDoneError, match="stopped waiting for app: its rollout goes on"):
        wait(service(deployment("d2", NEW)))
