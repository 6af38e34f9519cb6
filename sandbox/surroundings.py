"""What the readiness checklist reads beside the service: the load balancer's own security group, the execution role."""

import json

from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends
from moto.iam.models import iam_backends


def add(account: str, region: str, tasks_group: str) -> None:
    """Adds both to the world; `tasks_group` is the security group of the service's tasks."""
    _own_security_group(account, region, tasks_group)
    _execution_policy(account, region)


def _own_security_group(account: str, region: str, tasks_group: str) -> None:
    """The load balancer's security group (443 in from everywhere), which the tasks' lets in on 8080."""
    ec2 = ec2_backends[account][region]
    (balancer,) = elbv2_backends[account][region].load_balancers.values()
    vpc = balancer.vpc_id
    group = ec2.create_security_group("pythonide-alb", "pythonide-alb", vpc)
    ec2.authorize_security_group_ingress(group.id, "tcp", "443", "443", [{"CidrIp": "0.0.0.0/0"}], vpc_id=vpc)
    sender = [{"GroupId": group.id}]
    ec2.authorize_security_group_ingress(tasks_group, "tcp", "8080", "8080", [], source_groups=sender, vpc_id=vpc)
    balancer.security_groups = [group.id]


def _execution_policy(account: str, region: str) -> None:
    """What ECS does as the execution role: pull the image, write logs, read this application's secrets."""
    start = [
        "ecr:GetAuthorizationToken",
        "ecr:BatchCheckLayerAvailability",
        "ecr:GetDownloadUrlForLayer",
        "ecr:BatchGetImage",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    ]
    secrets = [
        f"arn:aws:secretsmanager:{region}:{account}:secret:pythonide-exam/*",
        f"arn:aws:ssm:{region}:{account}:parameter/pythonide-exam/*",
    ]
    statements = [
        {"Effect": "Allow", "Action": start, "Resource": "*"},
        {"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue", "ssm:GetParameters"], "Resource": secrets},
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam_backends[account]["aws"].put_role_policy("ecsTaskExecutionRole", "execution", policy)
