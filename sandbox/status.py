"""What the sandbox's AWS looks like at this moment."""

from typing import Any

from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.ecs.models import ecs_backends

from sandbox.ecs import answers, rules
from sandbox.ecs.state import LiveService, ecs_of, fargate, lock
from sandbox.world import ACCOUNT, CLUSTER, REGION, SERVICE, the_service


def status() -> dict[str, Any]:
    """Whether the exam service is steady and reachable, what runs, and each of its deployments that failed.

    `world` is what `python -m sandbox status --json` prints; `service` in it is null if the service was deleted. Its
    `alarms` are those that somebody made, without the two that a scaling policy keeps for itself.
    """
    with lock:
        live = the_service()
        alarms = cloudwatch_backends[ACCOUNT][REGION].alarms
        return {
            "steady": live is not None and rules.steady(live.state) and fargate.serves(live.state),
            "world": {
                "service": live and _service(live),
                "autoscaling": _autoscaling(),
                "targets": _targets(live) if live else {"healthy": 0, "total": 0},
                "alarms": sorted(name for name in alarms if not name.startswith("TargetTracking-")),
            },
            "failures": _failures(live) if live else [],
        }


def _name(task_definition_arn: str) -> str:
    return task_definition_arn.rsplit("/", 1)[-1]


def _service(live: LiveService) -> dict[str, Any]:
    now = answers.service(live)
    definition = ecs_of(ecs_backends[ACCOUNT][REGION]).task_definitions.find(now["taskDefinition"]).definition
    return {
        "desired": now["desiredCount"],
        "running": now["runningCount"],
        "taskDefinition": _name(now["taskDefinition"]),
        "cpu": int(definition["cpu"]),
        "memory": int(definition["memory"]),
        "image": definition["containerDefinitions"][0]["image"],
        "deployments": [
            {
                "status": d["status"],
                "rolloutState": d["rolloutState"],
                "taskDefinition": _name(d["taskDefinition"]),
                "desired": d["desiredCount"],
                "running": d["runningCount"],
                "failed": d["failedTasks"],
            }
            for d in now["deployments"]
        ],
    }


def _autoscaling() -> dict[str, Any] | None:
    """The service's bounds, and the target of its policy on CPU in AWS's percent; None without a scalable target."""
    backend = applicationautoscaling_backends[ACCOUNT][REGION]
    resource = f"service/{CLUSTER}/{SERVICE}"
    target = backend.targets.get("ecs:service:DesiredCount", {}).get(resource)
    if target is None:
        return None
    configurations = [
        policy.target_tracking_scaling_policy_configuration or {}
        for policy in backend.policies.values()
        if policy.resource_id == resource
    ]
    cpu = [
        configuration["TargetValue"]
        for configuration in configurations
        if "CPU" in configuration.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType", "")
    ]
    return {"min": target.min_capacity, "max": target.max_capacity, "targetCpu": cpu[0] if cpu else None}


def _targets(live: LiveService) -> dict[str, int]:
    states = [t["TargetHealth"]["State"] for arn in live.target_group_arns for t in answers.targets(live, arn)]
    return {"healthy": states.count("healthy"), "total": len(states)}


def _failures(live: LiveService) -> list[dict[str, Any]]:
    """Each failed deployment in the words of the event that AWS sends to EventBridge for it."""
    return [
        {
            "eventName": "SERVICE_DEPLOYMENT_FAILED",
            "deploymentId": deployment.id,
            "updatedAt": deployment.updated,
            "reason": deployment.reason,
        }
        for deployment in live.state.history
        if deployment.rollout_state == "FAILED"
    ]
