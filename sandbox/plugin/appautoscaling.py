"""Application Auto Scaling's scalable target, scaling policy and scheduled action, as resource types."""

from datetime import datetime
from typing import Any, ClassVar

from sandbox.plugin.resource import Properties, ResourceType, capitalised, uncapitalised

SCALED = frozenset({"resourceId", "scalableDimension", "serviceNamespace"})


def scaled(properties: Properties) -> dict[str, str]:
    """What is scaled, as every call names it."""
    named: dict[str, str] = capitalised({name: properties[name] for name in SCALED})
    return named


class Target(ResourceType):
    """`aws:appautoscaling/target:Target`: RegisterScalableTarget, by what is scaled."""

    service = "application-autoscaling"
    inputs = SCALED | {"maxCapacity", "minCapacity", "roleArn", "suspendedState"}
    required = SCALED | {"maxCapacity", "minCapacity"}
    replace_on = SCALED
    tagged = True

    def create(self, aws: Any, inputs: Properties, timeout: float) -> tuple[str, Properties]:
        """Register it, or set the bounds of the one that is there."""
        asked = capitalised({name: inputs[name] for name in (self.inputs - {"roleArn"}) & inputs.keys()})
        if "roleArn" in inputs:
            asked["RoleARN"] = inputs["roleArn"]
        # Not one call more: AWS takes tags with a new target only.
        there = self.read(aws, inputs["resourceId"], inputs) if inputs["tagsAll"] else None
        if inputs["tagsAll"] and not there:
            asked["Tags"] = inputs["tagsAll"]
        aws.register_scalable_target(**asked)
        if there:
            aws.tag_resource(ResourceARN=there[1]["arn"], Tags=inputs["tagsAll"])
        return self.read(aws, inputs["resourceId"], inputs) or (inputs["resourceId"], dict(inputs))

    def read(self, aws: Any, resource_id: str, state: Properties) -> tuple[str, Properties] | None:
        """Describe it by namespace, resource and dimension."""
        named = scaled(state)
        found = aws.describe_scalable_targets(
            ServiceNamespace=named["ServiceNamespace"],
            ResourceIds=[resource_id],
            ScalableDimension=named["ScalableDimension"],
        )["ScalableTargets"]
        if not found:
            return None
        target = found[0]
        # Only tags that the program gave are its business, and asking costs a call.
        tags = aws.list_tags_for_resource(ResourceARN=target["ScalableTargetARN"])["Tags"] if state.get("tags") else {}
        return resource_id, {
            **{name: state[name] for name in SCALED},
            "arn": target.get("ScalableTargetARN", ""),
            "minCapacity": target["MinCapacity"],
            "maxCapacity": target["MaxCapacity"],
            "roleArn": target.get("RoleARN", ""),
            "suspendedState": uncapitalised(target.get("SuspendedState")),
            "tags": tags,
            "tagsAll": tags,
        }

    def update(
        self, aws: Any, resource_id: str, state: Properties, inputs: Properties, changed: set[str], timeout: float
    ) -> Properties:
        """Set the bounds."""
        gone = sorted((state.get("tags") or {}).keys() - inputs["tagsAll"].keys())
        if gone:
            aws.untag_resource(ResourceARN=state["arn"], TagKeys=gone)
        return self.create(aws, inputs, timeout)[1]

    def delete(self, aws: Any, resource_id: str, state: Properties) -> None:
        """Deregister it: what it scaled keeps its count."""
        if self.read(aws, resource_id, state):
            aws.deregister_scalable_target(**scaled(state))


class Policy(ResourceType):
    """`aws:appautoscaling/policy:Policy`: PutScalingPolicy (target tracking), by name."""

    service = "application-autoscaling"
    inputs = SCALED | {"name", "policyType", "targetTrackingScalingPolicyConfiguration"}
    required = SCALED | {"name", "targetTrackingScalingPolicyConfiguration"}
    defaults: ClassVar[Properties] = {"policyType": "StepScaling"}
    replace_on = SCALED | {"name"}

    def create(self, aws: Any, inputs: Properties, timeout: float) -> tuple[str, Properties]:
        """Put the policy."""
        aws.put_scaling_policy(
            **scaled(inputs),
            PolicyName=inputs["name"],
            PolicyType=inputs["policyType"],
            TargetTrackingScalingPolicyConfiguration=capitalised(inputs["targetTrackingScalingPolicyConfiguration"]),
        )
        return self.read(aws, inputs["name"], inputs) or (inputs["name"], dict(inputs))

    def read(self, aws: Any, resource_id: str, state: Properties) -> tuple[str, Properties] | None:
        """Describe it by name; the filter on names is not relied upon."""
        found = aws.describe_scaling_policies(**scaled(state), PolicyNames=[resource_id])["ScalingPolicies"]
        for policy in found:
            if policy["PolicyName"] == resource_id:
                tracking = policy.get("TargetTrackingScalingPolicyConfiguration", {})
                return resource_id, {
                    **{name: state[name] for name in SCALED},
                    "arn": policy["PolicyARN"],
                    "alarmArns": [alarm["AlarmARN"] for alarm in policy.get("Alarms", [])],
                    "name": resource_id,
                    "policyType": policy["PolicyType"],
                    "targetTrackingScalingPolicyConfiguration": {"disableScaleIn": False, **uncapitalised(tracking)},
                }
        return None

    def delete(self, aws: Any, resource_id: str, state: Properties) -> None:
        """Delete it by name."""
        if self.read(aws, resource_id, state):
            aws.delete_scaling_policy(**scaled(state), PolicyName=resource_id)


class ScheduledAction(ResourceType):
    """`aws:appautoscaling/scheduledAction:ScheduledAction`: PutScheduledAction, by name."""

    service = "application-autoscaling"
    inputs = SCALED | {"endTime", "name", "scalableTargetAction", "schedule", "startTime", "timezone"}
    required = SCALED | {"name", "scalableTargetAction", "schedule"}
    defaults: ClassVar[Properties] = {"timezone": "UTC"}
    replace_on = SCALED | {"name"}

    def create(self, aws: Any, inputs: Properties, timeout: float) -> tuple[str, Properties]:
        """Put the action."""
        asked = {name: inputs[name] for name in (self.inputs - SCALED - {"name"}) & inputs.keys()}
        aws.put_scheduled_action(**scaled(inputs), ScheduledActionName=inputs["name"], **capitalised(asked))
        resource_id = f"{inputs['name']}-{inputs['serviceNamespace']}-{inputs['resourceId']}"
        return self.read(aws, resource_id, inputs) or (resource_id, dict(inputs))

    def read(self, aws: Any, resource_id: str, state: Properties) -> tuple[str, Properties] | None:
        """Describe it by name."""
        found = aws.describe_scheduled_actions(**scaled(state), ScheduledActionNames=[state["name"]])[
            "ScheduledActions"
        ]
        if not found:
            return None
        action = found[0]
        return resource_id, {
            **{name: state[name] for name in SCALED | {"name"}},
            "arn": action["ScheduledActionARN"],
            "schedule": action["Schedule"],
            "timezone": action.get("Timezone", ""),
            "startTime": _time(action.get("StartTime")),
            "endTime": _time(action.get("EndTime")),
            "scalableTargetAction": uncapitalised(action["ScalableTargetAction"]),
        }

    def delete(self, aws: Any, resource_id: str, state: Properties) -> None:
        """Delete it by name."""
        if self.read(aws, resource_id, state):
            aws.delete_scheduled_action(**scaled(state), ScheduledActionName=state["name"])


def _time(value: datetime | None) -> str | None:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if value else None
