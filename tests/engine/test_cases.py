"""Cases that each begin with the untouched world."""

import json
import time

import pytest

from tests.engine.harness import CLUSTER, SERVICE, Done, Project
from tests.engine.test_resolution import STANDARD, monitoring, tracked

BROKEN_LIMIT = (
    60  # seconds of wall time in which an `up` of a broken image must have failed (the sandbox's clock is fast)
)


def test_idle_first_restarts_nothing(project: Project) -> None:
    before = project.running_tasks(), project.service()["taskDefinition"]
    project.up("idle")
    assert (project.running_tasks(), project.service()["taskDefinition"]) == before
    assert project.status()["autoscaling"] == {"min": 1, "max": 1, "targetCpu": 45}


@pytest.fixture(scope="module")
def chosen(sandbox: Project) -> Done:
    """An exam posture with what the shipped one leaves out, and with the standard resolution."""
    sandbox.reset()
    path = sandbox.folder / "Pulumi.yaml"
    path.write_text(path.read_text().replace("vcpus: 1", "vcpus: null"))
    for key, value in (
        ("secrets.DATABASE_URL", "/exam/database-url"),
        ("notify[0]", "operator@school.example"),
        ("autoscaling.resolution", "60"),
    ):
        sandbox.configure("exam", key, value)
    return sandbox.up("exam")


def test_percentages_are_awss_own_where_the_application_can_use_all(sandbox: Project, chosen: Done) -> None:
    autoscaling = sandbox.status()["autoscaling"]
    assert autoscaling == {"min": 2, "max": 6, "targetCpu": 45}
    assert "45 % of usable = 45 % of the task" in chosen.output


def test_secrets_replace_the_variable(sandbox: Project, chosen: Done) -> None:
    container = sandbox.definition()["containerDefinitions"][0]
    assert container["secrets"] == [{"name": "DATABASE_URL", "valueFrom": "/exam/database-url"}]
    assert "DATABASE_URL" not in {variable["name"] for variable in container["environment"]}
    assert "secret DATABASE_URL: (none) -> /exam/database-url" in chosen.output


def test_without_the_high_resolution_the_standard_metrics_are_tracked(sandbox: Project, chosen: Done) -> None:
    del chosen
    assert (monitoring(sandbox), tracked(sandbox)) == (None, STANDARD)


def test_who_is_notified_is_subscribed(sandbox: Project, chosen: Done) -> None:
    del chosen
    sns = sandbox.client("sns")
    subscriptions = sns.list_subscriptions()["Subscriptions"]
    assert [(s["Protocol"], s["Endpoint"]) for s in subscriptions] == [("email", "operator@school.example")]
    topic = subscriptions[0]["TopicArn"]
    policy = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
    assert {s["Principal"]["Service"] for s in policy["Statement"]} == {
        "cloudwatch.amazonaws.com",
        "events.amazonaws.com",
    }
    rule = sandbox.client("events").list_targets_by_rule(Rule="pythonide-exam-deployment")["Targets"]
    assert [target["Arn"] for target in rule] == [topic]


def test_what_was_chosen_is_there_already_the_second_time(sandbox: Project, chosen: Done) -> None:
    del chosen
    sandbox.up("exam")
    assert sandbox.writes() == []


def test_a_broken_image_fails_and_what_ran_before_still_serves(project: Project) -> None:
    serving = project.service()["taskDefinition"]
    project.configure("exam", "image", "123456789012.dkr.ecr.us-east-2.amazonaws.com/pythonide-exam:broken")
    started = time.monotonic()
    done = project.try_up("exam")
    assert time.monotonic() - started < BROKEN_LIMIT
    assert done.code != 0
    assert "Task failed" in done.output, done.output
    assert project.service()["taskDefinition"] == serving
    assert project.status()["targets"]["healthy"] >= 1
    project.configure("exam", "image", "")
    project.settle()
    project.up("exam")
    service = project.status()["service"]
    assert (service["running"], service["cpu"]) == (2, 2048)
    assert service["image"].endswith(":latest")
    project.up("exam")
    assert project.writes() == []


@pytest.mark.parametrize("stack", ["exam", "idle"])
def test_preview_writes_nothing_and_tells(project: Project, stack: str) -> None:
    done = project.pulumi("preview", "-s", stack)
    assert done.code == 0, done.output
    assert project.writes() == []
    assert f"posture {stack} changes what is live" in done.output
    assert project.ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0]["desiredCount"] == 1
