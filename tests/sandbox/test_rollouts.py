"""Rollouts, scaling, draining and roll-backs as boto3 sees them happen."""

import time
from typing import Any

import pytest

from sandbox.process import Server
from sandbox.world import CLUSTER, IMAGE, SERVICE
from tests.sandbox.aws import (
    NAMES,
    attributes,
    definition,
    deploy,
    eventually,
    steady,
    target_states,
    the_service,
)
from tests.sandbox.conftest import Client


def test_a_rollout_from_idle_to_two_bigger_tasks(server: Server, client: Client) -> None:
    ecs, elb = client("ecs"), client("elbv2")
    (old,) = ecs.list_tasks(cluster=CLUSTER)["taskArns"]
    big = ecs.register_task_definition(**definition(ecs) | {"cpu": "2048", "memory": "4096"})["taskDefinition"]
    answer = ecs.update_service(**NAMES, taskDefinition="pythonide-exam-task:2", desiredCount=2)["service"]
    assert answer["taskDefinition"] == big["taskDefinitionArn"]
    assert [(d["status"], d["rolloutState"]) for d in answer["deployments"]] == [
        ("PRIMARY", "IN_PROGRESS"),
        ("ACTIVE", "COMPLETED"),
    ]
    eventually(lambda: target_states(elb) == ["healthy", "initial", "initial"])
    eventually(lambda: target_states(elb) == ["draining", "healthy", "healthy"])
    assert len(the_service(ecs)["deployments"]) == 2
    eventually(lambda: steady(ecs))
    (deployment,) = the_service(ecs)["deployments"]
    assert (deployment["rolloutState"], deployment["runningCount"]) == ("COMPLETED", 2)
    assert deployment["updatedAt"] >= deployment["createdAt"]
    assert the_service(ecs)["events"][0]["message"].endswith("has reached a steady state.")
    tasks = ecs.describe_tasks(cluster=CLUSTER, tasks=ecs.list_tasks(cluster=CLUSTER)["taskArns"])["tasks"]
    assert [(t["cpu"], t["memory"], t["lastStatus"]) for t in tasks] == [("2048", "4096", "RUNNING")] * 2
    assert tasks[0]["containers"][0]["imageDigest"].startswith("sha256:")
    details = [d for t in tasks for d in t["attachments"][0]["details"]]
    (group,) = elb.describe_target_groups(Names=["pythonide-exam-tg"])["TargetGroups"]
    health = elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
    assert {d["value"] for d in details if d["name"] == "privateIPv4Address"} == {h["Target"]["Id"] for h in health}
    assert ecs.list_tasks(cluster=CLUSTER, desiredStatus="STOPPED")["taskArns"] == [old]
    (stopped,) = ecs.describe_tasks(cluster=CLUSTER, tasks=[old])["tasks"]
    assert (stopped["lastStatus"], stopped["stoppedReason"]) == (
        "STOPPED",
        f"Scaling activity initiated by (deployment {deployment['id']})",
    )
    assert server.ask("GET", "status")["world"]["service"]["cpu"] == 2048


def test_service_deployments_tell_of_success_as_the_newest_providers_ask(client: Client) -> None:
    ecs = client("ecs")
    begun = time.time()
    deploy(ecs, cpu="2048", memory="4096")
    number = the_service(ecs)["deployments"][0]["id"].split("/")[1]
    listed = ecs.list_service_deployments(cluster=CLUSTER, service=SERVICE, createdAt={"after": begun})
    (brief,) = listed["serviceDeployments"]
    assert number in brief["targetServiceRevisionArn"]
    assert brief["status"] == "IN_PROGRESS"

    def status() -> str:
        answer = ecs.describe_service_deployments(serviceDeploymentArns=[brief["serviceDeploymentArn"]])
        found: str = answer["serviceDeployments"][0]["status"]
        return found

    eventually(lambda: status() == "SUCCESSFUL")
    assert steady(ecs)


