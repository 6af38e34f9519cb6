"""Tasks that RunTask starts: their command is really run."""

from typing import Any

import pytest

from sandbox.world import CLUSTER
from tests.sandbox.aws import error_of, eventually, the_service
from tests.sandbox.conftest import Client


def run(ecs: Any, program: str, **override: Any) -> Any:
    """Starts a program in the service's own definition and network; returns the task."""
    service = the_service(ecs)
    container = {"name": "pythonide-exam", "command": ["python", "-c", program], **override}
    answer = ecs.run_task(
        cluster=CLUSTER,
        taskDefinition=service["taskDefinition"],
        launchType="FARGATE",
        networkConfiguration=service["networkConfiguration"],
        overrides={"containerOverrides": [container]},
        startedBy="a-test",
    )
    assert answer["failures"] == []
    return answer["tasks"][0]


def described(ecs: Any, task: Any) -> Any:
    return ecs.describe_tasks(cluster=CLUSTER, tasks=[task["taskArn"]])["tasks"][0]


def stopped(ecs: Any, task: Any) -> Any:
    return eventually(lambda: (now := described(ecs, task))["lastStatus"] == "STOPPED" and now)


def test_a_command_runs_once_and_its_lines_are_logged(client: Client) -> None:
    ecs, logs = client("ecs"), client("logs")
    program = "import os, sys\nprint('first', os.environ['EXTRA'])\nprint('second')\nsys.exit(3)"
    task = run(ecs, program, environment=[{"name": "EXTRA", "value": "more"}])
    assert task["lastStatus"] == "PENDING"
    assert task["group"] == "family:pythonide-exam-task"
    assert task["startedBy"] == "a-test"
    assert ecs.list_tasks(cluster=CLUSTER, startedBy="a-test")["taskArns"] == [task["taskArn"]]
    done = stopped(ecs, task)
    assert done["stoppedReason"] == "Essential container in task exited"
    assert done["stopCode"] == "EssentialContainerExited"
    assert done["containers"][0]["exitCode"] == 3
    assert done["createdAt"] <= done["startedAt"] <= done["stoppedAt"]
    stream = f"ecs/pythonide-exam/{task['taskArn'].rpartition('/')[2]}"
    events = logs.get_log_events(logGroupName="/aws/ecs/pythonide-exam", logStreamName=stream)["events"]
    assert [event["message"] for event in events] == ["first more", "second"]
    assert ecs.list_tasks(cluster=CLUSTER, startedBy="a-test")["taskArns"] == []
    assert ecs.list_tasks(cluster=CLUSTER, startedBy="a-test", desiredStatus="STOPPED")["taskArns"] == [task["taskArn"]]


def test_it_has_the_environment_of_its_definition_and_none_of_the_server(client: Client) -> None:
    ecs, logs = client("ecs"), client("logs")
    stopped(ecs, task := run(ecs, r"import os; print(*os.environ, sep='\n')"))
    stream = f"ecs/pythonide-exam/{task['taskArn'].rpartition('/')[2]}"
    events = logs.get_log_events(logGroupName="/aws/ecs/pythonide-exam", logStreamName=stream)["events"]
    names = {event["message"] for event in events}
    assert {"DATABASE_URL", "IDE_DATA_PATH", "IS_EXAM_MODE"} < names
    assert not {"SANDBOX_OWNER", "SANDBOX_SPEED", "HOME"} & names


def test_it_can_be_stopped(client: Client) -> None:
    ecs = client("ecs")
    task = run(ecs, "import time; time.sleep(50)")
    eventually(lambda: described(ecs, task)["lastStatus"] == "RUNNING")
    ecs.stop_task(cluster=CLUSTER, task=task["taskArn"], reason="enough")
    done = stopped(ecs, task)
    assert (done["stoppedReason"], done["stopCode"]) == ("enough", "UserInitiated")
    assert done["containers"][0]["exitCode"] == 137


def test_it_is_none_of_the_services_tasks(client: Client) -> None:
    ecs = client("ecs")
    mine = ecs.list_tasks(cluster=CLUSTER, serviceName=the_service(ecs)["serviceName"])["taskArns"]
    task = run(ecs, "pass")
    assert ecs.list_tasks(cluster=CLUSTER, serviceName=the_service(ecs)["serviceName"])["taskArns"] == mine
    assert set(ecs.list_tasks(cluster=CLUSTER, family="pythonide-exam-task")["taskArns"]) == {*mine, task["taskArn"]}


@pytest.mark.parametrize("command", [["ls", "/"], ["python", "-c"], ["sh", "-c", "true"], []])
def test_a_command_of_another_form_is_refused(client: Client, command: list[str]) -> None:
    ecs = client("ecs")
    service = the_service(ecs)
    code = error_of(
        ecs.run_task,
        cluster=CLUSTER,
        taskDefinition=service["taskDefinition"],
        networkConfiguration=service["networkConfiguration"],
        overrides={"containerOverrides": [{"name": "pythonide-exam", "command": command}]},
    )
    assert code == "ClientException"
