"""What a call needs to be allowed, and whether policies allow it: action, resource and conditions. Pure.

What an action is checked for is the service authorization reference's:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

# The resource of an action, made of the request's parameters (the first of a list); what is not here has none: "*".
# An ARN's last part stands for it, unless the template is nothing else.
RESOURCES = {
    "ecs:DescribeServices": "service/{cluster}/{services}",
    "ecs:UpdateService": "service/{cluster}/{service}",
    "ecs:DescribeServiceRevisions": "{serviceRevisionArns}",
    "ecs:RegisterTaskDefinition": "task-definition/{family}:*",
    "ecs:ListTasks": "container-instance/{cluster}/*",
    "ecs:DescribeTasks": "{tasks}",
    "ecs:ListServiceDeployments": "service/{cluster}/{service}",
    "ecs:RunTask": "task-definition/{taskDefinition}",
    "ecs:StopTask": "{task}",
    "application-autoscaling:RegisterScalableTarget": "scalable-target/*",
    "application-autoscaling:DeregisterScalableTarget": "scalable-target/*",
    "application-autoscaling:PutScalingPolicy": "scalable-target/*",
    "application-autoscaling:DeleteScalingPolicy": "scalable-target/*",
    "application-autoscaling:PutScheduledAction": "scalable-target/*",
    "application-autoscaling:DeleteScheduledAction": "scalable-target/*",
    "application-autoscaling:ListTagsForResource": "{ResourceARN}",
    "cloudwatch:PutMetricAlarm": "alarm:{AlarmName}",
    "cloudwatch:DescribeAlarms": "alarm:{AlarmNames}",
    "cloudwatch:DescribeAlarmHistory": "alarm:{AlarmName}",
    "cloudwatch:DeleteAlarms": "alarm:{AlarmNames}",
    "cloudwatch:ListTagsForResource": "{ResourceARN}",
    "cloudwatch:PutDashboard": "dashboard/{DashboardName}",
    "cloudwatch:GetDashboard": "dashboard/{DashboardName}",
    "cloudwatch:DeleteDashboards": "dashboard/{DashboardNames}",
    "elasticloadbalancing:ModifyTargetGroup": "{TargetGroupArn}",
    "elasticloadbalancing:ModifyTargetGroupAttributes": "{TargetGroupArn}",
    "events:PutRule": "rule/{Name}",
    "events:DescribeRule": "rule/{Name}",
    "events:DeleteRule": "rule/{Name}",
    "events:PutTargets": "rule/{Rule}",
    "events:RemoveTargets": "rule/{Rule}",
    "events:ListTargetsByRule": "rule/{Rule}",
    "events:ListTagsForResource": "{ResourceARN}",
    "sns:CreateTopic": "{Name}",
    "sns:DeleteTopic": "{TopicArn}",
    "sns:GetTopicAttributes": "{TopicArn}",
    "sns:SetTopicAttributes": "{TopicArn}",
    "sns:ListTagsForResource": "{ResourceArn}",
    "sns:Subscribe": "{TopicArn}",
    "sns:Unsubscribe": "{SubscriptionArn}",
    "sns:GetSubscriptionAttributes": "{SubscriptionArn}",
    "iam:SimulatePrincipalPolicy": "{PolicySourceArn}",
    "rds:DescribeDBInstances": "db:{DBInstanceIdentifier}",
    "secretsmanager:GetSecretValue": "{SecretId}",
    "secretsmanager:DescribeSecret": "{SecretId}",
    "acm:DescribeCertificate": "{CertificateArn}",
    "elasticfilesystem:DescribeFileSystems": "file-system/{FileSystemId}",
    "elasticfilesystem:DescribeMountTargets": "file-system/{FileSystemId}",
    "ecr:DescribeImages": "repository/{repositoryName}",
    # With ":*" for all actions but those on tags:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
    "logs:FilterLogEvents": "log-group:{logGroupName}:*",
    "logs:GetLogEvents": "log-group:{logGroupName}:log-stream:{logStreamName}",
    "sns:ListSubscriptionsByTopic": "{TopicArn}",
    "ssm:GetParameter": "parameter/{Name}",
}
# An ARN of theirs names no region.
EVERYWHERE = ("dashboard/",)
OF_SCALING = {
    "application-autoscaling:service-namespace": "{ServiceNamespace}",
    "application-autoscaling:scalable-dimension": "{ScalableDimension}",
}
# The condition keys of an action, in templates like those above; ECS's own follows from the resource.
CONDITION_KEYS = {
    "application-autoscaling:RegisterScalableTarget": OF_SCALING,
    "application-autoscaling:DeregisterScalableTarget": OF_SCALING,
    "application-autoscaling:PutScalingPolicy": OF_SCALING,
    "application-autoscaling:DeleteScalingPolicy": OF_SCALING,
    "application-autoscaling:PutScheduledAction": OF_SCALING,
    "application-autoscaling:DeleteScheduledAction": OF_SCALING,
    "sns:Subscribe": {"sns:Protocol": "{Protocol}"},
    "ecs:RunTask": {"ecs:cluster": "{cluster}"},
}
IN_CLUSTER = re.compile(r"(arn:aws:ecs:[^:]+:[^:]+):(?:service|service-revision|task|container-instance)/([^/]+)/")


@dataclass(frozen=True)
class Need:
    """An action that a caller must be allowed, on a resource, with the condition keys of his request."""

    action: str
    resource: str = "*"
    context: Mapping[str, str] = field(default_factory=dict)


def needs(action: str, parameter: Callable[[str], Any], where: str) -> Iterable[Need]:
    """What a call needs: the action itself and what AWS asks for beside it.

    Takes `service:Action`, what gives a parameter of the request by its name, and `region:account`. Registering a task
    definition passes its roles on and tags it; running a task passes its definition's roles on: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html,
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html
    """
    resource = _filled(RESOURCES.get(action, "*"), parameter)
    if resource.startswith(EVERYWHERE):
        where = f":{where.partition(':')[2]}"
    if resource != "*" and not resource.startswith("arn:"):
        resource = f"arn:aws:{action.partition(':')[0]}:{where}:{resource}"
    context = {key: _filled(template, parameter) for key, template in CONDITION_KEYS.get(action, {}).items()}
    if within := IN_CLUSTER.match(resource):
        context["ecs:cluster"] = f"{within[1]}:cluster/{within[2]}"
    yield Need(action, resource, context)
    if action in ("ecs:RegisterTaskDefinition", "ecs:RunTask"):
        for role in {parameter("taskRoleArn"), parameter("executionRoleArn")} - {None}:
            yield Need("iam:PassRole", role, {"iam:PassedToService": "ecs-tasks.amazonaws.com"})
    if action == "ecs:RegisterTaskDefinition" and parameter("tags"):
        yield Need("ecs:TagResource", resource, {"ecs:CreateAction": "RegisterTaskDefinition"})


def allowed(statements: Iterable[Mapping[str, Any]], need: Need) -> bool:
    """Whether `Allow` statements allow it. Raises ValueError for a statement of a kind that is not modelled."""
    return any(_allows(statement, need) for statement in statements)


def _allows(statement: Mapping[str, Any], need: Need) -> bool:
    if statement["Effect"] != "Allow" or not {"Action", "Resource"} <= statement.keys():
        raise ValueError(f"not modelled: {statement}")
    actions, resources = _listed(statement["Action"]), _listed(statement["Resource"])
    return (
        any(fnmatchcase(need.action.lower(), pattern.lower()) for pattern in actions)
        and any(fnmatchcase(need.resource, pattern) for pattern in resources)
        and all(_holds(kind, wanted, need.context) for kind, wanted in statement.get("Condition", {}).items())
    )


def _holds(operator: str, wanted: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    if operator not in ("StringEquals", "ArnEquals"):
        raise ValueError(f"not modelled: {operator}")
    return all(context.get(key) in _listed(values) for key, values in wanted.items())


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _filled(template: str, parameter: Callable[[str], Any]) -> str:
    def value(match: re.Match[str]) -> str:
        given = parameter(match[1])
        text = str((given[0] if isinstance(given, list) and given else given) or "*")
        text = text.lstrip("/") if template[: match.start()].endswith("/") else text
        return text if match[0] == template or not text.startswith("arn:") else text.rpartition("/")[2]

    return re.sub(r"\{(\w+)\}", value, template)
