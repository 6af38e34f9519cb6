"""docs/iam/: what the policies allow, and that they allow nothing beside it."""

import json
import re
from typing import Any

import pytest

from sandbox.permissions import Need, allowed, needs
from tests.postures import ROOT, SERVICE_ARN, TARGET_GROUP_ARN

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: without white space
MANAGED_POLICY_LIMIT = 6144
# AWS has no resource for them: https://docs.aws.amazon.com/service-authorization/latest/reference/
NO_RESOURCE = {
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingPolicies",
    "application-autoscaling:DescribeScheduledActions",
    "cloudwatch:GetMetricStatistics",
    "ecs:DescribeTaskDefinition",
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetGroups",
}
READS = ("Describe", "Get", "List")
ROLE = "arn:aws:iam::123456789012:role"
SCALING = {
    "ServiceNamespace": "ecs",
    "ScalableDimension": "ecs:service:DesiredCount",
    "ResourceId": "service/pythonide-cluster/pythonide-exam-task-service",
}
TOPIC = "arn:aws:sns:us-east-2:123456789012:pythonide-exam-alarms"
DEFINITION = {
    "family": "pythonide-exam-task",
    "taskRoleArn": f"{ROLE}/ecsTaskRole",
    "executionRoleArn": f"{ROLE}/ecsTaskExecutionRole",
    "tags": [{"key": "Owner", "value": "operations"}],
}


def statements(name: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads((ROOT / "docs" / "iam" / f"{name}.json").read_text())["Statement"]
    return listed


OPERATOR, READER, READINESS = statements("operator"), statements("reader"), statements("readiness")
BUILD, STATE = statements("build"), statements("state")
# The same for what the checklist reads beside.
MORE_WITHOUT_RESOURCE = {
    "cloudwatch:GetMetricData",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "elasticloadbalancing:DescribeListenerCertificates",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTargetHealth",
    "servicequotas:GetServiceQuota",
    "ssm:DescribeParameters",
}


def may(action: str, policy: list[dict[str, Any]] = OPERATOR, **parameters: Any) -> bool:
    """Whether the operator, or who has `policy`, may make a call with these parameters."""
    return all(allowed(policy, need) for need in needs(action, parameters.get, "us-east-2:123456789012"))


# A call of the operator's, and parameters with which it is none of his business.
CALLS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "ecs:UpdateService",
        {"cluster": "pythonide-cluster", "service": SERVICE_ARN},
        {"service": "pythonide-task-service"},
    ),
    ("ecs:UpdateService", {"cluster": "pythonide-cluster", "service": SERVICE_ARN}, {"cluster": "other"}),
    ("ecs:DescribeServices", {"cluster": "pythonide-cluster", "services": [SERVICE_ARN]}, {"services": ["other"]}),
    ("ecs:ListTasks", {"cluster": "pythonide-cluster"}, {"cluster": "other"}),
    ("ecs:RegisterTaskDefinition", DEFINITION, {"family": "pythonide-task"}),
    ("ecs:RegisterTaskDefinition", DEFINITION, {"taskRoleArn": f"{ROLE}/administrator"}),
    ("ecs:RegisterTaskDefinition", DEFINITION, {"executionRoleArn": f"{ROLE}/administrator"}),
    (
        "elasticloadbalancing:ModifyTargetGroup",
        {"TargetGroupArn": TARGET_GROUP_ARN},
        {"TargetGroupArn": "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/pythonide-tg/1"},
    ),
    ("application-autoscaling:PutScalingPolicy", SCALING, {"ServiceNamespace": "dynamodb"}),
    ("application-autoscaling:RegisterScalableTarget", SCALING, {"ScalableDimension": "ecs:other"}),
    ("cloudwatch:PutMetricAlarm", {"AlarmName": "pythonide-exam-cpu"}, {"AlarmName": "billing"}),
    ("cloudwatch:DeleteAlarms", {"AlarmNames": ["pythonide-exam-cpu"]}, {"AlarmNames": ["billing"]}),
    ("cloudwatch:PutDashboard", {"DashboardName": "pythonide-exam"}, {"DashboardName": "billing"}),
    ("cloudwatch:DeleteDashboards", {"DashboardNames": ["pythonide-exam"]}, {"DashboardNames": ["billing"]}),
    ("events:PutRule", {"Name": "pythonide-exam-deployment"}, {"Name": "other"}),
    ("events:RemoveTargets", {"Rule": "pythonide-exam-deployment"}, {"Rule": "other"}),
    ("sns:CreateTopic", {"Name": "pythonide-exam-alarms"}, {"Name": "other"}),
    ("sns:Subscribe", {"TopicArn": TOPIC, "Protocol": "email"}, {"Protocol": "https"}),
    ("sns:Subscribe", {"TopicArn": TOPIC, "Protocol": "email"}, {"TopicArn": f"{TOPIC}-other"}),
    ("sns:Unsubscribe", {"SubscriptionArn": f"{TOPIC}:6d0f"}, {"SubscriptionArn": f"{TOPIC}-other:6d0f"}),
    ("rds:DescribeDBInstances", {"DBInstanceIdentifier": "pythonide-db"}, {"DBInstanceIdentifier": "other"}),
    ("ssm:GetParameter", {"Name": "/pythonide-exam/database-url"}, {"Name": "/pythonide/database-url"}),
]


