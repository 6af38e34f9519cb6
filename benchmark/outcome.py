"""What a switch has brought about, so that contestants are held to the same."""

import json
from typing import Any

from components.aws import Access
from components.live import read_live
from components.settings import Settings
from components.task_definition import FILLED_IN
from sandbox.world import REGION

# What AWS counts, and when it counted it.
OF_THE_MOMENT = ("AlarmArn", "AlarmConfigurationUpdatedTimestamp", "StateUpdatedTimestamp", "StateValue", "StateReason")


def outcome(settings: Settings, name: str) -> dict[str, Any]:
    """Everything that differs between two postures of the service, as AWS has it now; `name` is the component's."""
    access = Access(REGION)
    live = read_live(access, settings)
    alarms = access.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"{name}-")["MetricAlarms"]
    rule = access.client("events").describe_rule(Name=f"{name}-deployment")
    group = {key: value for key, value in live.target_group.items() if key != "LoadBalancerArns"}
    return {
        "desired count": live.desired_count,
        "running": live.service["runningCount"],
        "circuit breaker": live.service["deploymentConfiguration"].get("deploymentCircuitBreaker"),
        "definition": _definition(live.task_definition),
        "resolution": live.resolution,
        "target group": group,
        "attributes": live.target_group_attributes,
        "bounds": [live.scalable_target and live.scalable_target[key] for key in ("MinCapacity", "MaxCapacity")],
        "policies": [
            (policy["PolicyName"], policy["TargetTrackingScalingPolicyConfiguration"])
            for policy in live.scaling_policies
        ],
        "alarms": [_alarm(alarm) for alarm in alarms],
        "events": json.loads(rule["EventPattern"]),
    }


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """What of two outcomes is not the same, by name."""
    return [name for name in one if one[name] != other[name]]


def _alarm(alarm: dict[str, Any]) -> dict[str, Any]:
    content = {key: value for key, value in alarm.items() if key not in OF_THE_MOMENT}
    return {**content, "Dimensions": sorted(alarm["Dimensions"], key=lambda dimension: str(dimension["Name"]))}


def _definition(definition: dict[str, Any]) -> dict[str, Any]:
    content = {key: value for key, value in definition.items() if key not in FILLED_IN}
    content["tags"] = sorted(content["tags"], key=lambda tag: str(tag["key"]))
    # HashiCorp's provider spells the default out; a volume means the same without it.
    content["volumes"] = [
        {key: value for key, value in volume.items() if (key, value) != ("configuredAtLaunch", False)}
        for volume in content["volumes"]
    ]
    return content
