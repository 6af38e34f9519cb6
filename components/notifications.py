"""Who is told: one SNS topic, its policy and subscriptions, and the event rule for failed deployments."""

import json
from typing import Any

import pulumi
from pulumi_aws import cloudwatch, sns

# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
FAILED, STARTED = "SERVICE_DEPLOYMENT_FAILED", "SERVICE_DEPLOYMENT_IN_PROGRESS"


def topic(name: str, notify: list[str], opts: pulumi.ResourceOptions) -> sns.Topic:
    """Declare the topic, the policy that lets CloudWatch and EventBridge publish, and an e-mail subscription each."""
    declared = sns.Topic(f"{name}-alarms", name=f"{name}-alarms", opts=opts)
    sns.TopicPolicy(f"{name}-alarms", arn=declared.arn, policy=declared.arn.apply(_policy), opts=opts)
    for address in notify:
        sns.TopicSubscription(
            f"{name}-alarms-{address}", topic=declared.arn, protocol="email", endpoint=address, opts=opts
        )
    return declared


def deployment_rule(
    name: str, service_arn: str, events: list[str], topic_arn: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> None:
    """Declare the event rule that tells the topic of `events` of the service's deployments."""
    pattern = {
        "source": ["aws.ecs"],
        "detail-type": ["ECS Deployment State Change"],
        "resources": [service_arn],
        "detail": {"eventName": events},
    }
    rule = cloudwatch.EventRule(
        f"{name}-deployment",
        name=f"{name}-deployment",
        description="A deployment of the exam service failed or, during an exam, started.",
        event_pattern=json.dumps(pattern, sort_keys=True),
        opts=opts,
    )
    cloudwatch.EventTarget(f"{name}-deployment", rule=rule.name, target_id="alarms", arn=topic_arn, opts=opts)


def _policy(topic_arn: str) -> str:
    def publish(service: str) -> dict[str, Any]:
        return {
            "Sid": service.partition(".")[0],
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sns:Publish",
            "Resource": topic_arn,
        }

    statements = [publish("cloudwatch.amazonaws.com"), publish("events.amazonaws.com")]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, sort_keys=True)
