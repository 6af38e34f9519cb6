"""Live reading: what is missing or cannot be adopted is one line that says what was looked for and where."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from components import live
from components.aws import Access
from components.errors import ExamError
from tests.postures import DEFINITION, TARGET_GROUP_ARN, settings
from tests.unit.fakes import monitoring

SERVICE = {
    "status": "ACTIVE",
    "launchType": "FARGATE",
    "taskDefinition": DEFINITION["taskDefinitionArn"],
    "desiredCount": 1,
    "loadBalancers": [{"containerName": "pythonide-exam", "targetGroupArn": TARGET_GROUP_ARN}],
    "currentServiceRevisions": [{"arn": "arn:aws:ecs:us-east-2:123456789012:service-revision/c/s/1"}],
}


def refused(code: str, action: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "refused"}}, action)


ANSWERS: dict[str, Any] = {
    "get_caller_identity": {"Account": "123456789012"},
    "describe_services": {"services": [SERVICE]},
    "describe_task_definition": {"taskDefinition": DEFINITION, "tags": [{"key": "owner", "value": "teaching"}]},
    "describe_service_revisions": {"serviceRevisions": [{"createdAt": 1, "monitoring": monitoring(20)}]},
    "describe_target_groups": {
        "TargetGroups": [
            {
                "TargetGroupArn": TARGET_GROUP_ARN,
                "TargetGroupName": "pythonide-exam-tg",
                "LoadBalancerArns": ["arn:aws:elasticloadbalancing:us-east-2:123456789012:loadbalancer/app/alb/50dc"],
            }
        ]
    },
    "describe_target_group_attributes": {
        "Attributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "300"}]
    },
    "describe_scalable_targets": {"ScalableTargets": []},
    "describe_scaling_policies": {"ScalingPolicies": []},
    "describe_scheduled_actions": {"ScheduledActions": []},
    "describe_rule": refused("ResourceNotFoundException", "DescribeRule"),
    "describe_db_instances": {"DBInstances": [{"DBInstanceClass": "db.t3.micro"}]},
}


class Client:
    """A boto3 client that gives the answers above, or raises the one that is an error."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers

    def __getattr__(self, action: str) -> Callable[..., Any]:
        def call(**_: Any) -> Any:
            answer = self.answers[action]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def read(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> live.Live:
    session = SimpleNamespace(client=lambda _: Client({**ANSWERS, **changes}))
    monkeypatch.setattr(Access, "session", lambda _: session)
    return live.read_live(Access("us-east-2"), settings("exam"))


def service(**changes: Any) -> dict[str, Any]:
    return {"describe_services": {"services": [{**SERVICE, **changes}]}}


PROBLEMS: list[tuple[dict[str, Any], str]] = [
    (
        {"get_caller_identity": NoCredentialsError()},
        "no AWS credentials while looking for the AWS account in us-east-2",
    ),
    (
        {"describe_services": refused("ClusterNotFoundException", "DescribeServices")},
        "no ECS cluster pythonide-cluster in us-east-2, account 123456789012; is cluster, aws:region or aws:profile",
    ),
    (
        {"describe_services": {"services": []}},
        "no ECS service pythonide-exam-task-service in cluster pythonide-cluster, us-east-2, account 123456789012",
    ),
    (service(status="DRAINING"), "is DRAINING, not ACTIVE"),
    (service(launchType="EC2"), "runs on EC2, not on FARGATE"),
    (
        service(launchType=None, capacityProviderStrategy=[{"capacityProvider": "my-instances"}]),
        "runs on my-instances, not on FARGATE",
    ),
    (service(deploymentController={"type": "CODE_DEPLOY"}), "is deployed by CODE_DEPLOY, not by rolling updates"),
    (
        service(deploymentConfiguration={"strategy": "BLUE_GREEN"}),
        "has the deployment strategy BLUE_GREEN, not ROLLING",
    ),
    (service(loadBalancers=[]), "has no target group for container pythonide-exam"),
    (
        {"describe_task_definition": {"taskDefinition": {**DEFINITION, "containerDefinitions": [{"name": "web"}]}}},
        "no container pythonide-exam in task definition pythonide-exam-task:7 in us-east-2; it has web",
    ),
    (
        {"describe_target_groups": refused("TargetGroupNotFound", "DescribeTargetGroups")},
        f"target group {TARGET_GROUP_ARN} of service pythonide-exam-task-service is gone in us-east-2",
    ),
    (
        {
            "describe_target_groups": {
                "TargetGroups": [{"TargetGroupName": "pythonide-exam-tg", "LoadBalancerArns": []}]
            }
        },
        "target group pythonide-exam-tg in us-east-2 is behind no load balancer",
    ),
    (
        {"describe_task_definition": refused("AccessDeniedException", "DescribeTaskDefinition")},
        "no permission for DescribeTaskDefinition while looking for task definition arn:aws:ecs",
    ),
    (
        # EC2 and SNS have their own words for it.
        {"describe_service_revisions": refused("AuthorizationError", "DescribeServiceRevisions")},
        "no permission for DescribeServiceRevisions while looking for the revisions of service pythonide-exam-task",
    ),
    (
        {"describe_scalable_targets": refused("ThrottlingException", "DescribeScalableTargets")},
        "DescribeScalableTargets failed while looking for the autoscaling of service/pythonide-cluster",
    ),
    (
        {"get_caller_identity": refused("ExpiredToken", "GetCallerIdentity")},
        "AWS credentials are not valid (any more) while looking for the AWS account in us-east-2; log in again",
    ),
    (
        {"describe_services": EndpointConnectionError(endpoint_url="https://ecs.us-east-2.amazonaws.com")},
        "no answer from AWS while looking for service pythonide-exam-task-service",
    ),
]


@pytest.mark.parametrize(("changes", "text"), PROBLEMS, ids=[text[:40] for _, text in PROBLEMS])
def test_every_problem_is_one_line(changes: dict[str, Any], text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ExamError) as error:
        read(monkeypatch, **changes)
    assert text in str(error.value)
    assert "\n" not in str(error.value)


def test_what_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = read(monkeypatch)
    assert (seen.account, seen.revision, seen.desired_count) == ("123456789012", "pythonide-exam-task:7", 1)
    assert (seen.load_balancer, seen.deregistration_delay) == ("app/alb/50dc", 300)
    assert seen.task_definition["tags"] == [{"key": "owner", "value": "teaching"}]
    assert seen.scalable_target is None
    assert seen.resolution == 20


def test_fargate_by_capacity_provider_is_fargate(monkeypatch: pytest.MonkeyPatch) -> None:
    strategy = [{"capacityProvider": "FARGATE", "weight": 1}]
    assert read(monkeypatch, **service(launchType=None, capacityProviderStrategy=strategy)).desired_count == 1


def test_a_profile_that_is_none_is_one_line() -> None:
    with pytest.raises(ExamError, match=r"looking for the AWS profile in us-east-2 failed: .*no-such-profile"):
        Access("us-east-2", profile="no-such-profile").session()


def test_no_read_takes_longer_than_its_limit() -> None:
    config = Access("us-east-2", limit=120).session().client("ecs").meta.config
    attempts, waits = config.retries["total_max_attempts"], [1, 2, 4, 8]
    assert (len(waits), config.retries["mode"]) == (attempts - 1, "adaptive")
    assert attempts * config.read_timeout + sum(waits) == 120
    assert config.connect_timeout <= config.read_timeout
