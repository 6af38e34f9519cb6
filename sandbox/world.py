"""The live environment that the sandbox starts with, idle: what runs today, before any `pulumi up`.

It goes straight into moto's backends, so that seeding takes a moment and shows in no list of AWS calls.
"""

import copy
import time
from typing import Any

from moto.acm.models import acm_backends
from moto.ec2.models import ec2_backends
from moto.ecr.models import ecr_backends
from moto.ecs.models import ecs_backends
from moto.efs.models import efs_backends
from moto.elbv2.models import elbv2_backends
from moto.iam.models import iam_backends
from moto.logs.models import logs_backends
from moto.moto_api._internal import mock_random
from moto.moto_api._internal.models import moto_api_backend
from moto.rds.models import rds_backends

from sandbox import postgres, surroundings
from sandbox.ecs import answers, scheduler
from sandbox.ecs.state import LiveService, ecs_of, lock

ACCOUNT = "123456789012"
REGION = "us-east-2"
CLUSTER = "pythonide-cluster"
SERVICE = "pythonide-exam-task-service"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/pythonide-exam:latest"
# Stands for the real credential that the live definition carries in clear; a test looks for it wherever it must not be.
PLANTED_PASSWORD = postgres.PLANTED_PASSWORD
HOST_NAME = "exam.pythonide-classroom.tech"
TAGS = {"Project": "pythonide", "Owner": "operations"}

# What AWS answers for a target group that nobody changed, beside what moto has.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
TARGET_GROUP_ATTRIBUTES = {
    "stickiness.type": "lb_cookie",
    "stickiness.lb_cookie.duration_seconds": "86400",
    "stickiness.app_cookie.duration_seconds": "86400",
    "stickiness.app_cookie.cookie_name": "",
    "slow_start.duration_seconds": "0",
    "load_balancing.algorithm.anomaly_mitigation": "off",
    # HashiCorp's provider writes its own defaults, of which one differs, over those that it finds missing.
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}

TASK_DEFINITION: dict[str, Any] = {
    "family": "pythonide-exam-task",
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "1024",
    "memory": "2048",
    "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/ecsTaskExecutionRole",
    "taskRoleArn": f"arn:aws:iam::{ACCOUNT}:role/ecsTaskRole",
    "containerDefinitions": [
        {
            "name": "pythonide-exam",
            "image": IMAGE,
            "essential": True,
            "portMappings": [{"containerPort": 8080, "protocol": "tcp"}],
            "environment": [
                {
                    "name": "DATABASE_URL",
                    # Nothing listens there: who asks knows at once.
                    "value": postgres.url(9, PLANTED_PASSWORD),
                },
                {"name": "IDE_DATA_PATH", "value": "/mnt/efs/pythonide-data-exam"},
                {"name": "IS_EXAM_MODE", "value": "true"},
                {"name": "MAX_CONCURRENT_EXECUTIONS", "value": "60"},
                {"name": "EXECUTION_TIMEOUT", "value": "30"},
                {"name": "MEMORY_LIMIT_MB", "value": "128"},
            ],
            "mountPoints": [{"sourceVolume": "efs-volume", "containerPath": "/mnt/efs"}],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": "/aws/ecs/pythonide-exam",
                    "awslogs-region": REGION,
                    "awslogs-stream-prefix": "ecs",
                },
            },
        }
    ],
    "volumes": [
        {
            "name": "efs-volume",
            "efsVolumeConfiguration": {
                "fileSystemId": "fs-0123456789abcdef0",
                "transitEncryption": "ENABLED",
                "authorizationConfig": {"iam": "DISABLED"},
            },
        }
    ],
}


def seed(database_url: str | None = None) -> None:
    """Empties AWS and builds the live environment; the same ARNs every time, so that a stack's state stays valid.

    With a database its URL is in the live definition.
    """
    with lock:
        moto_api_backend.reset()
        mock_random.seed(0)
        subnets, security_group, database_group = _network()
        _roles_logs_and_files(subnets)
        _image()
        _database(database_group)
        _service(subnets, security_group, _load_balancer(subnets, security_group), _definition(database_url))
        # After all that has been there for longer: the ARNs above must stay the same.
        surroundings.add(ACCOUNT, REGION, security_group)


def the_service() -> LiveService | None:
    """The exam service, None if it was deleted."""
    live = ecs_of(ecs_backends[ACCOUNT][REGION]).services.get(f"{CLUSTER}/{SERVICE}")
    return None if live is None or live.deleted else live