@pytest.mark.parametrize(("action", "parameters", "foreign"), CALLS, ids=[f"{c[0]} {sorted(c[2])[0]}" for c in CALLS])
def test_the_operator_may_what_is_the_exams_and_nothing_else(
    action: str, parameters: dict[str, Any], foreign: dict[str, Any]
) -> None:
    assert may(action, **parameters)
    assert not may(action, **{**parameters, **foreign})


# The same of whoever looks at the checklist.
LOOKS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("ecs:ListTasks", {"cluster": "pythonide-cluster"}, {"cluster": "other"}),
    ("ecr:DescribeImages", {"repositoryName": "pythonide-exam"}, {"repositoryName": "pythonide"}),
    ("logs:FilterLogEvents", {"logGroupName": "/aws/ecs/pythonide-exam"}, {"logGroupName": "/aws/ecs/pythonide"}),
    ("sns:ListSubscriptionsByTopic", {"TopicArn": TOPIC}, {"TopicArn": f"{TOPIC}-other"}),
    ("cloudwatch:DescribeAlarms", {"AlarmNames": ["pythonide-exam-cpu"]}, {"AlarmNames": ["billing"]}),
    (
        "iam:SimulatePrincipalPolicy",
        {"PolicySourceArn": f"{ROLE}/ecsTaskExecutionRole"},
        {"PolicySourceArn": f"{ROLE}/administrator"},
    ),
    (
        "secretsmanager:DescribeSecret",
        {"SecretId": "arn:aws:secretsmanager:us-east-2:123456789012:secret:pythonide-exam/database-url-AbCdEf"},
        {"SecretId": "arn:aws:secretsmanager:us-east-2:123456789012:secret:pythonide/database-url-AbCdEf"},
    ),
]


@pytest.mark.parametrize(("action", "parameters", "foreign"), LOOKS, ids=[look[0] for look in LOOKS])
def test_the_checklist_reads_what_is_the_exams_and_nothing_else(
    action: str, parameters: dict[str, Any], foreign: dict[str, Any]
) -> None:
    assert may(action, READINESS, **parameters)
    assert not may(action, READINESS, **{**parameters, **foreign})


def test_the_checklist_writes_nothing() -> None:
    for statement in READINESS:
        for action in statement["Action"]:
            assert action.partition(":")[2].startswith((*READS, "Filter", "Simulate")), action


# What only the real AWS checks, as the service authorization reference has it.
ONLY_REAL = [
    Need(
        "iam:CreateServiceLinkedRole",
        f"{ROLE}/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
        "AWSServiceRoleForApplicationAutoScaling_ECSService",
        {"iam:AWSServiceName": "ecs.application-autoscaling.amazonaws.com"},
    ),
    Need(
        "ecs:ListServiceDeployments",
        SERVICE_ARN,
        {"ecs:cluster": "arn:aws:ecs:us-east-2:123456789012:cluster/pythonide-cluster"},
    ),
    Need(
        "ecs:DescribeServiceDeployments",
        SERVICE_ARN.replace(":service/", ":service-deployment/") + "/NCWGC2ZR",
        {"ecs:cluster": "arn:aws:ecs:us-east-2:123456789012:cluster/pythonide-cluster"},
    ),
    Need(
        "cloudwatch:PutMetricAlarm",
        "arn:aws:cloudwatch:us-east-2:123456789012:alarm:"
        "TargetTracking-service/pythonide-cluster/pythonide-exam-task-service-AlarmHigh-0b1c",
    ),
]


@pytest.mark.parametrize("need", ONLY_REAL, ids=[need.action for need in ONLY_REAL])
def test_the_operator_may_what_only_the_real_aws_checks(need: Need) -> None:
    assert allowed(OPERATOR, need)


@pytest.mark.parametrize(
    "need",
    [
        Need("iam:PassRole", f"{ROLE}/ecsTaskRole", {"iam:PassedToService": "ec2.amazonaws.com"}),
        Need("iam:CreateServiceLinkedRole", ONLY_REAL[0].resource, {"iam:AWSServiceName": "rds.amazonaws.com"}),
        Need("ecs:TagResource", SERVICE_ARN, {"ecs:CreateAction": "RegisterTaskDefinition"}),
        Need("ecs:TagResource", "arn:aws:ecs:us-east-2:123456789012:task-definition/pythonide-exam-task:7"),
        Need("ecs:DeleteService", SERVICE_ARN),
        Need(
            "ecs:DeregisterTaskDefinition", "arn:aws:ecs:us-east-2:123456789012:task-definition/pythonide-exam-task:1"
        ),
    ],
    ids=lambda need: need.action,
)
def test_the_operator_may_not(need: Need) -> None:
    assert not allowed(OPERATOR, need)


