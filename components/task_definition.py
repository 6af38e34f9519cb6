"""The task definition: what is live with only the posture's values changed (pure), and its resource."""

import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_aws import ecs

from components.errors import ExamError
from components.posture import HealthCheck, Posture

Definition = dict[str, Any]
# A field of AWS's API -> the Pulumi input it becomes, with the fields below it where it is a structure.
Fields = Mapping[str, "str | tuple[str, Fields]"]

# Fields of DescribeTaskDefinition that AWS fills in and RegisterTaskDefinition does not take.
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html
FILLED_IN = frozenset(
    {
        "taskDefinitionArn",
        "revision",
        "status",
        "requiresAttributes",
        "compatibilities",
        "registeredAt",
        "registeredBy",
        "deregisteredAt",
        "deleteRequestedAt",
    }
)
# Fields of RegisterTaskDefinition that Pulumi's TaskDefinition has no input for.
INEXPRESSIBLE = frozenset({"inferenceAccelerators", "trustedExecutionConfiguration"})
INPUTS: Fields = {
    "family": "family",
    "containerDefinitions": "container_definitions",
    "cpu": "cpu",
    "memory": "memory",
    "networkMode": "network_mode",
    "requiresCompatibilities": "requires_compatibilities",
    "executionRoleArn": "execution_role_arn",
    "taskRoleArn": "task_role_arn",
    "pidMode": "pid_mode",
    "ipcMode": "ipc_mode",
    "enableFaultInjection": "enable_fault_injection",
    "tags": "tags",
    "ephemeralStorage": ("ephemeral_storage", {"sizeInGiB": "size_in_gib"}),
    "runtimePlatform": (
        "runtime_platform",
        {"cpuArchitecture": "cpu_architecture", "operatingSystemFamily": "operating_system_family"},
    ),
    "placementConstraints": ("placement_constraints", {"type": "type", "expression": "expression"}),
    "proxyConfiguration": (
        "proxy_configuration",
        {"type": "type", "containerName": "container_name", "properties": "properties"},
    ),
    "volumes": (
        "volumes",
        {
            "name": "name",
            "host": "host_path",
            "configuredAtLaunch": "configure_at_launch",
            "efsVolumeConfiguration": (
                "efs_volume_configuration",
                {
                    "fileSystemId": "file_system_id",
                    "rootDirectory": "root_directory",
                    "transitEncryption": "transit_encryption",
                    "transitEncryptionPort": "transit_encryption_port",
                    "authorizationConfig": (
                        "authorization_config",
                        {"accessPointId": "access_point_id", "iam": "iam"},
                    ),
                },
            ),
            "dockerVolumeConfiguration": (
                "docker_volume_configuration",
                {
                    "scope": "scope",
                    "autoprovision": "autoprovision",
                    "driver": "driver",
                    "driverOpts": "driver_opts",
                    "labels": "labels",
                },
            ),
            "fsxWindowsFileServerVolumeConfiguration": (
                "fsx_windows_file_server_volume_configuration",
                {
                    "fileSystemId": "file_system_id",
                    "rootDirectory": "root_directory",
                    "authorizationConfig": (
                        "authorization_config",
                        {"credentialsParameter": "credentials_parameter", "domain": "domain"},
                    ),
                },
            ),
            "s3filesVolumeConfiguration": (
                "s3files_volume_configuration",
                {
                    "fileSystemArn": "file_system_arn",
                    "rootDirectory": "root_directory",
                    "transitEncryptionPort": "transit_encryption_port",
                    "accessPointArn": "access_point_arn",
                },
            ),
        },
    ),
}


def derive(live: Definition, container: str, posture: Posture) -> Definition:
    """The definition to run: `live`, as AWS describes it, with only what `posture` owns changed in `container`.

    The container's own cpu and memory follow the task's where they were equal to it. The answer shares nothing with
    `live`. See design, task definition.
    """
    derived = copy.deepcopy(live)
    target = container_of(derived, container)
    for size, value in (("cpu", posture.cpu), ("memory", posture.memory)):
        # Described as text ("1024") for the task, as a number for a container.
        if str(target.get(size)) == derived.get(size):
            target[size] = value
        derived[size] = str(value)
    secrets = posture.secrets or {}
    variables = {name: value for name, value in posture.environment.items() if value is not None}
    # ECS refuses a name that is both a variable and a secret, so each displaces the other.
    _replace(target, "environment", "value", {**posture.environment, **dict.fromkeys(secrets)})
    _replace(target, "secrets", "valueFrom", {**dict.fromkeys(variables), **secrets})
    if posture.image is not None:
        target["image"] = posture.image
    if posture.health_check is None:
        target.pop("healthCheck", None)
    else:
        target["healthCheck"] = _health_check(posture.health_check)
    return derived


