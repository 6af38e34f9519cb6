"""Task definitions as ECS keeps them: every field that was registered, and what AWS adds to it."""

import copy
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moto.ecs.exceptions import EcsClientException, TaskDefinitionNotFoundException

# The variable that says where the students' files are.
DATA_FOLDER = "IDE_DATA_PATH"
# What RegisterTaskDefinition fills in when the caller leaves it out (seen in the answers of DescribeTaskDefinition).
CONTAINER_DEFAULTS: dict[str, Any] = {
    "cpu": 0,
    "essential": True,
    "portMappings": [],
    "environment": [],
    "mountPoints": [],
    "volumesFrom": [],
    "systemControls": [],
}


@dataclass
class Revision:
    """One revision of a family: the definition as DescribeTaskDefinition answers it, and its tags."""

    definition: dict[str, Any]
    tags: list[dict[str, str]]


@dataclass
class TaskDefinitions:
    """The task definitions of one account and region. `prefix` is the ARN up to the family."""

    prefix: str
    families: dict[str, list[Revision]] = field(default_factory=dict)

    def register(self, request: dict[str, Any]) -> Revision:
        """Adds a revision from the fields of RegisterTaskDefinition.

        Raises:
            EcsClientException: there is no family or no container definition.
        """
        definition = copy.deepcopy(request)
        tags = definition.pop("tags", None) or []
        if not definition.get("family") or not definition.get("containerDefinitions"):
            raise EcsClientException("Family and container definitions should not be null or empty.")
        revisions = self.families.setdefault(definition["family"], [])
        number = len(revisions) + 1
        fargate = "FARGATE" in definition.get("requiresCompatibilities", [])
        definition |= {
            "taskDefinitionArn": f"{self.prefix}{definition['family']}:{number}",
            "revision": number,
            "status": "ACTIVE",
            "volumes": [_with_defaults(volume) for volume in definition.get("volumes", [])],
            "placementConstraints": definition.get("placementConstraints", []),
            "compatibilities": ["EC2", "FARGATE"] if fargate else ["EC2"],
            "containerDefinitions": [
                _container(container, definition.get("networkMode")) for container in definition["containerDefinitions"]
            ],
            "registeredAt": time.time(),
            "registeredBy": f"arn:aws:iam::{self.prefix.split(':')[4]}:root",
        }
        revisions.append(Revision(definition, tags))
        return revisions[-1]

    def find(self, name: str) -> Revision:
        """The revision of an ARN or `family:revision`, or the newest active one of a family.

        Raises:
            TaskDefinitionNotFoundException: there is none.
        """
        family, _, number = name.rsplit("/", maxsplit=1)[-1].partition(":")
        for revision in reversed(self.families.get(family, [])):
            definition = revision.definition
            if definition["revision"] == int(number) if number.isdigit() else definition["status"] == "ACTIVE":
                return revision
        raise TaskDefinitionNotFoundException

    def list(self, family: str | None, status: str) -> list[str]:
        """The ARNs of all revisions with a status, of one family or of all, oldest first."""
        chosen = [family] if family else sorted(self.families)
        definitions = [r.definition for f in chosen for r in self.families.get(f, [])]
        return [d["taskDefinitionArn"] for d in definitions if d["status"] == status]


def environment(container: dict[str, Any], files: Path, *more: dict[str, str]) -> dict[str, str]:
    """The variables of a container, and `more` (name, value) of a task, with `files` for the folder of the data."""
    variables = {v["name"]: v["value"] for v in (*container["environment"], *more)}
    return {name: str(files) if name == DATA_FOLDER else value for name, value in variables.items()}


def _with_defaults(volume: dict[str, Any]) -> dict[str, Any]:
    if "efsVolumeConfiguration" in volume:
        volume["efsVolumeConfiguration"].setdefault("rootDirectory", "/")
    return volume


def _container(container: dict[str, Any], network_mode: str | None) -> dict[str, Any]:
    full = copy.deepcopy(CONTAINER_DEFAULTS) | container
    for mapping in full["portMappings"]:
        mapping.setdefault("protocol", "tcp")
        if network_mode == "awsvpc":
            mapping.setdefault("hostPort", mapping["containerPort"])
    return full
