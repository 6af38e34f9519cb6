"""What UpdateService changes and what it leaves, and the deployments that it starts."""

from sandbox.process import Server
from sandbox.world import CLUSTER, SERVICE
from tests.sandbox.aws import (
    ECS_TAGS,
    NAMES,
    error_of,
    eventually,
    steady,
    the_service,
)
from tests.sandbox.conftest import Client


def test_update_service_changes_what_it_names_and_nothing_else(client: Client) -> None:
    ecs = client("ecs")
    before = the_service(ecs)
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    ecs.update_service(**NAMES, deploymentConfiguration=breaker, healthCheckGracePeriodSeconds=90)
    after = the_service(ecs)
    changed = {k for k in before if before[k] != after[k]}
    assert changed == {"deploymentConfiguration", "healthCheckGracePeriodSeconds"}
    assert after["deploymentConfiguration"] == before["deploymentConfiguration"] | breaker
    assert ecs.list_tasks(cluster=CLUSTER, serviceName=SERVICE)["taskArns"]


def test_what_changes_no_revision_deploys_nothing_unless_forced(client: Client) -> None:
    ecs = client("ecs")
    before = the_service(ecs)["deployments"]
    network = the_service(ecs)["networkConfiguration"]
    network["awsvpcConfiguration"]["subnets"].reverse()
    ecs.update_service(**NAMES, taskDefinition="pythonide-exam-task:1", desiredCount=1, networkConfiguration=network)
    assert the_service(ecs)["deployments"] == before
    ecs.update_service(**NAMES, forceNewDeployment=True)
    assert [d["status"] for d in the_service(ecs)["deployments"]] == ["PRIMARY", "ACTIVE"]
    eventually(lambda: steady(ecs))
    assert the_service(ecs)["deployments"][0]["id"] != before[0]["id"]


def test_tags_of_services_and_task_definitions(client: Client) -> None:
    ecs = client("ecs")
    service = the_service(ecs)
    for arn in (service["serviceArn"], service["taskDefinition"]):
        assert ecs.list_tags_for_resource(resourceArn=arn)["tags"] == ECS_TAGS
        ecs.tag_resource(resourceArn=arn, tags=[{"key": "Owner", "value": "me"}])
        ecs.untag_resource(resourceArn=arn, tagKeys=["Project"])
        assert ecs.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "Owner", "value": "me"}]
    assert "tags" not in ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0]


def test_monitoring_is_kept_and_shows_in_the_service_revision_only(client: Client) -> None:
    ecs = client("ecs")
    monitoring = {"metricConfigurations": [{"metricNames": ["CPUUtilization"], "resolutionSeconds": 20}]}
    ecs.update_service(**NAMES, monitoring=monitoring)
    assert "monitoring" not in the_service(ecs)
    deployment = ecs.list_service_deployments(cluster=CLUSTER, service=SERVICE)["serviceDeployments"][0]
    arn = deployment["targetServiceRevisionArn"]
    (revision,) = ecs.describe_service_revisions(serviceRevisionArns=[arn])["serviceRevisions"]
    assert revision["monitoring"] == monitoring


def test_a_deleted_service_drains_and_is_gone(server: Server, client: Client) -> None:
    ecs = client("ecs")
    assert error_of(ecs.delete_service, **NAMES) == "InvalidParameterException"
    ecs.delete_service(**NAMES, force=True)
    assert the_service(ecs)["status"] == "DRAINING"
    eventually(lambda: the_service(ecs)["status"] == "INACTIVE")
    assert error_of(ecs.update_service, **NAMES, desiredCount=1) == "ServiceNotActiveException"
    assert server.ask("GET", "status")["world"]["service"] is None
