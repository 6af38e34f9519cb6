"""The guard on the real engine: students in a real PostgreSQL, rollouts by others, and draining in mid-exam."""

import socket
import threading
import time
from functools import partial
from typing import Any

import psycopg
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.server import Server, ServerConnection, serve

from components.live import METRICS
from components.presence import URL_VARIABLE
from sandbox.world import PLANTED_PASSWORD
from tests.engine.harness import CLUSTER, SERVICE, Done, Project


def sit_down(url: str, students: int) -> None:
    """So many students with an active session."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("TRUNCATE sessions")
        connection.execute(
            "INSERT INTO sessions (user_id, token) SELECT id, md5(username) FROM users ORDER BY id LIMIT %s", [students]
        )


def refused(project: Project, done: Done) -> str:
    assert done.code != 0
    assert project.writes() == []
    assert "Traceback" not in done.output
    return next(error for error in done.errors if "students are there" in error)


def test_both_switches_are_refused_while_students_are_there(project: Project, database: str) -> None:
    env = {URL_VARIABLE: database}
    sit_down(database, 34)
    told = refused(project, project.try_up("exam", **env))
    for part in (
        "34 active students in the last 10 minutes (sessions table)",
        "would replace 1 task of pythonide-exam-task:1",
        "EXAM_FORCE=1",
    ):
        assert part in told
    previewed = project.pulumi("preview", "-s", "exam", **env)
    assert previewed.code == 0
    assert "students are there: 34 active students" in previewed.output
    assert project.try_up("exam", EXAM_FORCE="1", **env).code == 0
    assert project.status()["service"]["running"] == 2
    project.forget_calls()
    assert "would replace 2 tasks" in refused(project, project.try_up("idle", **env))
    sit_down(database, 0)
    done = project.try_up("idle", **env)
    assert done.code == 0, done.output
    assert "no students are there: 0 active students" in done.output
    assert project.status()["service"]["cpu"] == 1024


def test_what_ends_no_program_goes_through(project: Project, database: str) -> None:
    project.up("exam")
    before = project.running_tasks()
    sit_down(database, 34)
    for key, value in (
        ("taskCount", "3"),
        ("autoscaling.max", "8"),
        ("alarms.cpu", "70"),
        ("targetGroup.interval", "20"),
    ):
        project.configure("exam", key, value)
    done = project.try_up("exam", **{URL_VARIABLE: database})
    assert done.code == 0, done.output
    project.settle()
    assert before < project.running_tasks()
    assert len(project.running_tasks()) == 3


def test_a_silent_database_gives_way_to_what_the_log_group_says(project: Project) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"postgresql://exam:{PLANTED_PASSWORD}@127.0.0.1:{silent.getsockname()[1]}/pythonide_exam"
        now = {
            "MetricName": "IncomingLogEvents",
            "Dimensions": [{"Name": "LogGroupName", "Value": "/aws/ecs/pythonide-exam"}],
        }
        project.client("cloudwatch").put_metric_data(Namespace="AWS/Logs", MetricData=[{**now, "Value": 500.0}])
        project.forget_calls()
        done = project.try_up("exam", **{URL_VARIABLE: url})
    assert "500 log events in the last 10 minutes, 100 and more count (log events)" in refused(project, done)
    assert "students guard: sessions table: " in done.output
    assert PLANTED_PASSWORD not in done.output


def test_a_rollout_by_others_is_told(project: Project, database: str) -> None:
    sit_down(database, 34)
    # It never becomes healthy, and nothing breaks off a rollout of the untouched service: it stays in progress.
    project.deploy(image="123456789012.dkr.ecr.us-east-2.amazonaws.com/pythonide-exam:broken", settle=False)
    project.forget_calls()
    told = refused(project, project.try_up("exam", **{URL_VARIABLE: database}))
    assert "a rollout of pythonide-exam-task:2 that this `up` did not start is in progress since" in told


@pytest.mark.long
def test_a_rollout_towards_the_posture_just_continues(project: Project, database: str) -> None:
    """An `up` was interrupted after it had begun its rollout: with students back, the next one still goes through."""
    project.up("exam")
    exam = project.service()["taskDefinition"]
    project.up("idle")
    metrics = {"metricNames": list(METRICS), "resolutionSeconds": 20}
    begun = {"taskDefinition": exam, "desiredCount": 2, "monitoring": {"metricConfigurations": [metrics]}}
    project.ecs.update_service(cluster=CLUSTER, service=SERVICE, **begun)
    sit_down(database, 34)
    done = project.try_up("exam", **{URL_VARIABLE: database})
    assert done.code == 0, done.output
    assert "did not start" not in done.output
    assert project.status()["service"]["running"] == 2


def test_a_rollout_that_makes_no_change_is_waited_for_but_not_its_draining(project: Project) -> None:
    project.up("exam")
    old = project.running_tasks()
    project.ecs.update_service(cluster=CLUSTER, service=SERVICE, forceNewDeployment=True)
    project.up("exam")
    assert project.writes() == []
    primary = project.status()["service"]["deployments"][0]
    assert (primary["status"], primary["running"]) == ("PRIMARY", 2)
    assert not project.running_tasks() & old
    project.settle()


def test_a_rollout_under_way_that_rolls_back_is_no_success(project: Project) -> None:
    project.configure("exam", "image", "123456789012.dkr.ecr.us-east-2.amazonaws.com/pythonide-exam:broken")
    assert project.try_up("exam").code != 0
    project.settle()
    broken = project.ecs.list_task_definitions(familyPrefix="pythonide-exam-task", sort="DESC")["taskDefinitionArns"][0]
    project.ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=broken, desiredCount=2)
    project.forget_calls()
    done = project.try_up("exam")
    assert done.code != 0
    # The program tells it, or the provider, whichever was there before ECS had gone back.
    assert "Task failed container health checks" in done.output, done.output
    assert "Traceback" not in done.output


class Tasks(threading.Thread):
    """A real WebSocket server for every task of the sandbox, for as long as ECS lets the task live."""

    def __init__(self, project: Project) -> None:
        super().__init__(daemon=True)
        self.project, self.servers, self.ended = project, dict[str, Server](), threading.Event()
        self.connections = dict[str, list[ServerConnection]]()

    def run(self) -> None:
        while not self.ended.wait(0.1):
            for task in self._tasks():
                self._follow(task["taskArn"], alive=task["lastStatus"] != "STOPPED")
        for arn in list(self.servers):
            self._follow(arn, alive=False)

    def _tasks(self) -> list[dict[str, Any]]:
        ecs = self.project.ecs
        arns = [a for s in ("RUNNING", "STOPPED") for a in ecs.list_tasks(cluster=CLUSTER, desiredStatus=s)["taskArns"]]
        return list(ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]) if arns else []

    def _follow(self, arn: str, *, alive: bool) -> None:
        if alive and arn not in self.servers:
            self.connections[arn] = []
            self.servers[arn] = serve(partial(self._echo, arn), "127.0.0.1", 0)
            threading.Thread(target=self.servers[arn].serve_forever, daemon=True).start()
        elif not alive and arn in self.servers:
            self.servers.pop(arn).shutdown()
            # The process is gone, and its open connections with it.
            for connection in self.connections[arn]:
                connection.close()

    def _echo(self, arn: str, connection: ServerConnection) -> None:
        self.connections[arn].append(connection)
        for message in connection:
            connection.send(message)

    def open(self, arn: str) -> Any:
        limit = time.monotonic() + 10
        while arn not in self.servers:
            assert time.monotonic() < limit
            time.sleep(0.05)
        host, port = self.servers[arn].socket.getsockname()
        return connect(f"ws://{host}:{port}", legacy=True)


def answers(student: Any) -> bool:
    try:
        student.send("still here?")
        return bool(student.recv(timeout=2) == "still here?")
    except (ConnectionClosed, TimeoutError):
        return False


@pytest.mark.parametrize(("stack", "alive"), [("exam", True), pytest.param("idle", False, marks=pytest.mark.long)])
def test_an_open_websocket_lives_through_a_deployment_by_others(project: Project, stack: str, *, alive: bool) -> None:
    """Exam drains for an hour (4 s at the harness's pace), idle for 5 minutes (0.3 s): looked at after 1.5 s."""
    project.up(stack)
    tasks = Tasks(project)
    tasks.start()
    try:
        old = project.running_tasks()
        student = tasks.open(min(old))
        assert answers(student)
        project.deploy(image="123456789012.dkr.ecr.us-east-2.amazonaws.com/pythonide-exam:next", settle=False)
        limit = time.monotonic() + 30
        while old & project.running_tasks():
            assert time.monotonic() < limit
            time.sleep(0.1)
        # The old tasks are draining now.
        time.sleep(1.5)
        assert answers(student) == alive
    finally:
        tasks.ended.set()
        tasks.join(10)
        project.settle()
