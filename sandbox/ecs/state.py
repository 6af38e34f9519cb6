"""What ECS holds in the sandbox beside moto's clusters: services that keep every field, and task definitions."""

import json
import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moto.core.utils import get_service_model
from moto.ecs.exceptions import ECSException, InvalidParameterException
from moto.ecs.models import EC2ContainerServiceBackend

from sandbox.ecs import rules
from sandbox.ecs.one_off import OneOff
from sandbox.ecs.rules import ACTIVE, Deployment, Phase, Service, Task
from sandbox.ecs.task_definitions import TaskDefinitions

# What DescribeServices answers for what CreateService was not given.
DEFAULTS: dict[str, Any] = {
    "launchType": "FARGATE",
    "platformFamily": "Linux",
    "schedulingStrategy": "REPLICA",
    "deploymentController": {"type": "ECS"},
    "enableECSManagedTags": False,
    "enableExecuteCommand": False,
    "propagateTags": "NONE",
    "availabilityZoneRebalancing": "DISABLED",
    "healthCheckGracePeriodSeconds": 0,
    "placementConstraints": [],
    "placementStrategy": [],
    "deploymentConfiguration": {
        "deploymentCircuitBreaker": {"enable": False, "rollback": False},
        "minimumHealthyPercent": 100,
        "maximumPercent": 200,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
    },
}
REVISION_DEFAULTS: dict[str, Any] = {"platformVersion": "LATEST", "loadBalancers": [], "serviceRegistries": []}
# Fields of a request that are no settings of a service.
REQUEST_ONLY = {"cluster", "service", "desiredCount", "tags", "clientToken", "role", "forceNewDeployment"}

# Guards everything here: the scheduler's thread and the threads of API calls change the same state.
lock = threading.RLock()


@dataclass
class Fargate:
    """Where tasks run: the sandbox may have processes for them (`real`), else the scheduler's word is all there is.

    `answering` is the ids of the tasks whose process answers health checks, `serving` of those that new requests reach,
    `files` the folder that stands for EFS.
    """

    real: bool = False
    answering: set[str] = field(default_factory=set)
    serving: set[str] = field(default_factory=set)
    files: Path = Path()

    def answers(self, task: Task) -> bool:
        """Whether a task may count as healthy."""
        return not self.real or task.id in self.answering

    def serves(self, service: Service) -> bool:
        """Whether new requests reach every healthy task of a service."""
        healthy = {task.id for task in service.tasks if task.phase is Phase.HEALTHY}
        return not self.real or healthy <= self.serving


fargate = Fargate()


@dataclass
class LiveService:
    """A service: its settings by their API names, tags, and what the scheduler makes of it."""

    cluster: str
    arn: str
    settings: dict[str, Any]
    state: Service
    created: float
    tags: list[dict[str, str]]
    deleted: bool = False

    @property
    def status(self) -> str:
        """ACTIVE; after DeleteService DRAINING while tasks are left, then INACTIVE."""
        if not self.deleted:
            return "ACTIVE"
        return "DRAINING" if self.state.count((*ACTIVE, Phase.DRAINING)) else "INACTIVE"

    @property
    def target_group_arns(self) -> list[str]:
        """The target groups that the tasks are registered with."""
        balancers = self.state.primary.revision["loadBalancers"]
        return [balancer["targetGroupArn"] for balancer in balancers if "targetGroupArn" in balancer]


@dataclass
class Ecs:
    """The services, task definitions and one-off tasks of one account and region. `services` is by cluster/name."""

    account: str
    region: str
    task_definitions: TaskDefinitions = field(init=False)
    services: dict[str, LiveService] = field(default_factory=dict)
    one_offs: list[OneOff] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.task_definitions = TaskDefinitions(self.arn("task-definition/"))

    def arn(self, resource: str) -> str:
        """The ARN of an ECS resource here."""
        return f"arn:aws:ecs:{self.region}:{self.account}:{resource}"

    def create_service(self, cluster: str, request: dict[str, Any], now: float) -> LiveService:
        """Creates a service from the fields of CreateService, and starts its first deployment, at a time.

        Raises:
            InvalidParameterException: a service of that name is there.
            ECSException: the task definition is missing or inactive.
        """
        key = f"{cluster}/{request['serviceName']}"
        if key in self.services and not self.services[key].deleted:
            raise InvalidParameterException("Creation of service was not idempotent.")
        role = "role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
        live = LiveService(
            cluster=cluster,
            arn=self.arn(f"service/{key}"),
            settings={
                **DEFAULTS,
                "clusterArn": self.arn(f"cluster/{cluster}"),
                "roleArn": f"arn:aws:iam::{self.account}:{role}",
            },
            state=Service(request["serviceName"], 0),
            created=now,
            tags=request.get("tags", []),
        )
        self._apply(live, REVISION_DEFAULTS, request, now)
        self.services[key] = live
        return live

    def update_service(self, live: LiveService, request: dict[str, Any]) -> None:
        """Changes what the fields of UpdateService name; deploys if that changes the service revision, or if forced.

        Raises:
            ECSException: the task definition is missing or inactive.
        """
        self._apply(live, live.state.primary.revision, request, time.time())

    def _apply(self, live: LiveService, current: dict[str, Any], request: dict[str, Any], now: float) -> None:
        in_revision = _revision_fields()
        revision = {**current, **{k: v for k, v in request.items() if k in in_revision}}
        definition = self.task_definitions.find(revision["taskDefinition"]).definition
        if "taskDefinition" in request and definition["status"] != "ACTIVE":
            raise ECSException("ClientException", "TaskDefinition is inactive")
        revision["taskDefinition"] = definition["taskDefinitionArn"]
        settings = {k: v for k, v in request.items() if k not in in_revision | REQUEST_ONLY}
        configuration = live.settings["deploymentConfiguration"] | request.get("deploymentConfiguration", {})
        live.settings |= {**settings, "deploymentConfiguration": configuration}
        live.state.minimum_percent = configuration["minimumHealthyPercent"]
        live.state.maximum_percent = configuration["maximumPercent"]
        live.state.circuit_breaker = configuration["deploymentCircuitBreaker"]["enable"]
        live.state.rollback = configuration["deploymentCircuitBreaker"]["rollback"]
        live.state.desired_count = request.get("desiredCount", live.state.desired_count)
        if request.get("forceNewDeployment") or _unordered(revision) != _unordered(current):
            number = "".join(random.choices("0123456789", k=19))  # noqa: S311 - an id, not a secret
            rules.deploy(live.state, Deployment(f"ecs-svc/{number}", revision, now, now))


def ecs_of(backend: EC2ContainerServiceBackend) -> Ecs:
    """The sandbox's ECS beside a moto backend. It lives in it, so that moto's reset empties both."""
    ecs: Ecs = vars(backend).setdefault("sandbox", Ecs(backend.account_id, backend.region_name))
    return ecs


def _revision_fields() -> set[str]:
    """The inputs of UpdateService that a service revision consists of, by the API's own model."""
    model = get_service_model("ecs")
    inputs = model.operation_model("UpdateService").input_shape.members
    return set(inputs) & set(model.shape_for("ServiceRevision").members)


def _unordered(value: Any) -> Any:
    """A value in which two lists of the same things are the same, whatever their order."""
    if isinstance(value, dict):
        return {k: _unordered(v) for k, v in value.items()}
    if isinstance(value, list):
        return sorted((_unordered(v) for v in value), key=lambda v: json.dumps(v, sort_keys=True))
    return value
