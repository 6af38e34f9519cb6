"""The ECS operations that the sandbox answers itself, in one class; every other operation is moto's."""

import time
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ecs.exceptions import ServiceNotFoundException

from sandbox.ecs.rules import RUNNING, Phase
from sandbox.ecs.services_api import ServicesApi
from sandbox.ecs.task_definitions import Revision
from sandbox.ecs.tasks_api import TasksApi


class EcsApi(ServicesApi, TasksApi):
    """ECS as the sandbox serves it."""

    def register_task_definition(self) -> ActionResult:
        """Registers a revision with every field that it is given, where moto keeps those that it knows."""
        return _task_definition(self.ecs.task_definitions.register(self.request), with_tags=True)

    def describe_task_definition(self) -> ActionResult:
        """Answers a revision as it was registered, with its tags if they are asked for."""
        found = self.ecs.task_definitions.find(self.request["taskDefinition"])
        return _task_definition(found, with_tags=self.wants_tags)

    def deregister_task_definition(self) -> ActionResult:
        """Makes a revision INACTIVE."""
        found = self.ecs.task_definitions.find(self.request["taskDefinition"])
        found.definition |= {"status": "INACTIVE", "deregisteredAt": time.time()}
        return _task_definition(found, with_tags=False)

    def list_task_definitions(self) -> ActionResult:
        """Lists the ARNs of revisions, of one family or of all."""
        arns = self.ecs.task_definitions.list(self.request.get("familyPrefix"), self.request.get("status", "ACTIVE"))
        return ActionResult({"taskDefinitionArns": arns[:: -1 if self.request.get("sort") == "DESC" else 1]})

    def describe_clusters(self) -> ActionResult:
        """Answers clusters with the counts of services and tasks that the scheduler runs."""
        for cluster in self.ecs_backend.clusters.values():
            living = [live for live in self.ecs.services.values() if live.cluster == cluster.name and not live.deleted]
            cluster.active_services_count = len(living)
            cluster.running_tasks_count = sum(live.state.count(RUNNING) for live in living)
            cluster.pending_tasks_count = sum(live.state.count((Phase.PENDING,)) for live in living)
        return super().describe_clusters()

    def list_tags_for_resource(self) -> ActionResult:
        """Lists tags; of services and task definitions, moto does not know them."""
        return ActionResult({"tags": self._tagged(self.request["resourceArn"]).tags})

    def tag_resource(self) -> ActionResult:
        """Adds or changes tags."""
        tagged = self._tagged(self.request["resourceArn"])
        new = self.request["tags"]
        tagged.tags = [*(t for t in tagged.tags if t["key"] not in [n["key"] for n in new]), *new]
        return EmptyResult()

    def untag_resource(self) -> ActionResult:
        """Removes tags."""
        tagged = self._tagged(self.request["resourceArn"])
        tagged.tags = [t for t in tagged.tags if t["key"] not in self.request["tagKeys"]]
        return EmptyResult()

    def _tagged(self, arn: str) -> Any:
        """What a tagging operation is about: a service, a task definition, or one of moto's clusters."""
        kind, _, name = arn.split(":", 5)[-1].partition("/")
        if kind == "task-definition":
            return self.ecs.task_definitions.find(name)
        if kind == "service":
            if name not in self.ecs.services:
                raise ServiceNotFoundException
            return self.ecs.services[name]
        return self.ecs_backend._get_cluster(name)


def _task_definition(revision: Revision, *, with_tags: bool) -> ActionResult:
    return ActionResult({"taskDefinition": revision.definition, **({"tags": revision.tags} if with_tags else {})})
