"""The real parts: the tasks' processes, the database and the files, the load balancer before them."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
import websocket

from sandbox.world import CLUSTER, PLANTED_PASSWORD, SERVICE
from tests.sandbox.aws import NAMES, definition, deploy, eventually, steady, the_service
from tests.sandbox.real import Real, answers, running


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    with running(tmp_path_factory.mktemp("real")) as real:
        yield real


@pytest.fixture
def real(sandbox: Real) -> Real:
    sandbox.server.ask("POST", "reset")
    return sandbox


def set_attributes(real: Real, **changes: str) -> None:
    """Of the target group; a double underscore stands for the dot."""
    elb = real.client("elbv2")
    (group,) = elb.describe_target_groups(Names=["pythonide-exam-tg"])["TargetGroups"]
    told = [{"Key": key.replace("__", "."), "Value": value} for key, value in changes.items()]
    elb.modify_target_group_attributes(TargetGroupArn=group["TargetGroupArn"], Attributes=told)


def database_url(real: Real) -> str:
    variables = definition(real.client("ecs"))["containerDefinitions"][0]["environment"]
    return str(variables[0]["value"])


def settled(real: Real) -> bool:
    return bool(real.server.ask("GET", "status")["steady"])


def cookie(answer: httpx.Response) -> str:
    """The load balancer's cookie if the answer sets one."""
    value = answer.cookies.get("AWSALB")
    return f"AWSALB={value}" if value else ""


def test_the_exam_url_answers_and_no_other_host_does(real: Real) -> None:
    assert real.get().json()["status"] == "healthy"
    assert real.get("/api/health").headers["content-type"].startswith("text/html")
    assert real.get(host="elsewhere.example").status_code == 404
    assert httpx.get(f"{real.address}/health").status_code == 404


def test_accounts_sign_in_and_only_their_owner_may_read_them(real: Real) -> None:
    assert real.login().json()["success"]
    file = real.home / "accounts.csv"
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(file.read_text().splitlines()) == 1 + 34 + 1


def test_a_reset_ends_sessions_and_removes_files_but_keeps_the_accounts(real: Real) -> None:
    real.login()
    (real.home / "files" / "ide").mkdir()
    (real.home / "files" / "a.py").write_text("print(1)")
    before = real.applications()
    real.server.ask("POST", "reset")
    with psycopg.connect(database_url(real)) as connection:
        assert connection.execute("SELECT count(*) FROM sessions").fetchone() == (0,)
    assert list((real.home / "files").iterdir()) == []
    assert real.login().json()["success"]
    assert len(real.applications()) == 1
    assert real.applications() != before


def test_the_parts_have_figures_from_the_first_moment(real: Real) -> None:
    metrics = real.client("cloudwatch").list_metrics(Namespace="AWS/RDS")["Metrics"]
    assert {metric["MetricName"] for metric in metrics} >= {"FreeStorageSpace", "CPUUtilization"}


def test_no_credential_is_on_a_command_line(real: Real) -> None:
    assert PLANTED_PASSWORD in database_url(real)
    lines = real.processes().values()
    assert {"postgres", "haproxy"} <= {word.rpartition("/")[2] for line in lines for word in line.split()}
    assert not [line for line in lines if PLANTED_PASSWORD in line]


def test_stickiness_keeps_a_client_on_its_task_and_may_change_under_open_connections(real: Real) -> None:
    ecs = real.client("ecs")
    opened = real.socket()
    assert not cookie(real.get())
    set_attributes(real, stickiness__enabled="true")
    ecs.update_service(**NAMES, desiredCount=2)
    cookies = eventually(lambda: (found := {cookie(real.get()) for _ in range(4)} - {""}) and len(found) == 2 and found)
    assert len(real.applications()) == 2
    for mine in cookies:
        assert {cookie(real.get(cookie=mine)) for _ in range(4)} == {""}
    assert answers(opened)


def test_a_task_that_drains_keeps_what_is_open_and_gets_nothing_new(real: Real) -> None:
    ecs = real.client("ecs")
    set_attributes(real, stickiness__enabled="true", deregistration_delay__timeout_seconds="3600")
    mine = eventually(lambda: cookie(real.get()))
    opened, old = real.socket(mine), real.applications()
    deploy(ecs, cpu="2048", memory="4096")
    eventually(lambda: any(task["lastStatus"] == "DEACTIVATING" for task in tasks(ecs)))
    new = eventually(lambda: cookie(real.get(cookie=mine)))
    assert new != mine
    assert answers(opened)
    eventually(lambda: settled(real))
    with pytest.raises(websocket.WebSocketConnectionClosedException):  # the delay is over
        opened.recv()
    assert not set(old) & set(real.applications())


