"""The target group of a load balancer, as a resource type."""

from typing import Any, ClassVar

from sandbox.plugin.resource import Properties, RefusedError, ResourceType
from sandbox.plugin.tags import key_value, tags_of

# pulumi-aws's name: the parameter of ModifyTargetGroup.
HEALTH_CHECK = {
    "enabled": "HealthCheckEnabled",
    "healthyThreshold": "HealthyThresholdCount",
    "interval": "HealthCheckIntervalSeconds",
    "matcher": "Matcher",
    "path": "HealthCheckPath",
    "port": "HealthCheckPort",
    "protocol": "HealthCheckProtocol",
    "timeout": "HealthCheckTimeoutSeconds",
    "unhealthyThreshold": "UnhealthyThresholdCount",
}
# pulumi-aws's name: the target group attribute's.
ATTRIBUTES = {
    "deregistrationDelay": "deregistration_delay.timeout_seconds",
    "loadBalancingAlgorithmType": "load_balancing.algorithm.type",
    "loadBalancingAnomalyMitigation": "load_balancing.algorithm.anomaly_mitigation",
    "loadBalancingCrossZoneEnabled": "load_balancing.cross_zone.enabled",
    "slowStart": "slow_start.duration_seconds",
}
NUMBERS = frozenset({"deregistrationDelay", "slowStart"})
FIXED = {
    "ipAddressType": "IpAddressType",
    "name": "TargetGroupName",
    "port": "Port",
    "protocol": "Protocol",
    "protocolVersion": "ProtocolVersion",
    "targetType": "TargetType",
    "vpcId": "VpcId",
}


class TargetGroup(ResourceType):
    """`aws:lb/targetGroup:TargetGroup`: adopted by ARN, its health check and attributes changed, never created."""

    service = "elbv2"
    replace_on = frozenset({*FIXED, "namePrefix"})
    # Inputs of other kinds of target groups, which an ALB's group reads back as nulls.
    foreign = frozenset({"connectionTermination", "preserveClientIp", "targetFailovers", "targetHealthStates"})
    late_defaults: ClassVar[Properties] = {"lambdaMultiValueHeadersEnabled": False, "proxyProtocolV2": False}
    inputs = replace_on | {*ATTRIBUTES, "healthCheck", "stickiness"} | foreign | set(late_defaults)
    read_defaults: ClassVar[Properties] = {
        "healthCheck": {
            "enabled": True,
            "healthyThreshold": 3,
            "interval": 30,
            "port": "traffic-port",
            "protocol": "HTTP",
            "unhealthyThreshold": 3,
        },
        "stickiness": {"cookieDuration": 86400, "cookieName": "", "enabled": True},
    }
    tagged = True

    def create(self, aws: Any, inputs: Properties, timeout: float) -> tuple[str, Properties]:
        """Refuse: the sandbox's target group is there already."""
        raise RefusedError("the sandbox's AWS plugin adopts target groups and creates none: import it by ARN")

    def read(self, aws: Any, resource_id: str, state: Properties) -> tuple[str, Properties] | None:
        """Describe it, its attributes and its tags by ARN."""
        try:
            group = aws.describe_target_groups(TargetGroupArns=[resource_id])["TargetGroups"][0]
        except aws.exceptions.TargetGroupNotFoundException:
            return None
        pairs = aws.describe_target_group_attributes(TargetGroupArn=resource_id)["Attributes"]
        attributes = {pair["Key"]: pair["Value"] for pair in pairs}
        described = aws.describe_tags(ResourceArns=[resource_id])["TagDescriptions"][0]
        tags = {tag["Key"]: tag["Value"] for tag in described["Tags"]}
        check = {name: group.get(parameter) for name, parameter in HEALTH_CHECK.items()}
        return resource_id, {
            **{name: group.get(parameter) for name, parameter in FIXED.items()},
            **{name: _typed(name, attributes.get(key)) for name, key in ATTRIBUTES.items() if key in attributes},
            **{name: state.get(name) for name in self.late_defaults},
            "arn": resource_id,
            "arnSuffix": resource_id.rpartition(":")[2],
            "healthCheck": {**check, "matcher": group.get("Matcher", {}).get("HttpCode", "")},
            "stickiness": _stickiness(attributes),
            "tags": tags,
            "tagsAll": tags,
            "targetFailovers": [{"onDeregistration": None, "onUnhealthy": None}],
            "targetHealthStates": [{"enableUnhealthyConnectionTermination": None}],
        }

    def update(
        self, aws: Any, resource_id: str, state: Properties, inputs: Properties, changed: set[str], timeout: float
    ) -> Properties:
        """Change the health check with one call and the attributes with another, each only if it changed."""
        if foreign := changed & self.foreign:
            raise RefusedError(f"the sandbox's AWS plugin cannot change {', '.join(sorted(foreign))} of a target group")
        if "healthCheck" in changed:
            asked = {HEALTH_CHECK[name]: value for name, value in inputs["healthCheck"].items()}
            if "Matcher" in asked:
                asked["Matcher"] = {"HttpCode": asked["Matcher"]}
            aws.modify_target_group(TargetGroupArn=resource_id, **asked)
        attributes = {ATTRIBUTES[name]: inputs[name] for name in ATTRIBUTES.keys() & changed & inputs.keys()}
        if "stickiness" in changed:
            attributes |= _sticky_attributes(inputs["stickiness"])
        if attributes:
            pairs = [{"Key": key, "Value": _text(value)} for key, value in sorted(attributes.items())]
            aws.modify_target_group_attributes(TargetGroupArn=resource_id, Attributes=pairs)
        if "tagsAll" in changed:
            _retag(aws, resource_id, tags_of(state), inputs["tagsAll"])
        late = {name: inputs.get(name, default) for name, default in self.late_defaults.items()}
        found = self.read(aws, resource_id, late)
        if found is None:
            raise RefusedError(f"target group {resource_id} is gone")
        return found[1]

    def delete(self, aws: Any, resource_id: str, state: Properties) -> None:
        """Refuse: nobody's target group is this project's to delete."""
        raise RefusedError("the sandbox's AWS plugin never deletes a target group: set retain_on_delete")


def _stickiness(attributes: dict[str, str]) -> Properties:
    kind = attributes.get("stickiness.type", "lb_cookie")
    return {
        "enabled": attributes.get("stickiness.enabled") == "true",
        "type": kind,
        "cookieDuration": int(attributes.get(f"stickiness.{kind}.duration_seconds", 0)),
        "cookieName": attributes.get("stickiness.app_cookie.cookie_name", ""),
    }


def _sticky_attributes(stickiness: Properties) -> dict[str, Any]:
    kind = stickiness["type"]
    asked = {"stickiness.enabled": stickiness.get("enabled", True), "stickiness.type": kind}
    if "cookieDuration" in stickiness:
        asked[f"stickiness.{kind}.duration_seconds"] = stickiness["cookieDuration"]
    if stickiness.get("cookieName"):
        asked["stickiness.app_cookie.cookie_name"] = stickiness["cookieName"]
    return asked


def _typed(name: str, value: str | None) -> Any:
    return int(value or 0) if name in NUMBERS else value


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _retag(aws: Any, arn: str, old: dict[str, str], new: dict[str, str]) -> None:
    if gone := sorted(old.keys() - new.keys()):
        aws.remove_tags(ResourceArns=[arn], TagKeys=gone)
    if new != old:
        aws.add_tags(ResourceArns=[arn], Tags=key_value(new))
