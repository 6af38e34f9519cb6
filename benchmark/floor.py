"""The least that a switch can be: `python -m benchmark.floor exam` writes with boto3 what differs, and nothing else.

No preview, no guard, no state, no line for a mistake. The alarms and the rule are there already: the program made them.
"""

import copy
import json
import sys
from pathlib import Path
from typing import Any

import boto3
import yaml

CLUSTER, SERVICE, NAME = "pythonide-cluster", "pythonide-exam-task-service", "pythonide-exam"
SCALING = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
RESOURCE = f"service/{CLUSTER}/{SERVICE}"
HIGH = 20  # seconds


def main(stack: str) -> None:
    """Read, compare, write, wait."""
    config = yaml.safe_load(Path(f"Pulumi.{stack}.yaml").read_text())["config"]
    posture = {key.partition(":")[2]: value for key, value in config.items()}
    ecs = boto3.client("ecs")
    service = ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0]
    bounds(posture["autoscaling"])
    # A policy on the high-resolution metrics, and the longer delay, come after the rollout.
    after = posture["autoscaling"]["resolution"] == HIGH
    if not after:
        around(posture, service)
    rollout(ecs, posture, service)
    if after:
        around(posture, service)
    alarms(posture)
    rule(posture)


def bounds(wanted: dict[str, Any]) -> None:
    """The scalable target."""
    scaling = boto3.client("application-autoscaling")
    both = {"MinCapacity": wanted["min"], "MaxCapacity": wanted["max"]}
    target = scaling.describe_scalable_targets(**SCALING, ResourceIds=[RESOURCE])["ScalableTargets"][0]
    if any(target[key] != value for key, value in both.items()):
        scaling.register_scalable_target(**SCALING, ResourceId=RESOURCE, **both)


def rollout(ecs: Any, posture: dict[str, Any], service: dict[str, Any]) -> None:
    """The definition derived from the live one, the count and the metrics' resolution, until the service is stable."""
    answer = ecs.describe_task_definition(taskDefinition=service["taskDefinition"], include=["TAGS"])
    old = taken(ecs, "RegisterTaskDefinition", {**answer["taskDefinition"], "tags": answer["tags"]})
    new = copy.deepcopy(old) | {"cpu": str(posture["cpu"]), "memory": str(posture["memory"])}
    new["containerDefinitions"][0].pop("healthCheck", None)
    if posture["healthCheck"]:
        new["containerDefinitions"][0]["healthCheck"] = posture["healthCheck"]
    if new == old and service["desiredCount"] == posture["taskCount"]:
        return
    seconds = posture["autoscaling"]["resolution"]
    metrics = {"metricNames": ["CPUUtilization", "MemoryUtilization"], "resolutionSeconds": seconds}
    ecs.update_service(
        cluster=CLUSTER,
        service=SERVICE,
        taskDefinition=ecs.register_task_definition(**new)["taskDefinition"]["taskDefinitionArn"],
        desiredCount=posture["taskCount"],
        monitoring={"metricConfigurations": [metrics]},
    )
    often = {"Delay": 0.1, "MaxAttempts": 600}
    ecs.get_waiter("services_stable").wait(cluster=CLUSTER, services=[SERVICE], WaiterConfig=often)


def around(posture: dict[str, Any], service: dict[str, Any]) -> None:
    """What comes before the rollout or after it: target group and scaling policy."""
    elb, arn, group = boto3.client("elbv2"), service["loadBalancers"][0]["targetGroupArn"], posture["targetGroup"]
    check = {
        "HealthCheckPath": group["path"],
        "HealthyThresholdCount": group["healthyThreshold"],
        "UnhealthyThresholdCount": group["unhealthyThreshold"],
    }
    live = elb.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"][0]
    if any(live[key] != value for key, value in check.items()):
        elb.modify_target_group(TargetGroupArn=arn, **check)
    wanted = {
        "stickiness.enabled": str(group["stickiness"]["enabled"]).lower(),
        "deregistration_delay.timeout_seconds": str(group["deregistrationDelay"]),
    }
    pairs = elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    if wanted.items() - {pair["Key"]: pair["Value"] for pair in pairs}.items():
        both = [{"Key": key, "Value": value} for key, value in wanted.items()]
        elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=both)
    scaling, policy = boto3.client("application-autoscaling"), posture["autoscaling"]
    high = "HighResolution" if policy["resolution"] == HIGH else ""
    tracking = {
        "TargetValue": policy["targetCpu"] * 1024 / posture["cpu"],
        "PredefinedMetricSpecification": {"PredefinedMetricType": f"ECSServiceAverageCPUUtilization{high}"},
        "ScaleOutCooldown": policy["scaleOutCooldown"],
        "ScaleInCooldown": policy["scaleInCooldown"],
        "DisableScaleIn": policy["disableScaleIn"],
    }
    name = {**SCALING, "ResourceId": RESOURCE}
    (old,) = scaling.describe_scaling_policies(**name)["ScalingPolicies"]
    if old["TargetTrackingScalingPolicyConfiguration"] != tracking:
        kept = {key: old[key] for key in ("PolicyName", "PolicyType")}
        scaling.put_scaling_policy(**name, **kept, TargetTrackingScalingPolicyConfiguration=tracking)


def alarms(posture: dict[str, Any]) -> None:
    """The two alarms whose thresholds differ between the postures."""
    cloudwatch, cpu = boto3.client("cloudwatch"), posture["alarms"]["cpu"] * 1024 / posture["cpu"]
    least = posture["autoscaling"]["min"]
    wanted = {
        f"{NAME}-cpu": (cpu, f"CPU above {posture['alarms']['cpu']} % of usable = {cpu:g} % of the task"),
        f"{NAME}-healthy-hosts": (least, f"fewer than {least} healthy targets"),
    }
    for alarm in cloudwatch.describe_alarms(AlarmNames=list(wanted))["MetricAlarms"]:
        threshold, text = wanted[alarm["AlarmName"]]
        if alarm["Threshold"] != threshold:
            new = {**alarm, "Threshold": threshold, "AlarmDescription": text}
            cloudwatch.put_metric_alarm(**taken(cloudwatch, "PutMetricAlarm", new))


def rule(posture: dict[str, Any]) -> None:
    """The deployments that are told of."""
    events = boto3.client("events")
    live = events.describe_rule(Name=f"{NAME}-deployment")
    pattern = json.loads(live["EventPattern"])
    started = ["SERVICE_DEPLOYMENT_IN_PROGRESS"] if posture["alarms"]["deploymentStarted"] else []
    if pattern["detail"]["eventName"] != ["SERVICE_DEPLOYMENT_FAILED", *started]:
        pattern["detail"]["eventName"] = ["SERVICE_DEPLOYMENT_FAILED", *started]
        events.put_rule(Name=live["Name"], Description=live["Description"], EventPattern=json.dumps(pattern))


def taken(client: Any, action: str, described: dict[str, Any]) -> dict[str, Any]:
    """What an action takes of what AWS describes."""
    fields = client.meta.service_model.operation_model(action).input_shape.members
    return {key: value for key, value in described.items() if key in fields}


if __name__ == "__main__":
    main(sys.argv[1])
