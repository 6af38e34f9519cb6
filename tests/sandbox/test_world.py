"""The live environment as boto3 sees it, and the task definitions in it."""

from sandbox.process import Server
from sandbox.world import ACCOUNT, CLUSTER, HOST_NAME, IMAGE, PLANTED_PASSWORD, SERVICE, TASK_DEFINITION
from tests.sandbox.aws import (
    ECS_TAGS,
    NAMES,
    attributes,
    definition,
    deploy,
    error_of,
    the_service,
)
from tests.sandbox.conftest import Client


def test_the_world_is_idle_and_steady_from_the_start(server: Server, client: Client) -> None:
    service = the_service(client("ecs"))
    assert server.ask("GET", "status")["world"] == {
        "service": {
            "desired": 1,
            "running": 1,
            "taskDefinition": "pythonide-exam-task:1",
            "cpu": 1024,
            "memory": 2048,
            "image": IMAGE,
            "deployments": [
                {
                    "status": "PRIMARY",
                    "rolloutState": "COMPLETED",
                    "taskDefinition": "pythonide-exam-task:1",
                    "desired": 1,
                    "running": 1,
                    "failed": 0,
                }
            ],
        },
        "autoscaling": None,
        "targets": {"healthy": 1, "total": 1},
        "alarms": [],
    }
    assert service["taskDefinition"].endswith(":task-definition/pythonide-exam-task:1")
    assert service["launchType"] == "FARGATE"
    assert service["healthCheckGracePeriodSeconds"] == 60
    assert service["enableExecuteCommand"] is False
    assert service["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "ENABLED"
    assert len(service["networkConfiguration"]["awsvpcConfiguration"]["subnets"]) == 2
    assert service["tags"] == ECS_TAGS
    client("ecs").get_waiter("services_stable").wait(cluster=CLUSTER, services=[SERVICE])


def test_the_things_around_the_service(client: Client) -> None:
    elb = client("elbv2")
    (balancer,) = elb.describe_load_balancers(Names=["pythonide-alb"])["LoadBalancers"]
    (listener,) = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    rules = elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
    (group,) = elb.describe_target_groups(Names=["pythonide-exam-tg"])["TargetGroups"]
    assert listener["Protocol"] == "HTTPS"
    forwards = {c["HostHeaderConfig"]["Values"][0]: r["Actions"][0] for r in rules for c in r["Conditions"]}
    assert forwards[HOST_NAME]["TargetGroupArn"] == group["TargetGroupArn"]
    health_check = {k: v for k, v in group.items() if k.startswith("HealthCheck") or k.endswith("Count")}
    assert health_check == {
        "HealthCheckProtocol": "HTTP",
        "HealthCheckPort": "traffic-port",
        "HealthCheckEnabled": True,
        "HealthCheckPath": "/api/health",
        "HealthCheckIntervalSeconds": 30,
        "HealthCheckTimeoutSeconds": 5,
        "HealthyThresholdCount": 5,
        "UnhealthyThresholdCount": 2,
    }
    assert attributes(elb)["deregistration_delay.timeout_seconds"] == "300"
    assert attributes(elb)["stickiness.enabled"] == "false"
    (database,) = client("rds").describe_db_instances(DBInstanceIdentifier="pythonide-db")["DBInstances"]
    assert (database["Engine"], database["DBName"]) == ("postgres", "pythonide_exam")
    (volume,) = definition(client("ecs"))["volumes"]
    files = client("efs").describe_file_systems(FileSystemId=volume["efsVolumeConfiguration"]["fileSystemId"])
    assert len(files["FileSystems"]) == 1
    (image,) = client("ecr").describe_images(repositoryName="pythonide-exam")["imageDetails"]
    assert image["imageTags"] == ["latest"]
    assert client("sts").get_caller_identity()["Account"] == ACCOUNT
    assert client("iam").get_role(RoleName="ecsTaskRole")
    groups = client("logs").describe_log_groups(logGroupNamePrefix="/aws/ecs/pythonide-exam")["logGroups"]
    assert len(groups) == 1


def test_a_reset_gives_the_same_world_with_the_same_names(server: Server, client: Client) -> None:
    ecs = client("ecs")
    before = the_service(ecs)
    deploy(ecs, cpu="2048", memory="4096")
    client("cloudwatch").put_dashboard(DashboardName="d", DashboardBody="{}")
    server.ask("POST", "reset")
    after = the_service(ecs)
    assert server.ask("GET", "status")["steady"]
    for same in ("loadBalancers", "networkConfiguration", "taskDefinition", "desiredCount"):
        assert after[same] == before[same]
    assert client("cloudwatch").list_dashboards()["DashboardEntries"] == []


def test_another_region_is_empty(client: Client) -> None:
    assert error_of(client("ecs", "eu-west-1").describe_services, cluster=CLUSTER, services=[SERVICE]) == (
        "ClusterNotFoundException"
    )
    assert client("ecs").describe_services(cluster=CLUSTER, services=["nobody"])["failures"][0]["reason"] == "MISSING"


def test_a_task_definition_keeps_every_field(client: Client) -> None:
    ecs = client("ecs")
    live = definition(ecs)
    assert live["volumes"][0]["efsVolumeConfiguration"]["authorizationConfig"] == {"iam": "DISABLED"}
    assert live["containerDefinitions"][0]["environment"] == TASK_DEFINITION["containerDefinitions"][0]["environment"]
    assert PLANTED_PASSWORD in live["containerDefinitions"][0]["environment"][0]["value"]
    assert live["tags"] == ECS_TAGS
    full = live | {
        "family": "full",
        "ephemeralStorage": {"sizeInGiB": 40},
        "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
        "enableFaultInjection": True,
        "pidMode": "task",
    }
    full["containerDefinitions"][0] |= {
        "healthCheck": {"command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3, "startPeriod": 60},
        "ulimits": [{"name": "nofile", "softLimit": 1024, "hardLimit": 4096}],
        "secrets": [{"name": "S", "valueFrom": "/a/parameter"}],
        "restartPolicy": {"enabled": True},
        "versionConsistency": "enabled",
    }
    registered = ecs.register_task_definition(**full)
    assert registered["tags"] == ECS_TAGS
    assert definition(ecs, "full") == full
    assert definition(ecs, registered["taskDefinition"]["taskDefinitionArn"]) == full
    assert "tags" not in ecs.describe_task_definition(taskDefinition="full")


def test_revisions_are_numbered_listed_and_deregistered(client: Client) -> None:
    ecs = client("ecs")
    for _ in range(2):
        ecs.register_task_definition(**definition(ecs))
    arns = ecs.list_task_definitions(familyPrefix="pythonide-exam-task")["taskDefinitionArns"]
    assert [arn[-2:] for arn in arns] == [":1", ":2", ":3"]
    ecs.deregister_task_definition(taskDefinition="pythonide-exam-task:3")
    assert ecs.describe_task_definition(taskDefinition="pythonide-exam-task")["taskDefinition"]["revision"] == 2
    assert ecs.describe_task_definition(taskDefinition=arns[2])["taskDefinition"]["status"] == "INACTIVE"
    assert error_of(ecs.update_service, **NAMES, taskDefinition="pythonide-exam-task:3") == "ClientException"
    assert error_of(ecs.describe_task_definition, taskDefinition="pythonide-exam-task:9") == "ClientException"
