"""The record of AWS calls: names, reads and writes, and errors, over every protocol that the SDKs speak."""

import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.calls import identify
from sandbox.process import Server
from sandbox.world import CLUSTER, SERVICE
from tests.sandbox.conftest import Client


def recorded(server: Server) -> list[tuple[str, str, str, str | None]]:
    return [(c["service"], c["action"], c["kind"], c["error"]) for c in server.ask("GET", "calls")]


def test_neither_the_seeding_nor_the_control_is_recorded(server: Server) -> None:
    server.ask("GET", "status")
    assert recorded(server) == []


@pytest.mark.parametrize(
    ("service", "method", "parameters", "record"),
    [
        ("ecs", "describe_clusters", {}, ("ecs", "DescribeClusters", "read", None)),
        ("ecs", "create_cluster", {"clusterName": "c"}, ("ecs", "CreateCluster", "write", None)),
        (
            "ecs",
            "describe_services",
            {"cluster": "none", "services": ["s"]},
            ("ecs", "DescribeServices", "read", "ClusterNotFoundException"),
        ),
        ("elbv2", "describe_load_balancers", {}, ("elasticloadbalancing", "DescribeLoadBalancers", "read", None)),
        (
            "elbv2",
            "describe_target_groups",
            {"Names": ["none"]},
            ("elasticloadbalancing", "DescribeTargetGroups", "read", "TargetGroupNotFound"),
        ),
        (
            "application-autoscaling",
            "delete_scaling_policy",
            {
                "PolicyName": "none",
                "ServiceNamespace": "ecs",
                "ResourceId": f"service/{CLUSTER}/{SERVICE}",
                "ScalableDimension": "ecs:service:DesiredCount",
            },
            ("application-autoscaling", "DeleteScalingPolicy", "write", "ObjectNotFoundException"),
        ),
        (
            "cloudwatch",
            "put_dashboard",
            {"DashboardName": "d", "DashboardBody": "{}"},
            ("cloudwatch", "PutDashboard", "write", None),
        ),
        (
            "cloudwatch",
            "get_dashboard",
            {"DashboardName": "none"},
            ("cloudwatch", "GetDashboard", "read", "ResourceNotFound"),
        ),
        ("events", "put_rule", {"Name": "r", "EventPattern": "{}"}, ("events", "PutRule", "write", None)),
        (
            "events",
            "describe_rule",
            {"Name": "none"},
            ("events", "DescribeRule", "read", "ResourceNotFoundException"),
        ),
        ("sns", "create_topic", {"Name": "t"}, ("sns", "CreateTopic", "write", None)),
        (
            "sns",
            "get_topic_attributes",
            {"TopicArn": "arn:aws:sns:us-east-2:123456789012:none"},
            ("sns", "GetTopicAttributes", "read", "NotFound"),
        ),
        ("sts", "get_caller_identity", {}, ("sts", "GetCallerIdentity", "read", None)),
        ("rds", "describe_db_instances", {}, ("rds", "DescribeDBInstances", "read", None)),
        ("logs", "describe_log_groups", {}, ("logs", "DescribeLogGroups", "read", None)),
        ("efs", "describe_file_systems", {}, ("elasticfilesystem", "DescribeFileSystems", "read", None)),
        (
            "efs",
            "describe_file_systems",
            {"FileSystemId": "fs-00000000000000000"},
            ("elasticfilesystem", "DescribeFileSystems", "read", "FileSystemNotFound"),
        ),
    ],
)
def test_a_call_is_recorded(
    server: Server,
    client: Client,
    service: str,
    method: str,
    parameters: dict[str, Any],
    record: tuple[str, str, str, str | None],
) -> None:
    failed = None
    try:
        getattr(client(service), method)(**parameters)
    except ClientError as error:
        failed = error.response["Error"]["Code"]
    assert failed == record[3]
    assert recorded(server) == [record]


@pytest.mark.parametrize(
    ("signing_name", "path", "headers", "body", "expected"),
    [
        (
            "ecs",
            "/",
            {"HTTP_X_AMZ_TARGET": "AmazonEC2ContainerServiceV20141113.UpdateService"},
            b"{}",
            "ecs:UpdateService",
        ),
        ("monitoring", "/", {}, b"Action=PutMetricAlarm&Version=2010-08-01", "cloudwatch:PutMetricAlarm"),
        (
            "monitoring",
            "/service/GraniteServiceVersion20100801/operation/PutMetricAlarm",
            {},
            b"\xbf\xff",
            "cloudwatch:PutMetricAlarm",
        ),
        ("elasticfilesystem", "/2015-02-01/file-systems", {}, b"", "elasticfilesystem:DescribeFileSystems"),
    ],
    ids=["JSON", "query", "CBOR", "REST"],
)
def test_every_protocol_is_understood(
    signing_name: str, path: str, headers: dict[str, str], body: bytes, expected: str
) -> None:
    environ = {
        "REQUEST_METHOD": "POST" if body else "GET",
        "PATH_INFO": path,
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential=key/20260101/us-east-2/{signing_name}/aws4_request, more",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        **headers,
    }
    named = identify(environ, body)
    assert named is not None
    assert ":".join(named) == expected


def test_a_request_that_nobody_signed_is_no_call() -> None:
    assert identify({"PATH_INFO": "/"}, b"Action=ListTopics") is None


def test_calls_at_the_same_time_are_all_recorded(server: Server, client: Client) -> None:
    ecs = client("ecs")

    def describe() -> None:
        for _ in range(10):
            ecs.describe_services(cluster=CLUSTER, services=[SERVICE], include=["TAGS"])

    threads = [threading.Thread(target=describe) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert recorded(server) == [("ecs", "DescribeServices", "read", None)] * 80
    server.ask("DELETE", "calls")
    assert recorded(server) == []