def _tags(key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    return [{key: name, value: content} for name, content in TAGS.items()]


def _network() -> tuple[list[str], str, str]:
    """Subnets in two zones, the tasks' security group (8080 in), the database's (5432 in)."""
    ec2 = ec2_backends[ACCOUNT][REGION]
    vpc = ec2.create_vpc("10.0.0.0/16")
    subnets = [
        ec2.create_subnet(vpc.id, f"10.0.{number}.0/24", availability_zone=f"{REGION}{zone}").id
        for number, zone in ((1, "a"), (2, "b"))
    ]
    groups = {}
    for name, port in (("pythonide-exam-tasks", "8080"), ("pythonide-db", "5432")):
        group = ec2.create_security_group(name, name, vpc.id)
        ec2.authorize_security_group_ingress(group.id, "tcp", port, port, [{"CidrIp": "10.0.0.0/16"}], vpc_id=vpc.id)
        groups[name] = group.id
    return subnets, groups["pythonide-exam-tasks"], groups["pythonide-db"]


def _roles_logs_and_files(subnets: list[str]) -> None:
    for name in ("ecsTaskExecutionRole", "ecsTaskRole"):
        trust = '{"Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, '
        trust += '"Action": "sts:AssumeRole"}]}'
        iam_backends[ACCOUNT]["aws"].create_role(name, trust, "/", None, "", [], None)
    logs_backends[ACCOUNT][REGION].create_log_group("/aws/ecs/pythonide-exam", {})
    efs = efs_backends[ACCOUNT][REGION]
    files = efs.create_file_system("pythonide", "generalPurpose", True, "", "bursting", 0, "", False, [])
    # The id of the live definition's volume, which AWS would have chosen itself.
    del efs.file_systems_by_id[files.file_system_id]
    files.file_system_id = "fs-0123456789abcdef0"
    efs.file_systems_by_id[files.file_system_id] = files
    for subnet in subnets:
        efs.create_mount_target(files.file_system_id, subnet)


def _image() -> None:
    ecr = ecr_backends[ACCOUNT][REGION]
    ecr.create_repository("pythonide-exam", None, {}, {}, "MUTABLE", [])
    manifest = '{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json"}'
    ecr.put_image("pythonide-exam", manifest, "latest", digest=answers.image_digest(IMAGE))


def _database(security_group: str) -> None:
    rds_backends[ACCOUNT][REGION].create_db_instance(
        {
            "db_instance_identifier": "pythonide-db",
            "db_instance_class": "db.t3.micro",
            "engine": "postgres",
            "engine_version": "16.3",
            "db_name": "pythonide_exam",
            "allocated_storage": 20,
            "port": 5432,
            "master_username": "pythonide",
            "master_user_password": PLANTED_PASSWORD,
            "vpc_security_group_ids": [security_group],
        }
    )


def _load_balancer(subnets: list[str], security_group: str) -> str:
    """The ALB with its HTTPS listener and host rule; returns the target group's ARN."""
    elb = elbv2_backends[ACCOUNT][REGION]
    balancer = elb.create_load_balancer("pythonide-alb", [security_group], subnets, loadbalancer_type="application")
    group = elb.create_target_group(
        "pythonide-exam-tg",
        vpc_id=balancer.vpc_id,
        protocol="HTTP",
        protocol_version="HTTP1",
        port=8080,
        target_type="ip",
        healthcheck_protocol="HTTP",
        healthcheck_path="/api/health",
        healthcheck_interval_seconds=30,
        healthcheck_timeout_seconds=5,
        healthy_threshold_count=5,
        unhealthy_threshold_count=2,
        matcher={"HttpCode": "200"},
        tags=_tags(),
    )
    group.attributes.update(TARGET_GROUP_ATTRIBUTES)
    acm = acm_backends[ACCOUNT][REGION]
    certificate = acm.request_certificate(HOST_NAME, "", [], [])
    acm._certificates[certificate].status = "ISSUED"
    not_found = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain"}}
    listener = elb.create_listener(balancer.arn, "HTTPS", "443", "ELBSecurityPolicy-2016-08", certificate, [not_found])
    to_the_group = {"Type": "forward", "TargetGroupArn": group.arn}
    host = {"Field": "host-header", "HostHeaderConfig": {"Values": [HOST_NAME]}}
    elb.create_rule(listener.arn, [host], 10, [to_the_group])
    arn: str = group.arn
    return arn


def _definition(database_url: str | None) -> dict[str, Any]:
    definition = copy.deepcopy(TASK_DEFINITION) | {"tags": _tags("key", "value")}
    if database_url:
        definition["containerDefinitions"][0]["environment"][0]["value"] = database_url
    return definition


def _service(subnets: list[str], security_group: str, target_group_arn: str, definition: dict[str, Any]) -> None:
    backend = ecs_backends[ACCOUNT][REGION]
    backend.create_cluster(CLUSTER)
    ecs = ecs_of(backend)
    running_since = time.time() - 3600
    ecs.task_definitions.register(definition)
    ecs.create_service(
        CLUSTER,
        {
            "serviceName": SERVICE,
            "taskDefinition": TASK_DEFINITION["family"],
            "desiredCount": 1,
            "launchType": "FARGATE",
            "loadBalancers": [
                {"targetGroupArn": target_group_arn, "containerName": "pythonide-exam", "containerPort": 8080}
            ],
            "networkConfiguration": {
                "awsvpcConfiguration": {
                    "subnets": subnets,
                    "securityGroups": [security_group],
                    "assignPublicIp": "ENABLED",
                }
            },
            "healthCheckGracePeriodSeconds": 60,
            "enableECSManagedTags": True,
            "tags": _tags("key", "value"),
        },
        running_since,
    )
    scheduler.settle(ecs, running_since)