def tasks(ecs: Any) -> list[dict[str, Any]]:
    # A task that stops between the two questions is in both answers.
    arns = {
        arn
        for status in ("RUNNING", "STOPPED")
        for arn in ecs.list_tasks(cluster=CLUSTER, desiredStatus=status)["taskArns"]
    }
    return list(ecs.describe_tasks(cluster=CLUSTER, tasks=sorted(arns))["tasks"])


def test_an_image_that_is_broken_starts_no_process(real: Real) -> None:
    ecs = real.client("ecs")
    old = real.applications()
    deploy(ecs, image="123456789012.dkr.ecr.us-east-2.amazonaws.com/pythonide-exam:broken")
    eventually(lambda: sum(task["lastStatus"] == "STOPPED" for task in tasks(ecs)) >= 2)
    assert real.applications() == old
    assert real.get().status_code == 200


@pytest.mark.parametrize(("number", "reason"), [(signal.SIGKILL, "Essential container in task exited"), (signal.SIGSTOP, "Task failed ELB health checks")])  # fmt: skip
def test_a_process_that_ends_or_hangs_is_replaced(real: Real, number: signal.Signals, reason: str) -> None:
    ecs, elb = real.client("ecs"), real.client("elbv2")
    (group,) = elb.describe_target_groups(Names=["pythonide-exam-tg"])["TargetGroups"]
    elb.modify_target_group(TargetGroupArn=group["TargetGroupArn"], HealthCheckTimeoutSeconds=2)
    (old,) = real.applications()
    os.kill(old, number)
    (stopped,) = eventually(lambda: [task for task in tasks(ecs) if task["lastStatus"] == "STOPPED"], 30)
    assert stopped["stoppedReason"].startswith(reason)
    eventually(lambda: settled(real))
    assert old not in real.applications()
    assert real.get().status_code == 200


def test_what_a_process_writes_is_in_the_log_group(real: Real) -> None:
    logs, (task,) = real.client("logs"), tasks(real.client("ecs"))
    real.get("/no-such-page")
    stream = f"ecs/pythonide-exam/{task['taskArn'].rpartition('/')[2]}"

    def lines() -> list[str]:
        events = logs.filter_log_events(logGroupName="/aws/ecs/pythonide-exam", logStreamNames=[stream])["events"]
        return [event["message"] for event in events]

    assert eventually(lines)
    assert not any(PLANTED_PASSWORD in line for line in lines())


@pytest.mark.parametrize("kind", ["secret", "key", "parameter"])
def test_secrets_reach_the_process(real: Real, kind: str) -> None:
    url = database_url(real)
    if kind == "parameter":
        real.client("ssm").put_parameter(Name="/exam/url", Value=url, Type="SecureString")
        source = "arn:aws:ssm:us-east-2:123456789012:parameter/exam/url"
    else:
        text = url if kind == "secret" else f'{{"url": "{url}"}}'
        source = real.client("secretsmanager").create_secret(Name="exam", SecretString=text)["ARN"]
        source += ":url::" if kind == "key" else ""
    with_secrets(real, source)
    eventually(lambda: settled(real))
    assert the_service(real.client("ecs"))["taskDefinition"].endswith(":2")
    assert real.get().json()["database"] == "connected"


def with_secrets(real: Real, source: str) -> None:
    ecs = real.client("ecs")
    new = definition(ecs)
    (container,) = new["containerDefinitions"]
    container["environment"] = [v for v in container["environment"] if v["name"] != "DATABASE_URL"]
    container["secrets"] = [{"name": "DATABASE_URL", "valueFrom": source}]
    ecs.register_task_definition(**new)
    ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition="pythonide-exam-task:2")


def test_a_secret_that_is_not_there_fails_the_task(real: Real) -> None:
    ecs = real.client("ecs")
    with_secrets(real, "arn:aws:secretsmanager:us-east-2:123456789012:secret:nobody-AbCdEf")
    stopped = eventually(lambda: [task for task in tasks(ecs) if task["lastStatus"] == "STOPPED"])
    assert stopped[0]["stoppedReason"].startswith("ResourceInitializationError")
    assert real.get().status_code == 200
    assert not steady(ecs)
