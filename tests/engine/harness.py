"""A sandbox and a copy of the project in it, with the few verbs that engine tests need."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3

from sandbox.engine import environment
from tests.postures import ROOT

CLUSTER, SERVICE, CONTAINER = "pythonide-cluster", "pythonide-exam-task-service", "pythonide-exam"
UP_LIMIT = 120  # seconds in which an `up` must have ended
SETTLE_LIMIT = 60  # seconds in which the world must be steady


@dataclass(frozen=True)
class Done:
    """What a command did: its exit code and all that it wrote."""

    code: int
    output: str

    @property
    def errors(self) -> list[str]:
        """The lines of the error diagnostics."""
        return [line.strip().removeprefix("error: ") for line in self.output.splitlines() if "error:" in line]


class Project:
    """A started sandbox and a copy of the project whose stack files a test may change.

    `application` "on" has it run the real parts too: database, load balancer, a process for each task.
    """

    def __init__(self, home: Path, application: str = "off") -> None:
        self.application = application
        self.home, self.folder = home / "sandbox", home / "project"
        self.said: list[str] = []
        self._run_sandbox("start")
        self.port = json.loads((self.home / "server.json").read_text())["port"]
        self.env = {**os.environ, **environment(self.home, self.port)}
        self.folder.mkdir()
        for name in ("__main__.py", "components", "deployment", "readiness", "student", ".venv"):
            (self.folder / name).symlink_to(ROOT / name)
        shutil.copytree(self.home / "state", home / "untouched-state")
        self.reset()

    def _run_sandbox(self, *command: str) -> None:
        # Three times the usual pace: the order of things is the same.
        speed = os.environ.get("SANDBOX_SPEED", "900")
        own = {"SANDBOX_HOME": str(self.home), "SANDBOX_PORT": "0", "SANDBOX_OWNER": str(os.getpid())}
        env = {**os.environ, **own, "SANDBOX_SPEED": speed, "SANDBOX_APPLICATION": self.application}
        subprocess.run([sys.executable, "-m", "sandbox", *command], cwd=ROOT, env=env, check=True, timeout=120)

    def stop(self) -> None:
        self._run_sandbox("stop")

    def reset(self) -> None:
        """The world, the state and the stack files as at the start."""
        self.control("POST", "reset")
        shutil.rmtree(self.home / "state")
        shutil.copytree(self.home.parent / "untouched-state", self.home / "state")
        for name in ("Pulumi.yaml", "Pulumi.exam.yaml", "Pulumi.idle.yaml"):
            shutil.copy(ROOT / name, self.folder / name)
        self.settle()
        self.forget_calls()

    def lose_state(self) -> None:
        """All that Pulumi remembers is gone; the stacks are created anew as `pulumi stack init` would."""
        shutil.rmtree(self.home / "state")
        shutil.copytree(self.home.parent / "untouched-state", self.home / "state")

    def control(self, method: str, path: str, content: Any = None) -> Any:
        body = None if content is None else json.dumps(content).encode()
        address, headers = f"http://127.0.0.1:{self.port}/sandbox/{path}", {"Content-Type": "application/json"}
        with urlopen(Request(address, body, headers, method=method)) as answer:
            return json.load(answer)

    def fault(self, pattern: str, kind: str, calls: int | None = None, seconds: float = 60) -> None:
        """Let a fault befall the first `calls` calls, or all, whose service:Action matches `pattern`."""
        self.control("POST", "faults", {"pattern": pattern, "kind": kind, "calls": calls, "seconds": seconds})

    def clear_faults(self) -> None:
        self.control("DELETE", "faults")

    @contextmanager
    def iam_enforced(self) -> Iterator[None]:
        """AWS checks the policies of IAM users; without it everybody may do everything."""
        self._free_calls(0)
        try:
            yield
        finally:
            self._free_calls(sys.maxsize)

    def _free_calls(self, number: int) -> None:
        address = f"http://127.0.0.1:{self.port}/moto-api/reset-auth"
        with urlopen(Request(address, str(number).encode(), {"Content-Type": "text/plain"}, method="POST")):
            pass

    def status(self) -> dict[str, Any]:
        return dict(self.control("GET", "status")["world"])

    def settle(self) -> None:
        """Wait until ECS has nothing left to do."""
        limit = time.monotonic() + SETTLE_LIMIT
        while not self.control("GET", "status")["steady"]:
            assert time.monotonic() < limit, self.status()
            time.sleep(0.1)

    def await_count(self, count: int) -> None:
        """Wait until so many tasks run, and no other."""
        limit = time.monotonic() + SETTLE_LIMIT
        while len(self.running_tasks()) != count:
            assert time.monotonic() < limit, self.status()
            time.sleep(0.1)
        self.settle()

    def calls(self) -> list[dict[str, Any]]:
        return list(self.control("GET", "calls"))

    def writes(self) -> list[str]:
        """The writing calls since they were last forgotten."""
        return [call["action"] for call in self.calls() if call["kind"] == "write"]

    def forget_calls(self) -> None:
        self.control("DELETE", "calls")

    def pulumi(self, *command: str, **env: str) -> Done:
        """Run a command of the Pulumi CLI in the project's copy."""
        done = subprocess.run(
            ["pulumi", *command, "--non-interactive"],  # noqa: S607 (found on the sandbox's PATH)
            cwd=self.folder,
            env={**self.env, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=UP_LIMIT,
            check=False,
        )
        self.said.append(done.stdout)
        return Done(done.returncode, done.stdout)

    def resources(self, stack: str) -> list[str]:
        """What a stack's state holds, by type and name, doubles too."""
        return sorted(
            r["urn"].rpartition("$")[2].rpartition("::pythonide-exam::")[2] for r in self._state(stack)["resources"]
        )

    def pending(self, stack: str) -> list[str]:
        """The operations that a stack's state holds for unfinished."""
        return [operation["type"] for operation in self._state(stack).get("pending_operations", [])]

    def _state(self, stack: str) -> dict[str, Any]:
        done = subprocess.run(
            ["pulumi", "stack", "export", "-s", stack],  # noqa: S607
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            check=True,
            timeout=UP_LIMIT,
        )
        return dict(json.loads(done.stdout)["deployment"])

    def try_up(self, stack: str, *options: str, **env: str) -> Done:
        return self.pulumi("up", "-s", stack, "--yes", "--skip-preview", *options, **env)

    def up(self, stack: str, *options: str) -> Done:
        """An `up` that has to succeed, with the calls before it forgotten."""
        self.forget_calls()
        done = self.try_up(stack, *options)
        assert done.code == 0, done.output
        return done

    def configure(self, stack: str, key: str, value: str, *options: str) -> None:
        done = self.pulumi("config", "set", "-s", stack, "--path", key, value, *options)
        assert done.code == 0, done.output

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name="us-east-2",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def confirm_subscriptions(self) -> None:
        """What the readers of AWS's mails do; the token in a mail is the subscription's id here."""
        sns = self.client("sns")
        for subscription in sns.list_subscriptions()["Subscriptions"]:
            token = subscription["SubscriptionArn"].rpartition(":")[2]
            sns.confirm_subscription(TopicArn=subscription["TopicArn"], Token=token)

    @cached_property
    def ecs(self) -> Any:
        return self.client("ecs")

    def service(self) -> dict[str, Any]:
        return dict(self.ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0])

    def definition(self) -> dict[str, Any]:
        """The definition that the service uses, with its tags and without what every revision has of its own."""
        answer = self.ecs.describe_task_definition(taskDefinition=self.service()["taskDefinition"], include=["TAGS"])
        definition = {**answer["taskDefinition"], "tags": sorted(answer.get("tags", []), key=str)}
        for volume in definition.get("volumes", []):
            # AWS's provider spells the default out; a volume means the same without it.
            if volume.get("configuredAtLaunch") is False:
                del volume["configuredAtLaunch"]
        return {k: v for k, v in definition.items() if k not in ("taskDefinitionArn", "revision", "registeredAt")}

    def target_group(self) -> dict[str, Any]:
        elb = self.client("elbv2")
        group = elb.describe_target_groups(Names=["pythonide-exam-tg"])["TargetGroups"][0]
        attributes = elb.describe_target_group_attributes(TargetGroupArn=group["TargetGroupArn"])["Attributes"]
        tags = elb.describe_tags(ResourceArns=[group["TargetGroupArn"]])["TagDescriptions"][0]["Tags"]
        return {**group, "attributes": {a["Key"]: a["Value"] for a in attributes}, "tags": tags}

    def running_tasks(self) -> set[str]:
        return set(self.ecs.list_tasks(cluster=CLUSTER, serviceName=SERVICE)["taskArns"])

    def dashboards(self) -> dict[str, Any]:
        """The bodies of the account's dashboards, by name."""
        cloudwatch = self.client("cloudwatch")
        names = [entry["DashboardName"] for entry in cloudwatch.list_dashboards()["DashboardEntries"]]
        return {name: json.loads(cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"]) for name in names}

    def scale_to(self, count: int) -> None:
        """What autoscaling does: another desired count."""
        self.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=count)
        self.settle()

    def deploy(self, image: str | None = None, variable: tuple[str, str] | None = None, *, settle: bool = True) -> None:
        """What others do: a new revision of the running definition."""
        fields = {
            k: v
            for k, v in self.definition().items()
            if k not in ("status", "requiresAttributes", "compatibilities", "registeredBy")
        }
        container = fields["containerDefinitions"][0]
        if image:
            container["image"] = image
        if variable:
            container["environment"].append({"name": variable[0], "value": variable[1]})
        arn = self.ecs.register_task_definition(**fields)["taskDefinition"]["taskDefinitionArn"]
        self.ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=arn)
        if settle:
            self.settle()
