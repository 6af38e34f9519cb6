"""SNS topics, their policies and subscriptions, as resource types."""

import json
from typing import Any, ClassVar

from sandbox.plugin.resource import Properties, ResourceType, canonical
from sandbox.plugin.tags import key_value, retag, tags_of

# pulumi-aws's name: the topic attribute's.
TOPIC_ATTRIBUTES = {
    "deliveryPolicy": "DeliveryPolicy",
    "displayName": "DisplayName",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "policy": "Policy",
}
# pulumi-aws's name: the subscription attribute's.
SUBSCRIPTION_ATTRIBUTES = {
    "deliveryPolicy": "DeliveryPolicy",
    "filterPolicy": "FilterPolicy",
    "rawMessageDelivery": "RawMessageDelivery",
}


def topic_attributes(aws: Any, arn: str) -> dict[str, str] | None:
    """A topic's attributes; None if there is no such topic."""
    try:
        return dict(aws.get_topic_attributes(TopicArn=arn)["Attributes"])
    except aws.exceptions.NotFoundException:
        return None


class Topic(ResourceType):
    """`aws:sns/topic:Topic`: CreateTopic, which answers the one of that name if it is there."""

    service = "sns"
    inputs = frozenset({"name", *TOPIC_ATTRIBUTES})
    required = frozenset({"name"})
    replace_on = frozenset({"fifoTopic", "name", "namePrefix"})
    json_inputs = frozenset({"deliveryPolicy", "policy"})
    tagged = True

    def create(self, aws: Any, inputs: Properties, timeout: float) -> tuple[str, Properties]:
        """Create the topic, with its tags and attributes."""
        arn = aws.create_topic(Name=inputs["name"], Tags=key_value(inputs["tagsAll"]))["TopicArn"]
        self._set(aws, arn, inputs, TOPIC_ATTRIBUTES.keys() & inputs.keys())
        return self.read(aws, arn, {}) or (arn, dict(inputs))

    def read(self, aws: Any, resource_id: str, state: Properties) -> tuple[str, Properties] | None:
        """Get its attributes and tags."""
        found = topic_attributes(aws, resource_id)
        if found is None:
            return None
        tags = {tag["Key"]: tag["Value"] for tag in aws.list_tags_for_resource(ResourceArn=resource_id)["Tags"]}
        attributes = {name: found.get(attribute, "") for name, attribute in TOPIC_ATTRIBUTES.items()}
        return resource_id, {
            **attributes,
            "arn": resource_id,
            "name": resource_id.rpartition(":")[2],
            "owner": found["Owner"],
            "policy": canonical(found.get("Policy", "")),
            "tags": tags,
            "tagsAll": tags,
        }

    def update(
        self, aws: Any, resource_id: str, state: Properties, inputs: Properties, changed: set[str], timeout: float
    ) -> Properties:
        """Set the changed attributes and tags."""
        self._set(aws, resource_id, inputs, TOPIC_ATTRIBUTES.keys() & changed)
        if "tagsAll" in changed:
            retag(aws, {"ResourceArn": resource_id}, tags_of(state), inputs["tagsAll"])
        found = self.read(aws, resource_id, state)
        return found[1] if found else dict(inputs)

    def delete(self, aws: Any, resource_id: str, state: Properties) -> None:
        """Delete it; SNS takes an ARN that is gone for done."""
        aws.delete_topic(TopicArn=resource_id)

    def _set(self, aws: Any, arn: str, inputs: Properties, names: set[str]) -> None:
        for name in sorted(names):
            value = inputs.get(name, "")
            aws.set_topic_attributes(TopicArn=arn, AttributeName=TOPIC_ATTRIBUTES[name], AttributeValue=value)


