"""What ECS answers about tasks, those of services and those that RunTask started."""

from typing import Any

from sandbox.ecs.answers import image_digest
from sandbox.ecs.one_off import OneOff
from sandbox.ecs.rules import ACTIVE, EXITED, RUNNING, Phase, Task
from sandbox.ecs.state import Ecs, LiveService

LAST_STATUS = {
    Phase.PENDING: "PENDING",
    Phase.INITIAL: "RUNNING",
    Phase.HEALTHY: "RUNNING",
    Phase.DRAINING: "DEACTIVATING",
    Phase.STOPPED: "STOPPED",
}


def task(ecs: Ecs, live: LiveService, task: Task) -> dict[str, Any]:
    """A service's task as DescribeTasks answers it."""
    definition = ecs.task_definitions.find(task.task_definition).definition
    checked = any("healthCheck" in container for container in definition["containerDefinitions"])
    health = "HEALTHY" if checked and task.phase is Phase.HEALTHY else "UNKNOWN"
    answer = _task(ecs, live.cluster, task, LAST_STATUS[task.phase], health) | {
        "group": f"service:{live.state.name}",
        "startedBy": task.deployment_id,
        "launchType": live.settings["launchType"],
        "platformFamily": live.settings["platformFamily"],
        "desiredStatus": "RUNNING" if task.phase in ACTIVE else "STOPPED",
        "enableExecuteCommand": live.settings["enableExecuteCommand"],
        "overrides": {"containerOverrides": [], "inferenceAcceleratorOverrides": []},
    }
    if task.phase not in RUNNING:
        answer["attachments"][0]["status"] = "DELETED"
    if task.phase is Phase.STOPPED:
        exited = task.stopped_reason == EXITED
        answer |= {
            "stoppedAt": task.stopped,
            "stopCode": "EssentialContainerExited" if exited else "ServiceSchedulerInitiated",
        }
    return answer


def one_off(ecs: Ecs, task: OneOff) -> dict[str, Any]:
    """A task of RunTask as DescribeTasks answers it."""
    family = task.task_definition.rsplit("/", 1)[-1].rpartition(":")[0]
    answer = _task(ecs, task.cluster, task, task.status, "UNKNOWN") | {
        "group": task.request.get("group", f"family:{family}"),
        "launchType": "FARGATE",
        "platformFamily": "Linux",
        "desiredStatus": "STOPPED" if task.stopped_reason else "RUNNING",
        "enableExecuteCommand": False,
        "overrides": {"inferenceAcceleratorOverrides": [], **task.request["overrides"]},
        "tags": task.request.get("tags", []),
    }
    if "startedBy" in task.request:
        answer["startedBy"] = task.request["startedBy"]
    if task.status == "STOPPED":
        exited = task.stopped_reason == EXITED
        answer |= {"stoppedAt": task.stopped, "stopCode": "EssentialContainerExited" if exited else "UserInitiated"}
        for container in answer["containers"]:
            if container["name"] == task.container and task.exit_code is not None:
                container["exitCode"] = task.exit_code
    return answer


def _task(ecs: Ecs, cluster: str, task: Task | OneOff, status: str, health: str) -> dict[str, Any]:
    """What is answered alike about every task."""
    definition = ecs.task_definitions.find(task.task_definition).definition
    arn = ecs.arn(f"task/{cluster}/{task.id}")
    interface = f"eni-{task.id[:17]}"
    answer = {
        "taskArn": arn,
        "clusterArn": ecs.arn(f"cluster/{cluster}"),
        "taskDefinitionArn": task.task_definition,
        "platformVersion": "1.4.0",
        "cpu": definition.get("cpu"),
        "memory": definition.get("memory"),
        "lastStatus": status,
        "healthStatus": health,
        "connectivity": "CONNECTED",
        "createdAt": task.created,
        "startedAt": task.started,
        "attachments": [
            {
                "id": f"{task.id[:8]}-0000-4000-8000-{task.id[-12:]}",
                "type": "ElasticNetworkInterface",
                "status": "DELETED" if status == "STOPPED" else "ATTACHED",
                "details": [
                    {"name": "subnetId", "value": task.subnet},
                    {"name": "networkInterfaceId", "value": interface},
                    {"name": "privateIPv4Address", "value": task.ip},
                ],
            }
        ],
        "containers": [
            {
                "containerArn": f"{arn.replace(':task/', ':container/')}/{container['name']}",
                "taskArn": arn,
                "name": container["name"],
                "image": container["image"],
                "imageDigest": image_digest(container["image"]),
                "lastStatus": status,
                "healthStatus": health,
                "cpu": str(container["cpu"]),
                "networkInterfaces": [{"attachmentId": interface, "privateIpv4Address": task.ip}],
            }
            for container in definition["containerDefinitions"]
        ],
    }
    return answer | ({"stoppedReason": task.stopped_reason} if task.stopped_reason else {})
