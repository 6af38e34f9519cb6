"""The containers of the services' tasks, for real: a process of the application's stand-in for every task that runs."""

import http.client
import subprocess
import sys
import threading
import time
from collections.abc import Set
from dataclasses import dataclass
from typing import Any

from moto.ecs.models import ecs_backends

from sandbox import children, connections, logs
from sandbox.ecs import secrets
from sandbox.ecs.rules import ACTIVE, EXITED, RUNNING, Phase, Task, fail
from sandbox.ecs.secrets import REFUSED
from sandbox.ecs.state import LiveService, ecs_of, fargate, lock
from sandbox.ecs.task_definitions import environment
from sandbox.load_balancer import Rules
from sandbox.process import PROJECT
from sandbox.quota import Quota
from sandbox.world import ACCOUNT, REGION

ANSWER_LIMIT = 30.0  # seconds in which a process must answer its health check for the first time
CHECK_LIMIT = 2.0  # seconds that one such check may take


@dataclass(frozen=True)
class Container:
    """A task's process, the port that it listens on, when it started, and its quota (None: not bounded here)."""

    task: Task
    process: "subprocess.Popen[bytes]"
    port: int
    started: float
    quota: Quota | None


class Containers:
    """The processes, by task; one thread starts them and has them follow."""

    def __init__(self) -> None:
        """None run yet."""
        self._running: dict[str, Container] = {}
        self._healthy: set[str] = set()

    def follow(self, rules: Rules) -> None:
        """Starts a process for each task that runs, ends those of tasks that do not; tells ECS which are healthy."""
        wanted = _wanted()
        for task_id in self._running.keys() - wanted.keys():
            self._end(task_id)
        for task_id in wanted.keys() - self._running.keys():
            try:
                self._running[task_id] = _start(*wanted[task_id])
            except LookupError:
                _fail(wanted[task_id][0], REFUSED)
        self._end_drains()
        for task_id, container in self._running.items():
            if container.process.poll() is not None:
                _fail(container.task, EXITED)
            elif task_id not in fargate.answering:
                if _answers(container.port, rules.path):
                    fargate.answering.add(task_id)
                elif time.time() > container.started + ANSWER_LIMIT:
                    self.fail_checks({task_id}, rules)

    def targets(self, target_group: str) -> dict[str, int]:
        """The ports of the tasks that are healthy targets of a group, by the task's id."""
        with lock:
            self._healthy = {task.id for _, task in _tasks() if task.phase is Phase.HEALTHY} & self._running.keys()
            mine = {task.id for live, task in _tasks() if target_group in live.target_group_arns}
        return {task_id: self._running[task_id].port for task_id in self._healthy & mine}

    def pids(self) -> dict[str, int]:
        """The processes, by the task's id."""
        return {task_id: container.process.pid for task_id, container in list(self._running.items())}

    def serve(self) -> None:
        """Tells ECS that the load balancer has the targets that it was given last."""
        fargate.serving = self._healthy

    def fail_checks(self, task_ids: Set[str], rules: Rules) -> None:
        """Has ECS stop tasks that fail the load balancer's health checks."""
        for task_id in task_ids:
            reason = f"Task failed ELB health checks in (target-group {rules.target_group})"
            _fail(self._running[task_id].task, reason)

    def end(self) -> None:
        """Ends all processes."""
        for task_id in list(self._running):
            self._end(task_id)

    def _end_drains(self) -> None:
        """Ends the draining of tasks that nobody is connected to, as the load balancer does before the delay is over.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html
        """
        with lock:
            draining = [task for _, task in _tasks() if task.phase is Phase.DRAINING and task.id in self._running]
        if not draining:
            return
        connected = connections.by_port()
        with lock:
            for task in draining:
                if self._running[task.id].port not in connected:
                    task.until = time.time()

    def _end(self, task_id: str) -> None:
        # The application's shell swallows SIGTERM: what ends a container is the SIGKILL at the stop time-out.
        container = self._running.pop(task_id)
        fargate.answering.discard(task_id)
        container.process.kill()
        container.process.wait()
        if container.quota:
            container.quota.end()


def _fail(task: Task, reason: str) -> None:
    with lock:
        if task.phase in ACTIVE and task.failure is None:
            fail(task, time.time(), reason)


def _tasks() -> list[tuple[LiveService, Task]]:
    services = ecs_of(ecs_backends[ACCOUNT][REGION]).services.values()
    return [(live, task) for live in services for task in live.state.tasks]


def _wanted() -> dict[str, tuple[Task, dict[str, Any]]]:
    """The tasks that run, with their container; of an image that cannot start there is none."""
    with lock:
        return {
            task.id: (task, _container(live, task))
            for live, task in _tasks()
            if task.phase in RUNNING and task.failure is None
        }


def _container(live: LiveService, task: Task) -> dict[str, Any]:
    """The container that the load balancer sends to, or the first one."""
    ecs = ecs_of(ecs_backends[ACCOUNT][REGION])
    named = {balancer.get("containerName") for balancer in live.state.primary.revision["loadBalancers"]}
    definition = ecs.task_definitions.find(task.task_definition).definition
    containers: list[dict[str, Any]] = definition["containerDefinitions"]
    return next((container for container in containers if container["name"] in named), containers[0])


def _start(task: Task, container: dict[str, Any]) -> Container:
    """Raises LookupError for a secret that is not there."""
    port = children.free_port()
    variables = environment(container, fargate.files) | secrets.values(container, ACCOUNT, REGION)
    process = children.start(
        [sys.executable, "-m", "sandbox.application", "--port", str(port)],
        cwd=PROJECT,
        env=children.without_secrets() | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    stream = logs.of_task(container, task.id, ACCOUNT, REGION)
    threading.Thread(target=stream.write_all, args=(process.stdout,), daemon=True).start()
    return Container(task, process, port, time.time(), _quota(task, process.pid))


def _quota(task: Task, pid: int) -> Quota | None:
    definition = ecs_of(ecs_backends[ACCOUNT][REGION]).task_definitions.find(task.task_definition).definition
    try:
        return Quota(pid, int(definition["cpu"]) / 1024)
    except OSError:
        return None


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=CHECK_LIMIT)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
