"""The ECS task definition, as a resource type."""

import json
from typing import Any

from sandbox.plugin.resource import Properties, ResourceType, names, without_nulls
from sandbox.plugin.tags import ecs_retag, lower_key_value, tag_map, tags_of

# Inputs that RegisterTaskDefinition takes under the same name and in the same form.
DEFINITION_FIELDS = names(
    """cpu enableFaultInjection executionRoleArn family inferenceAccelerators ipcMode memory networkMode pidMode
    placementConstraints requiresCompatibilities runtimePlatform taskRoleArn"""
)


class TaskDefinition(ResourceType):
    """`aws:ecs/taskDefinition:TaskDefinition`: RegisterTaskDefinition; every change is a new revision."""

    service = "ecs"
    inputs = DEFINITION_FIELDS | {"containerDefinitions", "ephemeralStorage", "proxyConfiguration", "volumes"}
    required = frozenset({"containerDefinitions", "family"})
    replace_on = inputs
    local = frozenset({"skipDestroy", "trackLatest"})
    tagged = True

    def complete(self, inputs: Properties) -> None:
        """An EFS volume's root is `/`."""
        for volume in inputs.get("volumes", []):
            if isinstance(volume, dict) and "efsVolumeConfiguration" in volume:
                volume["efsVolumeConfiguration"].setdefault("rootDirectory", "/")

    def meaning(self, name: str, value: Any) -> Any:
        """Container definitions without what ECS fills in."""
        if name != "containerDefinitions" or not isinstance(value, str) or not value.startswith("["):
            return value
        return [_bare_container(container) for container in json.loads(value)]

    def create(self, aws: Any, inputs: Properties, timeout: float) -> tuple[str, Properties]:
        """Register a revision."""
        asked = {name: inputs[name] for name in DEFINITION_FIELDS & inputs.keys()}
        asked["containerDefinitions"] = json.loads(inputs["containerDefinitions"])
        if inputs["tagsAll"]:
            asked["tags"] = lower_key_value(inputs["tagsAll"])
        if "ephemeralStorage" in inputs:
            asked["ephemeralStorage"] = {"sizeInGiB": inputs["ephemeralStorage"]["sizeInGib"]}
        if "proxyConfiguration" in inputs:
            proxy = dict(inputs["proxyConfiguration"])
            pairs = [{"name": name, "value": value} for name, value in proxy.pop("properties", {}).items()]
            asked["proxyConfiguration"] = {**proxy, "properties": pairs}
        if "volumes" in inputs:
            asked["volumes"] = [_aws_volume(volume) for volume in inputs["volumes"]]
        revision = aws.register_task_definition(**asked)["taskDefinition"]
        return inputs["family"], self._state(revision, inputs["tagsAll"], inputs)

    def read(self, aws: Any, resource_id: str, state: Properties) -> tuple[str, Properties] | None:
        """Describe the revision in the state (`trackLatest`: the family's newest); a deregistered one is gone."""
        wanted = state["family"] if state.get("trackLatest") else state.get("arn", resource_id)
        try:
            found = aws.describe_task_definition(taskDefinition=wanted, include=["TAGS"])
        except aws.exceptions.ClientException:
            return None
        revision = found["taskDefinition"]
        if revision.get("status") == "INACTIVE":
            return None
        return revision["family"], self._state(revision, tag_map(found.get("tags", [])), state)

    def update(
        self, aws: Any, resource_id: str, state: Properties, inputs: Properties, changed: set[str], timeout: float
    ) -> Properties:
        """Change the tags; all else is a new revision."""
        if "tagsAll" in changed:
            ecs_retag(aws, state["arn"], tags_of(state), inputs["tagsAll"])
        local = {name: inputs.get(name) for name in self.local}
        return {**state, **local, "tags": inputs["tagsAll"], "tagsAll": inputs["tagsAll"]}

    def delete(self, aws: Any, resource_id: str, state: Properties) -> None:
        """Deregister the revision, unless `skipDestroy` says not to."""
        if not state.get("skipDestroy"):
            aws.deregister_task_definition(taskDefinition=state["arn"])

    def _state(self, revision: dict[str, Any], tags: dict[str, str], given: Properties) -> Properties:
        arn = revision["taskDefinitionArn"]
        proxy = revision.get("proxyConfiguration")
        if proxy:
            proxy = {**proxy, "properties": {pair["name"]: pair["value"] for pair in proxy.get("properties", [])}}
        storage = revision.get("ephemeralStorage")
        return {
            **{name: revision.get(name) for name in DEFINITION_FIELDS},
            **{name: given.get(name) for name in self.local},
            "arn": arn,
            "arnWithoutRevision": arn.rpartition(":")[0],
            "revision": revision["revision"],
            "containerDefinitions": json.dumps(revision["containerDefinitions"], sort_keys=True, separators=(",", ":")),
            "ephemeralStorage": {"sizeInGib": storage["sizeInGiB"]} if storage else None,
            "proxyConfiguration": proxy,
            "volumes": [_pulumi_volume(volume) for volume in revision.get("volumes", [])],
            "tags": tags,
            "tagsAll": tags,
        }


def _bare_container(container: dict[str, Any]) -> dict[str, Any]:
    """A container definition without empty values and with what ECS sorts sorted and what it fills in filled in."""
    bare = {key: value for key, value in without_nulls(container).items() if value not in ("", [], {}, 0)}
    for port in bare.get("portMappings", []):
        port.setdefault("protocol", "tcp")
        port["hostPort"] = port.get("hostPort") or port["containerPort"]
    for name in ("environment", "secrets"):
        if name in bare:
            bare[name] = sorted(bare[name], key=lambda pair: str(pair["name"]))
    return bare


def _aws_volume(volume: Properties) -> dict[str, Any]:
    renamed = {"hostPath": "host", "configureAtLaunch": "configuredAtLaunch"}
    asked = {renamed.get(name, name): value for name, value in without_nulls(volume).items() if value != ""}
    if "host" in asked:
        asked["host"] = {"sourcePath": asked["host"]}
    return asked


def _pulumi_volume(volume: dict[str, Any]) -> Properties:
    renamed = {"host": "hostPath", "configuredAtLaunch": "configureAtLaunch"}
    state = {renamed.get(name, name): value for name, value in volume.items()}
    if "hostPath" in state:
        state["hostPath"] = state["hostPath"].get("sourcePath", "")
    return state