@pytest.mark.parametrize(
    ("policy", "without_resource"),
    [
        (OPERATOR, NO_RESOURCE),
        (READER, NO_RESOURCE),
        (READINESS, (NO_RESOURCE | MORE_WITHOUT_RESOURCE) - {"elasticloadbalancing:DescribeTags"}),
        (BUILD, {"ecr:GetAuthorizationToken"}),
        (STATE, set()),
    ],
    ids=["operator", "reader", "readiness", "build", "state"],
)
def test_form(policy: list[dict[str, Any]], without_resource: set[str]) -> None:
    actions = [action for statement in policy for action in statement["Action"]]
    assert not [action for action in actions if "*" in action]
    assert {action for s in policy if s["Resource"] == "*" for action in s["Action"]} == without_resource
    assert len({statement["Sid"] for statement in policy}) == len(policy)
    assert len(set(actions)) == len(actions)
    document = json.dumps({"Version": "2012-10-17", "Statement": policy}, separators=(",", ":"))
    assert len(document) <= MANAGED_POLICY_LIMIT


def test_the_reader_has_the_operators_reads() -> None:
    assert OPERATOR[: len(READER)] == READER
    reads = [action for statement in READER for action in statement["Action"]]
    assert all(action.partition(":")[2].startswith(READS) for action in reads)
    for statement in OPERATOR[len(READER) :]:
        assert any(not action.partition(":")[2].startswith(READS) for action in statement["Action"]) or (
            statement["Sid"] == "ReadFailedTasks"
        )


def test_every_statement_is_explained() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "iam" / "README.md").read_text(), re.MULTILINE)
    assert rows == [statement["Sid"] for statement in OPERATOR]
    text = (ROOT / "docs" / "iam" / "README.md").read_text()
    own = [s["Sid"] for s in READINESS if not s["Sid"].startswith("Optional")]
    own += [s["Sid"] for s in [*BUILD, *STATE, *statements("github-trust")]]
    assert [sid for sid in own if f"`{sid}`" not in text] == []


IMAGES, BUCKET = "arn:aws:ecr:us-east-2:123456789012:repository", "arn:aws:s3:::pythonide-exam-state"
KEY = "arn:aws:kms:us-east-2:123456789012:key"


@pytest.mark.parametrize(
    ("policy", "action", "resource", "foreign"),
    [
        (BUILD, "ecr:PutImage", f"{IMAGES}/pythonide-exam", f"{IMAGES}/pythonide"),
        (BUILD, "ecr:UploadLayerPart", f"{IMAGES}/pythonide-exam", f"{IMAGES}/pythonide-exam-other"),
        (STATE, "s3:ListBucket", BUCKET, f"{BUCKET}-other"),
        (STATE, "s3:GetObject", f"{BUCKET}/.pulumi/stacks/pythonide-exam/exam.json", f"{BUCKET}/other"),
        (STATE, "s3:PutObject", f"{BUCKET}/.pulumi/locks/organization/exam/1.json", f"{BUCKET}-other/.pulumi/x"),
        (STATE, "kms:Decrypt", f"{KEY}/1234abcd-12ab-34cd-56ef-1234567890ab", f"{KEY}/9999abcd"),
    ],
)
def test_github_may_what_is_the_exams_and_nothing_else(
    policy: list[dict[str, Any]], action: str, resource: str, foreign: str
) -> None:
    assert allowed(policy, Need(action, resource))
    assert not allowed(policy, Need(action, foreign))


def test_a_build_rolls_nothing_out_and_a_preview_writes_no_state() -> None:
    assert {action.partition(":")[0] for s in BUILD for action in s["Action"]} == {"ecr"}
    of_preview = [action for statement in STATE[:3] for action in statement["Action"]]
    assert of_preview == ["s3:ListBucket", "s3:GetObject", "kms:Decrypt"]
    assert [s["Sid"] for s in STATE[3:]] == ["WriteState", "EncryptState"]


def test_github_is_trusted_in_one_environment_of_one_repository() -> None:
    (statement,) = statements("github-trust")
    host = "token.actions.githubusercontent.com"
    assert statement["Principal"] == {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{host}"}
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    # Exactly so: a pattern would let other branches, repositories or environments in.
    told = {"aud": "sts.amazonaws.com", "sub": "repo:OWNER/pythonide-exam:environment:exam"}
    assert statement["Condition"] == {"StringEquals": {f"{host}:{claim}": value for claim, value in told.items()}}


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Deny", "Action": "ecs:*", "Resource": "*"},
        {"Effect": "Allow", "NotAction": "ecs:*", "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": "*",
            "Resource": "*",
            "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        },
    ],
    ids=["Deny", "NotAction", "Bool"],
)
def test_what_is_not_modelled_is_no_permission(statement: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not modelled"):
        allowed([statement], Need("ecs:UpdateService", SERVICE_ARN))
