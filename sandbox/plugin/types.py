"""The resource types that the stand-in knows, by Pulumi's token."""

from sandbox.plugin.appautoscaling import Policy, ScheduledAction, Target
from sandbox.plugin.cloudwatch import Dashboard, MetricAlarm
from sandbox.plugin.ecs_service import Service
from sandbox.plugin.ecs_task_definition import TaskDefinition
from sandbox.plugin.events import EventRule, EventTarget
from sandbox.plugin.lb import TargetGroup
from sandbox.plugin.resource import ResourceType
from sandbox.plugin.sns import Topic, TopicPolicy, TopicSubscription

TYPES: dict[str, ResourceType] = {
    "aws:appautoscaling/policy:Policy": Policy(),
    "aws:appautoscaling/scheduledAction:ScheduledAction": ScheduledAction(),
    "aws:appautoscaling/target:Target": Target(),
    "aws:cloudwatch/dashboard:Dashboard": Dashboard(),
    "aws:cloudwatch/eventRule:EventRule": EventRule(),
    "aws:cloudwatch/eventTarget:EventTarget": EventTarget(),
    "aws:cloudwatch/metricAlarm:MetricAlarm": MetricAlarm(),
    "aws:ecs/service:Service": Service(),
    "aws:ecs/taskDefinition:TaskDefinition": TaskDefinition(),
    "aws:lb/targetGroup:TargetGroup": TargetGroup(),
    "aws:sns/topic:Topic": Topic(),
    "aws:sns/topicPolicy:TopicPolicy": TopicPolicy(),
    "aws:sns/topicSubscription:TopicSubscription": TopicSubscription(),
}
