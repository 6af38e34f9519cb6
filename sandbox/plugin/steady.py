"""Wait until an ECS service is steady, and say why if it never will be."""

import threading
import time
from collections.abc import Callable
from typing import Any

from sandbox.plugin.resource import PartlyDoneError, Properties

POLL_SECONDS = 0.1

# Set when the engine cancels (Ctrl-C): every wait ends.
cancelled = threading.Event()


def wait_until_steady(
    aws: Any, cluster: str, updated: dict[str, Any], timeout: float, state: Callable[[dict[str, Any]], Properties]
) -> None:
    """Poll DescribeServices until the service is steady: one deployment, COMPLETED, running as many as desired.

    `updated` is what UpdateService answered, `timeout` in seconds, `state` turns a described service into properties.
    Raises PartlyDoneError, with the state as it then is, when the deployment that the update started failed or gave way
    to a rollback, when the time is up, and when the engine cancels.
    """
    started = _primary(updated)
    ends = time.monotonic() + timeout
    while True:
        described = aws.describe_services(cluster=cluster, services=[updated["serviceName"]], include=["TAGS"])
        service = described["services"][0]
        if reason := _failure(service, started):
            raise PartlyDoneError(reason.rstrip(".") + _stopped(aws, cluster, service, started), state(service))
        if _is_steady(service):
            return
        if time.monotonic() > ends:
            counts = f"{service['runningCount']} of {service['desiredCount']} tasks run"
            raise PartlyDoneError(
                f"{service['serviceName']} is not steady after {timeout:.0f} s: {counts}", state(service)
            )
        if cancelled.wait(POLL_SECONDS):
            raise PartlyDoneError(f"stopped waiting for {service['serviceName']}: its rollout goes on", state(service))


def _primary(service: dict[str, Any]) -> dict[str, Any]:
    for deployment in service["deployments"]:
        if deployment["status"] == "PRIMARY":
            return dict(deployment)
    return {}


def _is_steady(service: dict[str, Any]) -> bool:
    deployments = service["deployments"]
    return (
        len(deployments) == 1
        and deployments[0].get("rolloutState", "COMPLETED") == "COMPLETED"
        and service["runningCount"] == service["desiredCount"]
    )


def _failure(service: dict[str, Any], started: dict[str, Any]) -> str:
    """Why the started deployment will never be steady; empty as long as it may be."""
    now = {deployment["id"]: deployment for deployment in service["deployments"]}
    mine = now.get(started.get("id"), {})
    revision = str(started.get("taskDefinition", "")).rpartition("/")[2]
    if mine.get("rolloutState") == "FAILED":
        return f"the deployment of {revision} failed: {mine.get('rolloutStateReason') or 'ECS gives no reason'}"
    primary = _primary(service)
    if started and primary.get("taskDefinition") != started["taskDefinition"]:
        reason = mine.get("rolloutStateReason") or primary.get("rolloutStateReason") or "ECS gives no reason"
        return f"{revision} gave way to {str(primary.get('taskDefinition')).rpartition('/')[2]}: {reason}"
    return ""


def _stopped(aws: Any, cluster: str, service: dict[str, Any], started: dict[str, Any]) -> str:
    """Why a task of the failed deployment stopped, if ECS still knows one."""
    arns = aws.list_tasks(cluster=cluster, serviceName=service["serviceName"], desiredStatus="STOPPED")["taskArns"]
    if not arns:
        return ""
    for task in aws.describe_tasks(cluster=cluster, tasks=arns[:100])["tasks"]:
        if task.get("taskDefinitionArn") == started.get("taskDefinition"):
            reasons = [
                task.get("stoppedReason"),
                *(container.get("reason") for container in task.get("containers", [])),
            ]
            return "; a task stopped: " + " / ".join(dict.fromkeys(reason for reason in reasons if reason))
    return ""
