"""EventBridge rules and their targets, as resource types."""

from typing import Any, ClassVar

from sandbox.plugin.resource import Properties, ResourceType, canonical, capitalised, names, uncapitalised
from sandbox.plugin.tags import key_value, retag, tags_of


class EventRule(ResourceType):
    """`aws:cloudwatch/eventRule:EventRule`: PutRule, by name."""

    service = "events"
    inputs = names("description eventBusName eventPattern name roleArn scheduleExpression state")
    required = frozenset({"name"})
    defaults: ClassVar[Properties] = {"eventBusName": "default"}
    replace_on = frozenset({"eventBusName", "name", "namePrefix"})
    json_inputs = frozenset({"eventPattern"})
    tagged = True

    def create(self, aws: Any, inputs: Properties, timeout: float) -> tuple[str, Properties]:
        """Put the rule, with its tags."""
        bus = inputs["eventBusName"]
        asked = capitalised({name: inputs[name] for name in self.inputs & inputs.keys()})
        aws.put_rule(**asked, Tags=key_value(inputs["tagsAll"]))
        resource_id = inputs["name"] if bus == "default" else f"{bus}/{inputs['name']}"
        return self.read(aws, resource_id, {}) or (resource_id, dict(inputs))

    def read(self, aws: Any, resource_id: str, state: Properties) -> tuple[str, Properties] | None:
        """Describe it by bus and name."""
        bus, name = _bus_and_name(resource_id)
        try:
            rule = aws.describe_rule(Name=name, EventBusName=bus)
        except aws.exceptions.ResourceNotFoundException:
            return None
        tags = {tag["Key"]: tag["Value"] for tag in aws.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"]}
        return resource_id, {
            "arn": rule["Arn"],
            "name": name,
            "eventBusName": bus,
            "description": rule.get("Description", ""),
            "eventPattern": canonical(rule.get("EventPattern", "")),
            "roleArn": rule.get("RoleArn", ""),
            "scheduleExpression": rule.get("ScheduleExpression", ""),
            "state": rule["State"],
            "tags": tags,
            "tagsAll": tags,
        }

    def update(
        self, aws: Any, resource_id: str, state: Properties, inputs: Properties, changed: set[str], timeout: float
    ) -> Properties:
        """Put it again if more than the tags changed."""
        if changed - {"tags", "tagsAll"}:
            aws.put_rule(**capitalised({name: inputs[name] for name in self.inputs & inputs.keys()}))
        if "tagsAll" in changed:
            retag(aws, {"ResourceARN": state["arn"]}, tags_of(state), inputs["tagsAll"])
        found = self.read(aws, resource_id, state)
        return found[1] if found else dict(inputs)

    def delete(self, aws: Any, resource_id: str, state: Properties) -> None:
        """Delete it by bus and name."""
        bus, name = _bus_and_name(resource_id)
        aws.delete_rule(Name=name, EventBusName=bus)


def _bus_and_name(rule_id: str) -> tuple[str, str]:
    bus, _, name = rule_id.rpartition("/")
    return bus or "default", name


class EventTarget(ResourceType):
    """`aws:cloudwatch/eventTarget:EventTarget`: PutTargets, by rule and target id."""

    service = "events"
    inputs = names(
        "arn deadLetterConfig eventBusName input inputPath inputTransformer retryPolicy roleArn rule targetId"
    )
    required = frozenset({"arn", "rule", "targetId"})
    defaults: ClassVar[Properties] = {"eventBusName": "default"}
    replace_on = frozenset({"eventBusName", "rule", "targetId"})
    json_inputs = frozenset({"input"})

    def create(self, aws: Any, inputs: Properties, timeout: float) -> tuple[str, Properties]:
        """Put the target on its rule."""
        target = {name: inputs[name] for name in self.inputs & inputs.keys() - {"eventBusName", "rule", "targetId"}}
        if "inputTransformer" in target:
            transformer = target.pop("inputTransformer")
            target["InputTransformer"] = {
                "InputPathsMap": transformer.get("inputPaths", {}),
                "InputTemplate": transformer["inputTemplate"],
            }
        aws.put_targets(
            Rule=inputs["rule"],
            EventBusName=inputs["eventBusName"],
            Targets=[{"Id": inputs["targetId"], **capitalised(target)}],
        )
        resource_id = f"{inputs['rule']}-{inputs['targetId']}"
        return self.read(aws, resource_id, inputs) or (resource_id, dict(inputs))

    def read(self, aws: Any, resource_id: str, state: Properties) -> tuple[str, Properties] | None:
        """Find it among its rule's targets."""
        keys = {name: state[name] for name in ("rule", "eventBusName", "targetId")}
        try:
            targets = aws.list_targets_by_rule(Rule=keys["rule"], EventBusName=keys["eventBusName"])["Targets"]
        except aws.exceptions.ResourceNotFoundException:
            return None
        for target in targets:
            if target["Id"] == keys["targetId"]:
                found = {
                    **keys,
                    **uncapitalised({k: v for k, v in target.items() if k not in ("Id", "InputTransformer")}),
                }
                if transformer := target.get("InputTransformer"):
                    paths = transformer.get("InputPathsMap", {})
                    found["inputTransformer"] = {"inputPaths": paths, "inputTemplate": transformer["InputTemplate"]}
                return resource_id, found
        return None

    def delete(self, aws: Any, resource_id: str, state: Properties) -> None:
        """Take it off its rule."""
        if self.read(aws, resource_id, state):
            aws.remove_targets(Rule=state["rule"], EventBusName=state["eventBusName"], Ids=[state["targetId"]])