class TopicPolicy(ResourceType):
    """`aws:sns/topicPolicy:TopicPolicy`: the attribute Policy of a topic."""

    service = "sns"
    inputs = frozenset({"arn", "policy"})
    required = inputs
    replace_on = frozenset({"arn"})
    json_inputs = frozenset({"policy"})

    def create(self, aws: Any, inputs: Properties, timeout: float) -> tuple[str, Properties]:
        """Set the policy."""
        arn = inputs["arn"]
        aws.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=inputs["policy"])
        return self.read(aws, arn, {}) or (arn, dict(inputs))

    def read(self, aws: Any, resource_id: str, state: Properties) -> tuple[str, Properties] | None:
        """Get the topic's policy."""
        found = topic_attributes(aws, resource_id)
        if not found or not found.get("Policy"):
            return None
        return resource_id, {"arn": resource_id, "owner": found["Owner"], "policy": canonical(found["Policy"])}

    def delete(self, aws: Any, resource_id: str, state: Properties) -> None:
        """Give the topic a policy that lets its owner alone publish: a topic cannot be without one."""
        if topic_attributes(aws, resource_id) is None:
            return
        owner = {
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": ["SNS:Publish", "SNS:Subscribe", "SNS:GetTopicAttributes", "SNS:SetTopicAttributes"],
            "Resource": resource_id,
            "Condition": {"StringEquals": {"AWS:SourceOwner": state["owner"]}},
        }
        policy = json.dumps({"Version": "2008-10-17", "Statement": [owner]})
        aws.set_topic_attributes(TopicArn=resource_id, AttributeName="Policy", AttributeValue=policy)


class TopicSubscription(ResourceType):
    """`aws:sns/topicSubscription:TopicSubscription`: Subscribe, which answers the one that is there already."""

    service = "sns"
    inputs = frozenset({"endpoint", "protocol", "topic", *SUBSCRIPTION_ATTRIBUTES})
    required = frozenset({"endpoint", "protocol", "topic"})
    defaults: ClassVar[Properties] = {"confirmationTimeoutInMinutes": 1}
    replace_on = frozenset({"endpoint", "protocol", "topic"})
    json_inputs = frozenset({"deliveryPolicy", "filterPolicy"})
    local = frozenset({"confirmationTimeoutInMinutes", "endpointAutoConfirms"})

    def create(self, aws: Any, inputs: Properties, timeout: float) -> tuple[str, Properties]:
        """Subscribe. An e-mail address stays pending until its reader confirms; nobody waits for that."""
        arn = aws.subscribe(
            TopicArn=inputs["topic"],
            Protocol=inputs["protocol"],
            Endpoint=inputs["endpoint"],
            Attributes={
                SUBSCRIPTION_ATTRIBUTES[k]: _text(inputs[k]) for k in SUBSCRIPTION_ATTRIBUTES.keys() & inputs.keys()
            },
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        return self.read(aws, arn, inputs) or (arn, dict(inputs))

    def read(self, aws: Any, resource_id: str, state: Properties) -> tuple[str, Properties] | None:
        """Get its attributes."""
        try:
            found = aws.get_subscription_attributes(SubscriptionArn=resource_id)["Attributes"]
        except aws.exceptions.NotFoundException:
            return None
        return resource_id, {
            "arn": resource_id,
            "topic": found["TopicArn"],
            "protocol": found["Protocol"],
            "endpoint": found["Endpoint"],
            "deliveryPolicy": found.get("DeliveryPolicy", ""),
            "filterPolicy": found.get("FilterPolicy", ""),
            "rawMessageDelivery": found.get("RawMessageDelivery") == "true",
            "pendingConfirmation": found.get("PendingConfirmation") == "true",
            "ownerId": found["Owner"],
        }

    def update(
        self, aws: Any, resource_id: str, state: Properties, inputs: Properties, changed: set[str], timeout: float
    ) -> Properties:
        """Set the changed attributes."""
        for name in sorted(SUBSCRIPTION_ATTRIBUTES.keys() & changed):
            aws.set_subscription_attributes(
                SubscriptionArn=resource_id,
                AttributeName=SUBSCRIPTION_ATTRIBUTES[name],
                AttributeValue=_text(inputs.get(name, "")),
            )
        found = self.read(aws, resource_id, inputs)
        return found[1] if found else dict(inputs)

    def delete(self, aws: Any, resource_id: str, state: Properties) -> None:
        """Unsubscribe; SNS drops a pending one by itself and refuses to do so before."""
        found = self.read(aws, resource_id, state)
        if found and not found[1]["pendingConfirmation"]:
            aws.unsubscribe(SubscriptionArn=resource_id)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
