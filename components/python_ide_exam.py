"""The component: which parts, in which order."""

import pulumi

from components import alarms, autoscaling, figures, notifications, rollout, service, target_group, task_definition
from components.live import Live
from components.settings import Settings


class PythonIdeExam(pulumi.ComponentResource):
    """One live exam service in the posture of `settings`.

    Declares: the derived task definition, the adopted service and target group, the scalable target and its target
    tracking policies, the alarms, the SNS topic with its policy and subscriptions, the event rule for deployments.
    Every child and every AWS name begins with `name`, so a program may hold several.

    Outputs: `task_definition` (family:revision that the service uses), `desired_count` (tasks).
    """

    name: str
    task_definition: pulumi.Output[str]
    desired_count: int

    def __init__(self, name: str, settings: Settings, live: Live, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare everything; raises ExamError where the live definition cannot be expressed."""
        super().__init__("pythonide:exam:PythonIdeExam", name, None, opts)
        self.name = name

        def child(*depends_on: pulumi.Resource) -> pulumi.ResourceOptions:
            return pulumi.ResourceOptions(parent=self, depends_on=list(depends_on))

        derived = task_definition.derive(live.task_definition, settings.container, settings)
        own = task_definition.task_definition(f"{name}-task-definition", derived, child())
        # The running revision is kept where it already is the posture: no rollout for nothing.
        keep = task_definition.same(derived, live.task_definition)
        self.task_definition = pulumi.Output.from_input(
            live.revision if keep else pulumi.Output.concat(own.family, ":", own.revision.apply(str))
        )
        self.desired_count = figures.desired_count(settings, live.desired_count)

        # Bounds first, or the old minimum would fight the new count; the policy before the service, so that one
        # rollout covers whatever AWS does for it.
        bounds = autoscaling.scalable_target(f"{name}-scalable-target", settings, child())
        policies = autoscaling.scaling_policies(name, settings, bounds, child(bounds))
        before: list[pulumi.Resource] = [bounds, *policies]
        # The shorter deregistration delay is in force during the stack's own rollout (design: draining).
        raised = target_group.drains_longer(settings.target_group, live)
        if not raised:
            before.append(target_group.target_group(f"{name}-target-group", settings.target_group, live, child()))
        opts_of_service = child(*before)
        opts_of_service.hooks = rollout.checked(name, live.access, settings)
        adopted = service.service(
            f"{name}-service", settings, live.service, self.task_definition, self.desired_count, opts_of_service
        )
        if raised:
            target_group.target_group(f"{name}-target-group", settings.target_group, live, child(adopted))

        topic = notifications.topic(name, settings.notify, child())
        started = [notifications.STARTED] if settings.alarms.deployment_started else []
        events = [notifications.FAILED, *started]
        notifications.deployment_rule(name, live.service["serviceArn"], events, topic.arn, child())
        alarms.alarms(name, settings, live, topic.arn, child())
        self.register_outputs({"taskDefinition": self.task_definition, "desiredCount": self.desired_count})
