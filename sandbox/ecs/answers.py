"""What ECS and the load balancer answer about the scheduler's state, in the shapes of their APIs."""

import hashlib
import zlib
from typing import Any

from sandbox.ecs.rules import ACTIVE, RUNNING, Deployment, Phase
from sandbox.ecs.state import LiveService

KEPT_EVENTS = 100  # as AWS
STANDARD_RESOLUTION, HIGH_RESOLUTION = 60, 20  # seconds
TARGET_HEALTH: dict[Phase, dict[str, str]] = {
    Phase.INITIAL: {
        "State": "initial",
        "Reason": "Elb.RegistrationInProgress",
        "Description": "Target registration is in progress",
    },
    Phase.HEALTHY: {"State": "healthy"},
    Phase.DRAINING: {
        "State": "draining",
        "Reason": "Target.DeregistrationInProgress",
        "Description": "Target deregistration is in progress",
    },
}


def service(live: LiveService) -> dict[str, Any]:
    """A service as DescribeServices answers it, without tags."""
    state = live.state
    return {
        **live.settings,
        **state.primary.revision,
        "serviceArn": live.arn,
        "status": live.status,
        "desiredCount": state.desired_count,
        "runningCount": state.count(RUNNING),
        "pendingCount": state.count((Phase.PENDING,)),
        "deployments": [_deployment(live, d) for d in state.deployments],
        "currentServiceRevisions": [_current_revision(live, d) for d in state.deployments],
        "events": [
            {"id": f"{zlib.crc32(message.encode()):08x}-{int(when * 1000)}", "createdAt": when, "message": message}
            for when, message in state.events[:KEPT_EVENTS]
        ],
        "createdAt": live.created,
    }


def _deployment(live: LiveService, deployment: Deployment) -> dict[str, Any]:
    state = live.state
    primary = deployment is state.primary
    return {
        **deployment.revision,
        "id": deployment.id,
        "status": "PRIMARY" if primary else "ACTIVE",
        "desiredCount": state.desired_count if primary else state.count(ACTIVE, deployment),
        "pendingCount": state.count((Phase.PENDING,), deployment),
        "runningCount": state.count(RUNNING, deployment),
        "failedTasks": deployment.failed_tasks,
        "createdAt": deployment.created,
        "updatedAt": deployment.updated,
        "launchType": live.settings["launchType"],
        "platformFamily": live.settings["platformFamily"],
        "rolloutState": deployment.rollout_state,
        "rolloutStateReason": deployment.reason,
    }


def _current_revision(live: LiveService, deployment: Deployment) -> dict[str, Any]:
    state = live.state
    return {
        "arn": service_revision_arn(live, deployment),
        "requestedTaskCount": state.desired_count if deployment is state.primary else 0,
        "runningTaskCount": state.count(RUNNING, deployment),
        "pendingTaskCount": state.count((Phase.PENDING,), deployment),
    }


def service_revision_arn(live: LiveService, deployment: Deployment) -> str:
    """The ARN of what a deployment deploys; it ends in the deployment's number, as on AWS."""
    return f"{live.arn.replace(':service/', ':service-revision/')}/{deployment.id.removeprefix('ecs-svc/')}"


def service_revision(live: LiveService, deployment: Deployment) -> dict[str, Any]:
    """What a deployment deploys, as DescribeServiceRevisions answers it; `monitoring` shows only here."""
    return {
        **deployment.revision,
        "serviceRevisionArn": service_revision_arn(live, deployment),
        "serviceArn": live.arn,
        "clusterArn": live.settings["clusterArn"],
        "launchType": live.settings["launchType"],
        "platformFamily": live.settings["platformFamily"],
        "createdAt": deployment.created,
    }


def resolution(live: LiveService, metric: str) -> int:
    """How often ECS publishes a metric of the service, in seconds."""
    monitoring = live.state.primary.revision.get("monitoring", {})
    for configuration in monitoring.get("metricConfigurations", []):
        if metric in configuration["metricNames"]:
            return int(configuration["resolutionSeconds"])
    return STANDARD_RESOLUTION


def service_deployment_arn(live: LiveService, deployment: Deployment) -> str:
    """The ARN of a service deployment."""
    return f"{live.arn.replace(':service/', ':service-deployment/')}/{deployment.id.removeprefix('ecs-svc/')}"


def service_deployment(live: LiveService, deployment: Deployment) -> dict[str, Any]:
    """A deployment as ListServiceDeployments and DescribeServiceDeployments answer it."""
    status = _service_deployment_status(live, deployment)
    revision = service_revision_arn(live, deployment)
    finished = {} if status.endswith("IN_PROGRESS") else {"finishedAt": deployment.updated}
    return {
        "serviceDeploymentArn": service_deployment_arn(live, deployment),
        "serviceArn": live.arn,
        "clusterArn": live.settings["clusterArn"],
        "createdAt": deployment.created,
        "startedAt": deployment.created,
        "updatedAt": deployment.updated,
        **finished,
        "status": status,
        "statusReason": deployment.reason,
        "targetServiceRevisionArn": revision,
        "targetServiceRevision": {"arn": revision, "requestedTaskCount": live.state.desired_count},
        "deploymentConfiguration": live.settings["deploymentConfiguration"],
    }


def _service_deployment_status(live: LiveService, deployment: Deployment) -> str:
    if deployment.rolled_back_to:
        rolling_back = live.state.primary.id == deployment.rolled_back_to
        in_progress = rolling_back and live.state.primary.rollout_state == "IN_PROGRESS"
        return "ROLLBACK_IN_PROGRESS" if in_progress else "ROLLBACK_SUCCESSFUL"
    if deployment.rollout_state == "IN_PROGRESS":
        return "IN_PROGRESS" if deployment is live.state.primary else "STOPPED"
    return {"COMPLETED": "SUCCESSFUL", "FAILED": "STOPPED"}[deployment.rollout_state]


def image_digest(image: str) -> str:
    """The digest that an image of that name has in the sandbox; its own where it is named by it."""
    return image.partition("@")[2] or "sha256:" + hashlib.sha256(image.encode()).hexdigest()


def targets(live: LiveService, target_group_arn: str) -> list[dict[str, Any]]:
    """The service's tasks as DescribeTargetHealth answers for a target group."""
    if target_group_arn not in live.target_group_arns:
        return []
    (balancer,) = (
        b for b in live.state.primary.revision["loadBalancers"] if b.get("targetGroupArn") == target_group_arn
    )
    port = balancer["containerPort"]
    return [
        {
            "Target": {"Id": task.ip, "Port": port},
            "HealthCheckPort": str(port),
            "TargetHealth": TARGET_HEALTH[task.phase],
        }
        for task in live.state.tasks
        if task.phase in RUNNING
    ]