def test_a_count_makes_no_deployment(client: Client) -> None:
    ecs, elb = client("ecs"), client("elbv2")
    (before,) = the_service(ecs)["deployments"]
    ecs.update_service(**NAMES, desiredCount=5)
    assert not steady(ecs)
    eventually(lambda: target_states(elb) == ["healthy"] * 5)
    assert steady(ecs)
    ecs.update_service(**NAMES, desiredCount=1)
    eventually(lambda: target_states(elb) == ["draining"] * 4 + ["healthy"])
    assert not steady(ecs)
    eventually(lambda: steady(ecs))
    (after,) = the_service(ecs)["deployments"]
    assert (after["id"], after["desiredCount"], after["runningCount"]) == (before["id"], 1, 1)
    assert ecs.describe_clusters(clusters=[CLUSTER])["clusters"][0]["runningTasksCount"] == 1


def test_draining_lasts_as_long_as_the_delay_at_that_moment(client: Client) -> None:
    ecs, elb = client("ecs"), client("elbv2")
    (group,) = elb.describe_target_groups(Names=["pythonide-exam-tg"])["TargetGroups"]
    for seconds in ("3600", "0"):
        elb.modify_target_group_attributes(
            TargetGroupArn=group["TargetGroupArn"],
            Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": seconds}],
        )
        assert attributes(elb)["deregistration_delay.timeout_seconds"] == seconds
        deploy(ecs)
        begun = time.monotonic()
        eventually(lambda: steady(ecs))
        assert (time.monotonic() - begun > 4) == (seconds == "3600")


@pytest.mark.parametrize("checked", [True, False], ids=["container health check", "load balancer health check"])
def test_a_broken_image_is_rolled_back_while_the_old_task_serves(server: Server, client: Client, checked: bool) -> None:
    ecs, elb = client("ecs"), client("elbv2")
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    ecs.update_service(**NAMES, deploymentConfiguration=breaker)
    good = the_service(ecs)
    containers = definition(ecs)["containerDefinitions"]
    containers[0]["image"] = IMAGE.replace("latest", "broken")
    if checked:
        containers[0]["healthCheck"] = {"command": ["CMD-SHELL", "curl -f http://localhost:8080/health"]}
    deploy(ecs, containerDefinitions=containers)
    bad = the_service(ecs)["deployments"][0]["id"]

    def failed() -> Any:
        assert "healthy" in target_states(elb)
        return [d for d in the_service(ecs)["deployments"] if d["rolloutState"] == "FAILED"]

    (deployment,) = eventually(failed)
    assert (deployment["status"], deployment["failedTasks"]) == ("ACTIVE", 3)
    assert deployment["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    assert "rolling back to deploymentId" in the_service(ecs)["deployments"][0]["rolloutStateReason"]
    eventually(lambda: steady(ecs))
    now = the_service(ecs)
    assert now["taskDefinition"] == good["taskDefinition"]
    assert now["deployments"][0]["rolloutState"] == "COMPLETED"
    stopped = ecs.list_tasks(cluster=CLUSTER, desiredStatus="STOPPED")["taskArns"]
    reasons = {t["stoppedReason"] for t in ecs.describe_tasks(cluster=CLUSTER, tasks=stopped)["tasks"]}
    assert ("Task failed container health checks" in reasons) == checked
    assert (
        any(reason.startswith("Task failed ELB health checks in (target-group arn:") for reason in reasons) != checked
    )
    (failure,) = server.ask("GET", "status")["failures"]
    assert (failure["eventName"], failure["deploymentId"]) == ("SERVICE_DEPLOYMENT_FAILED", bad)
    assert any(f"(deployment {bad}) deployment failed: tasks failed to start." in e["message"] for e in now["events"])
    newest = ecs.list_service_deployments(cluster=CLUSTER, service=SERVICE)["serviceDeployments"][0]
    assert newest["status"] == "ROLLBACK_SUCCESSFUL"


def test_a_stopped_task_is_replaced(client: Client) -> None:
    ecs = client("ecs")
    (old,) = ecs.list_tasks(cluster=CLUSTER)["taskArns"]
    ecs.stop_task(cluster=CLUSTER, task=old, reason="by hand")
    (new,) = eventually(lambda: ecs.list_tasks(cluster=CLUSTER)["taskArns"])
    assert new != old
    assert ecs.describe_tasks(cluster=CLUSTER, tasks=[old])["tasks"][0]["stoppedReason"] == "by hand"
