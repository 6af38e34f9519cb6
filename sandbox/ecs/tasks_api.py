"""The ECS operations on tasks: those of services, which the scheduler runs, and those that RunTask starts."""

import random
import threading
import time
import uuid
from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.exceptions import EcsClientException, InvalidParameterException

from sandbox import logs
from sandbox.ecs import one_off, scheduler, task_answers
from sandbox.ecs.one_off import OneOff
from sandbox.ecs.request import EcsRequest
from sandbox.ecs.rules import ACTIVE, Task, begin_to_stop
from sandbox.ecs.state import LiveService, fargate
from sandbox.ecs.task_definitions import environment


class TasksApi(EcsRequest):
    """Tasks that really have a life."""

    def run_task(self) -> ActionResult:
        """Starts one task, its container's command overridden by one that the sandbox runs (one_off.py)."""
        request = self.request
        definition = self.ecs.task_definitions.find(request["taskDefinition"]).definition
        override = _override(request, definition)
        container = next(c for c in definition["containerDefinitions"] if c["name"] == override["name"])
        network = request.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
        if not network.get("subnets"):
            raise InvalidParameterException("Network Configuration must be provided when networkMode 'awsvpc' is used.")
        subnet = random.choice(network["subnets"])  # noqa: S311 - a placement, not a secret
        task = OneOff(
            id=uuid.uuid4().hex,
            cluster=self.cluster_name,
            task_definition=definition["taskDefinitionArn"],
            container=container["name"],
            command=override["command"],
            environment=environment(container, fargate.files, *override.get("environment", [])),
            request=request,
            subnet=subnet,
            ip=scheduler.free_address(self.ecs, subnet),
        )
        self.ecs.one_offs.append(task)
        log = logs.of_task(container, task.id, self.ecs.account, self.ecs.region)
        start_after = scheduler.START_SECONDS / scheduler.SPEED
        threading.Thread(
            target=one_off.perform, args=(task, fargate.files, start_after, log.write), daemon=True
        ).start()
        return ActionResult({"tasks": [task_answers.one_off(self.ecs, task)], "failures": []})

    def parameter(self, name: str) -> Any:
        """A parameter of the request; of RunTask also the roles, which its task definition names."""
        if name in ("taskRoleArn", "executionRoleArn") and "taskDefinition" in self.request:
            return self.ecs.task_definitions.find(self.request["taskDefinition"]).definition.get(name)
        return self._get_param(name)

    def list_tasks(self) -> ActionResult:
        """Lists the ARNs of tasks; those that are to run, unless `desiredStatus` says otherwise."""
        service = self.request.get("serviceName", "").rsplit("/", 1)[-1]
        asked = {
            "group": f"service:{service}" if service else None,
            "startedBy": self.request.get("startedBy"),
            "desiredStatus": self.request.get("desiredStatus", "RUNNING"),
        }
        family = f"task-definition/{self.request['family']}:" if "family" in self.request else ""
        chosen = [
            task["taskArn"]
            for task in self._answers().values()
            if all(value is None or task.get(name) == value for name, value in asked.items())
            and family in task["taskDefinitionArn"]
        ]
        return ActionResult({"taskArns": chosen})

    def describe_tasks(self) -> ActionResult:
        """Answers tasks, running and stopped."""
        tasks = self._answers()
        wanted = [(arn, arn.split("/")[-1]) for arn in self.request["tasks"]]
        failures = [{"arn": arn, "reason": "MISSING"} for arn, task_id in wanted if task_id not in tasks]
        return ActionResult({"tasks": [tasks[i] for _, i in wanted if i in tasks], "failures": failures})

    def stop_task(self) -> ActionResult:
        """Stops a task; a service starts another for its own."""
        task_id = self.request["task"].split("/")[-1]
        reason = self.request.get("reason", "Task stopped by user")
        for live, task in self._service_tasks():
            if task.id == task_id and task.phase in ACTIVE:
                begin_to_stop(live.state, task, time.time(), scheduler.pace(self.ecs, live), reason)
        for once in self.ecs.one_offs:
            if once.id == task_id:
                once.stop(reason)
        tasks = self._answers()
        if task_id not in tasks:
            raise InvalidParameterException("The referenced task was not found.")
        return ActionResult({"task": tasks[task_id]})

    def _service_tasks(self) -> list[tuple[LiveService, Task]]:
        cluster = self.cluster_name
        return [(live, t) for live in self.ecs.services.values() if live.cluster == cluster for t in live.state.tasks]

    def _answers(self) -> dict[str, dict[str, Any]]:
        """Every task of the cluster, as DescribeTasks answers it, by id."""
        tasks = {task.id: task_answers.task(self.ecs, live, task) for live, task in self._service_tasks()}
        once = {t.id: task_answers.one_off(self.ecs, t) for t in self.ecs.one_offs if t.cluster == self.cluster_name}
        return tasks | once


def _override(request: dict[str, Any], definition: dict[str, Any]) -> dict[str, Any]:
    """The override of a container's command that RunTask is asked for."""
    overrides = request.get("overrides", {}).get("containerOverrides", [])
    names = [container["name"] for container in definition["containerDefinitions"]]
    if unknown := [override.get("name") for override in overrides if override.get("name") not in names]:
        raise InvalidParameterException(f"Override for container named {unknown[0]} is not in the definition.")
    runnable = [o for o in overrides if one_off.runs(o.get("command", []))]
    if not runnable or request.get("count", 1) != 1:
        raise EcsClientException("The sandbox runs one task a call, and only a command like python -c.")
    found: dict[str, Any] = runnable[0]
    return found
