"""The real engine with both stand-ins: a program of three resources goes up, stays as it is, changes, and goes down."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from sandbox import engine

PROJECT = """
name: pythonide-exam
runtime: python
options: {refresh: always}
"""
PROGRAM = """
from pathlib import Path
import pulumi
import pulumi_aws as aws

config = pulumi.Config()
if config.get("fault"):
    raise pulumi.RunError("the stack file says fault")
topic = aws.sns.Topic("alarms", name="alarms", display_name=pulumi.Output.secret("hush-hush"))
options = pulumi.ResourceHookOptions(on_dry_run=False)
seen = pulumi.ResourceHook("seen", lambda args: Path("hook").write_text(args.name), options)
aws.cloudwatch.MetricAlarm(
    "cpu",
    name="cpu",
    comparison_operator="GreaterThanThreshold",
    evaluation_periods=2,
    metric_name="CPUUtilization",
    namespace="AWS/ECS",
    period=60,
    statistic="Average",
    threshold=config.get_int("threshold") or 80,
    alarm_actions=[topic.arn],
    opts=pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(after_update=[seen])),
)
pulumi.export("account", aws.get_caller_identity().account_id)
"""

Pulumi = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def aws() -> Iterator[int]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield server.get_host_and_port()[1]
    server.stop()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("project")


@pytest.fixture(scope="module")
def pulumi(aws: int, project: Path, tmp_path_factory: pytest.TempPathFactory) -> Pulumi:
    home = tmp_path_factory.mktemp("home")
    (project / "Pulumi.yaml").write_text(PROJECT)
    (project / "__main__.py").write_text(PROGRAM)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SANDBOX_AWS_PLUGIN", "standin")
        engine.prepare(home)
        env = {**os.environ, **engine.environment(home, aws)}

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        cli = [str(home / "bin" / "pulumi"), *command, "-s", "exam"]
        done = subprocess.run(cli, cwd=project, env=env, capture_output=True, text=True, check=False, timeout=120)
        done.stdout += done.stderr
        return done

    return run


def client(service: str, port: int) -> Any:
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-2"}
    return boto3.client(service, endpoint_url=f"http://127.0.0.1:{port}", **keys)


def test_up_up_change_destroy(pulumi: Pulumi, aws: int, project: Path) -> None:
    first = pulumi("up", "--yes")
    assert first.returncode == 0, first.stdout
    alarm = client("cloudwatch", aws).describe_alarms(AlarmNames=["cpu"])["MetricAlarms"][0]
    assert alarm["Threshold"] == 80
    assert alarm["AlarmActions"] == ["arn:aws:sns:us-east-2:123456789012:alarms"]
    assert pulumi("stack", "output", "account").stdout.split() == ["123456789012"]

    again = pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
    assert again.returncode == 0, again.stdout

    state = pulumi("stack", "export").stdout
    assert "hush-hush" not in first.stdout + again.stdout + state
    secret = json.loads(state)["deployment"]["resources"][2]["outputs"]["displayName"]
    assert secret["ciphertext"]

    assert pulumi("config", "set", "threshold", "70").returncode == 0
    changed = pulumi("up", "--yes", "--skip-preview")
    assert changed.returncode == 0, changed.stdout
    assert client("cloudwatch", aws).describe_alarms(AlarmNames=["cpu"])["MetricAlarms"][0]["Threshold"] == 70
    assert (project / "hook").read_text() == "cpu"

    gone = pulumi("destroy", "--yes", "--skip-preview")
    assert gone.returncode == 0, gone.stdout
    assert client("cloudwatch", aws).describe_alarms()["MetricAlarms"] == []
    assert client("sns", aws).list_topics()["Topics"] == []


def test_a_programs_error_is_told_once_and_without_traceback(pulumi: Pulumi) -> None:
    assert pulumi("config", "set", "fault", "yes").returncode == 0
    done = pulumi("preview")
    assert pulumi("config", "rm", "fault").returncode == 0
    assert done.returncode != 0
    assert done.stdout.partition("Diagnostics:")[2].count("the stack file says fault") == 1, done.stdout
    assert "Traceback" not in done.stdout
