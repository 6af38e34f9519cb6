"""What moto alone would get wrong beside ECS: load balancing, autoscaling; and the upserts that are relied on."""

from typing import Any

from sandbox.process import Server
from sandbox.world import CLUSTER
from tests.sandbox.aws import (
    SCALABLE,
    attributes,
    error_of,
)
from tests.sandbox.conftest import Client


def test_scalable_target_and_policy_are_upserts(client: Client) -> None:
    scaling, cloudwatch = client("application-autoscaling"), client("cloudwatch")
    policy: dict[str, Any] = {
        **SCALABLE,
        "PolicyName": "cpu",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 22.5,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        },
    }
    assert error_of(scaling.put_scaling_policy, **policy) == "ObjectNotFoundException"
    elsewhere = SCALABLE | {"ResourceId": f"service/{CLUSTER}/nobody"}
    assert (
        error_of(scaling.register_scalable_target, **elsewhere, MinCapacity=1, MaxCapacity=1) == "ValidationException"
    )
    arns = {
        scaling.register_scalable_target(**SCALABLE, MinCapacity=low, MaxCapacity=high)["ScalableTargetARN"]
        for low, high in ((2, 6), (1, 1))
    }
    assert len(arns) == 1
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 1)
    first = scaling.put_scaling_policy(**policy)
    policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] = 45
    second = scaling.put_scaling_policy(**policy)
    assert first["PolicyARN"] == second["PolicyARN"]
    scaling.put_scaling_policy(**policy | {"PolicyName": "other"})
    (one,) = scaling.describe_scaling_policies(ServiceNamespace="ecs", PolicyNames=["cpu"])["ScalingPolicies"]
    assert one["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 45
    alarms = cloudwatch.describe_alarms()["MetricAlarms"]
    assert sorted(a["Threshold"] for a in alarms) == [40.5, 40.5, 45, 45]
    scaling.deregister_scalable_target(**SCALABLE)
    assert scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"] == []
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []
    assert error_of(scaling.deregister_scalable_target, **SCALABLE) == "ObjectNotFoundException"
    assert error_of(scaling.delete_scaling_policy, **SCALABLE, PolicyName="cpu") == "ObjectNotFoundException"


def test_tags_of_scalable_targets(client: Client) -> None:
    scaling = client("application-autoscaling")
    arn = scaling.register_scalable_target(**SCALABLE, MinCapacity=1, MaxCapacity=1, Tags={"a": "1"})[
        "ScalableTargetARN"
    ]
    scaling.tag_resource(ResourceARN=arn, Tags={"b": "2"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"b": "2"}
    assert error_of(scaling.list_tags_for_resource, ResourceARN=arn + "x") == "ResourceNotFoundException"


def test_an_alarm_is_an_upsert(server: Server, client: Client) -> None:
    cloudwatch = client("cloudwatch")
    alarm = {
        "AlarmName": "cpu",
        "Namespace": "AWS/ECS",
        "MetricName": "CPUUtilization",
        "ComparisonOperator": "GreaterThanThreshold",
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 2,
        "Dimensions": [{"Name": "ClusterName", "Value": CLUSTER}],
    }
    for threshold in (80, 40):
        cloudwatch.put_metric_alarm(**alarm, Threshold=threshold)
    (kept,) = cloudwatch.describe_alarms(AlarmNames=["cpu"])["MetricAlarms"]
    assert {k: kept[k] for k in alarm} == alarm
    assert kept["Threshold"] == 40
    assert server.ask("GET", "status")["world"]["alarms"] == ["cpu"]


def test_the_target_group_changes_for_real(client: Client) -> None:
    elb = client("elbv2")
    (group,) = elb.describe_target_groups(Names=["pythonide-exam-tg"])["TargetGroups"]
    arn = group["TargetGroupArn"]
    changes = {
        "HealthCheckPath": "/health",
        "HealthCheckIntervalSeconds": 20,
        "HealthCheckTimeoutSeconds": 6,
        "HealthyThresholdCount": 2,
        "UnhealthyThresholdCount": 3,
        "Matcher": {"HttpCode": "200-299"},
    }
    elb.modify_target_group(TargetGroupArn=arn, **changes)
    (changed,) = elb.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
    assert changed == group | changes
    stickiness = {"stickiness.enabled": "true", "stickiness.lb_cookie.duration_seconds": "600"}
    before = attributes(elb)
    elb.modify_target_group_attributes(
        TargetGroupArn=arn, Attributes=[{"Key": key, "Value": value} for key, value in stickiness.items()]
    )
    assert attributes(elb) == before | stickiness
    assert error_of(elb.describe_target_health, TargetGroupArn=arn + "x") == "TargetGroupNotFound"
    too_long = [{"Key": "deregistration_delay.timeout_seconds", "Value": "3601"}]
    assert error_of(elb.modify_target_group_attributes, TargetGroupArn=arn, Attributes=too_long) == "ValidationError"


def test_notifications_are_upserts(client: Client) -> None:
    sns, events = client("sns"), client("events")
    topics = {sns.create_topic(Name="alarms")["TopicArn"] for _ in range(2)}
    (topic,) = topics
    for _ in range(2):
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.org", ReturnSubscriptionArn=True)
        events.put_rule(Name="failed", EventPattern='{"source": ["aws.ecs"]}')
        events.put_targets(Rule="failed", Targets=[{"Id": "topic", "Arn": topic}])
    assert len(sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]) == 1
    assert len(events.list_targets_by_rule(Rule="failed")["Targets"]) == 1
