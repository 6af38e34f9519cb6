"""The ECS operations that the sandbox answers itself, in one class; every other operation is moto's."""

import time
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ecs.exceptions import InvalidParameterException, ServiceNotFoundException

from sandbox.ecs import answers, scheduler
from sandbox.ecs.rules import ACTIVE, RUNNING, Phase, Task, begin_to_stop
from sandbox.ecs.services_api import ServicesApi
from sandbox.ecs.state import LiveService
from sandbox.ecs.task_definitions import Revision


class EcsApi(ServicesApi):
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

    def list_tasks(self) -> ActionResult:
        """Lists the ARNs of tasks; those that are to run, unless `desiredStatus` says otherwise."""
        request = self.request
        service = request.get("serviceName", "").rsplit("/", 1)[-1]
        wanted = ACTIVE if request.get("desiredStatus", "RUNNING") == "RUNNING" else (Phase.DRAINING, Phase.STOPPED)
        chosen = [
            self.ecs.arn(f"task/{live.cluster}/{task.id}")
            for live, task in self._tasks()
            if task.phase in wanted
            and service in ("", live.state.name)
            and f"task-definition/{request.get('family', '')}" in task.task_definition
        ]
        return ActionResult({"taskArns": chosen})

    def describe_tasks(self) -> ActionResult:
        """Answers tasks, running and stopped."""
        tasks = {task.id: answers.task(self.ecs, live, task) for live, task in self._tasks()}
        wanted = [(arn, arn.split("/")[-1]) for arn in self.request["tasks"]]
        failures = [{"arn": arn, "reason": "MISSING"} for arn, task_id in wanted if task_id not in tasks]
        return ActionResult({"tasks": [tasks[i] for _, i in wanted if i in tasks], "failures": failures})

    def stop_task(self) -> ActionResult:
        """Stops a task; its service starts another."""
        task_id = self.request["task"].split("/")[-1]
        for live, task in self._tasks():
            if task.id == task_id:
                if task.phase in ACTIVE:
                    reason = self.request.get("reason", "Task stopped by user")
                    begin_to_stop(live.state, task, time.time(), scheduler.pace(self.ecs, live), reason)
                return ActionResult({"task": answers.task(self.ecs, live, task)})
        raise InvalidParameterException("The referenced task was not found.")

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

    def _tasks(self) -> list[tuple[LiveService, Task]]:
        cluster = self.cluster_name
        return [(live, t) for live in self.ecs.services.values() if live.cluster == cluster for t in live.state.tasks]

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