def container_of(definition: Definition, container: str) -> Definition:
    """The container named `container` in `definition`."""
    return next(c for c in definition["containerDefinitions"] if c["name"] == container)


def environment(definition: Definition, container: str) -> dict[str, str]:
    """The variables of `container` by name. A value may be a credential: not to be shown."""
    return {v["name"]: v["value"] for v in container_of(definition, container).get("environment", [])}


def log_options(definition: Definition, container: str) -> dict[str, str]:
    """The options of the container's log driver; empty where it has none."""
    configuration = container_of(definition, container).get("logConfiguration", {})
    return dict(configuration.get("options", {}))


def same(one: Definition, other: Definition) -> bool:
    """Whether two definitions run the same: neither the order of variables nor an empty list matters to ECS."""
    return _canonical(one) == _canonical(other)


def arguments(definition: Definition) -> dict[str, Any]:
    """The inputs of Pulumi's TaskDefinition that register `definition`; its container definitions are a secret.

    Raises ExamError for a field that the resource cannot express: it would be lost.
    """
    fields = {key: value for key, value in definition.items() if key not in FILLED_IN}
    inputs = _inputs(fields, INPUTS, f"task definition {definition['family']}:{definition.get('revision', '?')}", "")
    containers = json.dumps(definition["containerDefinitions"], sort_keys=True)
    return {**inputs, "container_definitions": pulumi.Output.secret(containers)}


def task_definition(name: str, definition: Definition, opts: pulumi.ResourceOptions) -> ecs.TaskDefinition:
    """Declare the stack's own revision. It is never deregistered: the service or the other stack may still use it."""
    own = pulumi.ResourceOptions(retain_on_delete=True, additional_secret_outputs=["containerDefinitions"])
    return ecs.TaskDefinition(
        name, skip_destroy=True, **arguments(definition), opts=pulumi.ResourceOptions.merge(opts, own)
    )


def _replace(container: Definition, field: str, key: str, values: Mapping[str, str | None]) -> None:
    """Set the named entries of a list of variables or secrets, in place; None removes one."""
    old: list[Definition] = container.get(field, [])
    entries = {name: {"name": name, key: value} for name, value in values.items() if value is not None}
    names = [entry["name"] for entry in old]
    kept = [entries.get(entry["name"], entry) for entry in old if values.get(entry["name"], "") is not None]
    new = kept + [entry for name, entry in entries.items() if name not in names]
    if new or field in container:
        container[field] = new


def _health_check(check: HealthCheck) -> Definition:
    return {
        "command": list(check.command),
        "interval": check.interval,
        "timeout": check.timeout,
        "retries": check.retries,
        "startPeriod": check.start_period,
    }


def _canonical(definition: Definition) -> Definition:
    canonical = copy.deepcopy(definition)
    for container in canonical["containerDefinitions"]:
        for field in ("environment", "secrets"):
            entries = sorted(container.pop(field, []), key=lambda entry: str(entry["name"]))
            if entries:
                container[field] = entries
    return canonical


def _inputs(fields: Definition, mapping: Fields, where: str, path: str) -> dict[str, Any]:
    inputs: dict[str, Any] = {}
    for field, value in fields.items():
        if _empty(value):
            continue
        if field not in mapping:
            raise ExamError(
                f"{where} uses {path}{field}, which Pulumi's TaskDefinition cannot express, so it would be lost; "
                "nothing was changed: remove that field from the task definition, or switch by hand"
            )
        entry = mapping[field]
        if isinstance(entry, str):
            inputs[entry] = _plain(field, value)
        else:
            name, below = entry
            inputs[name] = (
                [_inputs(item, below, where, f"{path}{field}.") for item in value]
                if isinstance(value, Sequence)
                else _inputs(value, below, where, f"{path}{field}.")
            )
    return inputs


def _plain(field: str, value: Any) -> Any:
    """AWS's lists of pairs and its host structure in the form that Pulumi gives them."""
    match field:
        case "tags":
            return {tag["key"]: tag.get("value", "") for tag in value}
        case "properties":
            return {pair["name"]: pair["value"] for pair in value}
        case "host":
            return value["sourcePath"]
    return value


def _empty(value: Any) -> bool:
    return value is None or value in ([], {}, "")
