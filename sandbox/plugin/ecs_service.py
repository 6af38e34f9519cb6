"""The ECS service, as a resource type."""

from typing import Any, ClassVar

from sandbox.plugin.resource import Properties, RefusedError, ResourceType, names, without_nulls
from sandbox.plugin.steady import wait_until_steady
from sandbox.plugin.tags import ecs_retag, tag_map, tags_of

# Inputs that UpdateService takes under the same name and in the same form.
SERVICE_FIELDS = names(
    """availabilityZoneRebalancing desiredCount enableExecuteCommand healthCheckGracePeriodSeconds
    loadBalancers platformVersion propagateTags taskDefinition"""
)
# Inputs that are parts of AWS's deploymentConfiguration, by their name there.
DEPLOYMENT_FIELDS = {
    "deploymentCircuitBreaker": "deploymentCircuitBreaker",
    "deploymentMaximumPercent": "maximumPercent",
    "deploymentMinimumHealthyPercent": "minimumHealthyPercent",
}


class Service(ResourceType):
    """`aws:ecs/service:Service`: adopted by `cluster/name`, changed with UpdateService, never created nor deleted."""

    service = "ecs"
    replace_on = frozenset({"cluster", "iamRole", "launchType", "name", "schedulingStrategy"})
    inputs = (
        SERVICE_FIELDS
        | replace_on
        | set(DEPLOYMENT_FIELDS)
        | {"deploymentController", "enableEcsManagedTags", "networkConfiguration"}
    )
    defaults: ClassVar[Properties] = {
        "deploymentMaximumPercent": 200,
        "deploymentMinimumHealthyPercent": 100,
        "schedulingStrategy": "REPLICA",
    }
    late_defaults: ClassVar[Properties] = {"waitForSteadyState": False}
    read_defaults: ClassVar[Properties] = {"deploymentController": {"type": "ECS"}}
    local = frozenset({"forceDelete", "forceNewDeployment", "sigintRollback", "triggers", "waitForSteadyState"})
    tagged = True

    def create(self, aws: Any, inputs: Properties, timeout: float) -> tuple[str, Properties]:
        """Refuse: the sandbox's services are there already."""
        raise RefusedError("the sandbox's AWS plugin adopts ECS services and creates none: import it as cluster/name")

    def read(self, aws: Any, resource_id: str, state: Properties) -> tuple[str, Properties] | None:
        """Describe it by `cluster/name` or ARN."""
        *_, cluster, name = resource_id.split("/")
        try:
            found = aws.describe_services(cluster=cluster, services=[name], include=["TAGS"])["services"]
        except aws.exceptions.ClusterNotFoundException:
            return None
        if not found or found[0]["status"] == "INACTIVE":
            return None
        return found[0]["serviceArn"], self._state(found[0], state)

    def update(
        self, aws: Any, resource_id: str, state: Properties, inputs: Properties, changed: set[str], timeout: float
    ) -> Properties:
        """Change what changed, and wait for the steady state if asked to (20 minutes, the provider's default)."""
        *_, cluster, name = resource_id.split("/")
        refused = changed - SERVICE_FIELDS - DEPLOYMENT_FIELDS.keys() - self.local - {
            "enableEcsManagedTags", "networkConfiguration", "region", "tags", "tagsAll",
        }  # fmt: skip
        if refused:
            raise RefusedError(f"the sandbox's AWS plugin cannot change {', '.join(sorted(refused))} of a service")
        asked = {field: inputs[field] for field in SERVICE_FIELDS & changed & inputs.keys()}
        parts = DEPLOYMENT_FIELDS.keys() & changed & inputs.keys()
        if deployment := {DEPLOYMENT_FIELDS[field]: inputs[field] for field in parts}:
            asked["deploymentConfiguration"] = deployment
        if "enableEcsManagedTags" in changed:
            asked["enableECSManagedTags"] = bool(inputs.get("enableEcsManagedTags"))
        if "networkConfiguration" in changed:
            asked["networkConfiguration"] = _aws_network(inputs["networkConfiguration"])
        if inputs.get("forceNewDeployment") and changed & {"forceNewDeployment", "triggers"}:
            asked["forceNewDeployment"] = True
        if "tagsAll" in changed:
            ecs_retag(aws, resource_id, tags_of(state), inputs["tagsAll"])
        given = {**inputs, **{k: inputs.get(k, v) for k, v in self.late_defaults.items()}}
        if asked:
            updated = aws.update_service(cluster=cluster, service=name, **asked)["service"]
            if inputs.get("waitForSteadyState"):
                wait_until_steady(aws, cluster, updated, timeout or 1200, lambda now: self._state(now, given))
        found = self.read(aws, resource_id, given)
        if found is None:
            raise RefusedError(f"service {name} is gone")
        return found[1]

    def delete(self, aws: Any, resource_id: str, state: Properties) -> None:
        """Refuse: nobody's service is this project's to delete."""
        raise RefusedError("the sandbox's AWS plugin never deletes an ECS service: set retain_on_delete")

    def _state(self, found: dict[str, Any], given: Properties) -> Properties:
        deployment = found.get("deploymentConfiguration", {})
        breaker = deployment.get("deploymentCircuitBreaker", {})
        tags = tag_map(found.get("tags", []))
        state = {
            **{name: found.get(name) for name in SERVICE_FIELDS},
            **{name: given.get(name) for name in self.local},
            "cluster": _as_given(given.get("cluster"), found["clusterArn"]),
            "deploymentCircuitBreaker": {name: breaker.get(name, False) for name in ("enable", "rollback")},
            "deploymentController": found.get("deploymentController", {"type": "ECS"}),
            "deploymentMaximumPercent": deployment.get("maximumPercent", 0),
            "deploymentMinimumHealthyPercent": deployment.get("minimumHealthyPercent", 0),
            "enableEcsManagedTags": found.get("enableECSManagedTags", False),
            "enableExecuteCommand": found.get("enableExecuteCommand", False),
            "healthCheckGracePeriodSeconds": found.get("healthCheckGracePeriodSeconds", 0),
            "iamRole": found.get("roleArn"),
            "launchType": found.get("launchType", ""),
            "loadBalancers": [{"elbName": "", **balancer} for balancer in found.get("loadBalancers", [])],
            "name": found["serviceName"],
            "networkConfiguration": _pulumi_network(found.get("networkConfiguration", {})),
            "platformVersion": found.get("platformVersion", ""),
            "propagateTags": found.get("propagateTags", "NONE"),
            "schedulingStrategy": found.get("schedulingStrategy", "REPLICA"),
            "tags": tags,
            "tagsAll": tags,
        }
        # The provider keeps an ARN where the state has one, and family:revision everywhere else.
        if not str(given.get("taskDefinition", "")).startswith("arn:"):
            state["taskDefinition"] = found["taskDefinition"].rpartition("/")[2]
        return state


def _as_given(given: str | None, arn: str) -> str:
    """A cluster in the form in which the state has it: by name if it is so there, else by ARN."""
    return given if given is not None and given == arn.rpartition("/")[2] else arn


def _aws_network(network: Properties) -> dict[str, Any]:
    public = "ENABLED" if network.get("assignPublicIp") else "DISABLED"
    return {"awsvpcConfiguration": {**without_nulls(network), "assignPublicIp": public}}


def _pulumi_network(network: dict[str, Any]) -> Properties | None:
    found = network.get("awsvpcConfiguration")
    if not found:
        return None
    return {
        "assignPublicIp": found.get("assignPublicIp") == "ENABLED",
        "securityGroups": found.get("securityGroups", []),
        "subnets": found.get("subnets", []),
    }
