"""The component: which parts, in which order."""

import pulumi

from components import (
    alarms,
    autoscaling,
    confirmation,
    count,
    dashboard,
    figures,
    monitoring,
    notifications,
    revert,
    rollout,
    service,
    target_group,
    task_definition,
)
from components.live import STANDARD, Live
from components.settings import Settings


class PythonIdeExam(pulumi.ComponentResource):
    """One live exam service in the posture of `settings`.

    Declares: the derived task definition, the adopted service and target group, the scalable target and its target
    tracking policies, the alarms and their dashboard, the SNS topic with its policy and subscriptions, the event rule
    for deployments; where the posture names the exam's end, the scheduled action and event rule of revert.py.
    Every child and every AWS name begins with `name`, so a program may hold several.

    Outputs: `task_definition` (family:revision that the service uses), `desired_count` (tasks).
    """

    name: str
    task_definition: pulumi.Output[str]
    desired_count: int

    def __init__(
        self, name: str, settings: Settings, live: Live, idle: Settings, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare everything; raises ExamError where the live definition cannot be expressed.

        `idle` is the posture that a forgotten revert is bounded to.
        """
        super().__init__("pythonide:exam:PythonIdeExam", name, None, opts)
        self.name = name

        def child(*depends_on: pulumi.Resource) -> pulumi.ResourceOptions:
            return pulumi.ResourceOptions(parent=self, depends_on=list(depends_on))

        derived = task_definition.derive(live.task_definition, settings.container, settings)
        own = task_definition.task_definition(f"{name}-task-definition", derived, child())
        # The running revision is kept where it already is the posture: no rollout for nothing.
        keep = task_definition.same(derived, live.task_definition)
        revision = pulumi.Output.from_input(
            live.revision if keep else pulumi.Output.concat(own.family, ":", own.revision.apply(str))
        )
        self.desired_count = figures.desired_count(settings, live.desired_count)

        # Bounds first, or the old minimum would fight the new count.
        bounds = autoscaling.scalable_target(f"{name}-scalable-target", settings, child())
        before: list[pulumi.CustomResource] = [bounds]
        # A policy may go by the high-resolution metrics only while these are there: it is put after the rollout that
        # begins them, and changed before the one that ends them.
        policy_last = settings.autoscaling.resolution == autoscaling.HIGH
        policies = []
        if not policy_last:
            policies = autoscaling.scaling_policies(name, settings, bounds, child(bounds), STANDARD)
            before += policies
        # The shorter deregistration delay is in force during the stack's own rollout (design: draining).
        raised = target_group.drains_longer(settings.target_group, live)
        if not raised:
            group = target_group.target_group(f"{name}-target-group", settings.target_group, live, child())
            before.append(group)
        opts_of_service = child(*before)
        opts_of_service.hooks = rollout.checked(name, settings, live)
        metrics = monitoring.Monitoring(settings, live)
        adopted = service.service(
            f"{name}-service",
            settings,
            live.service,
            metrics.ahead(revision, before),
            count.latest(settings, live, before),
            opts_of_service,
        )
        rolled_out = rollout.finished(
            settings,
            live,
            adopted.task_definition,
            begun=metrics.due,
            complete=policy_last and not autoscaling.goes_by_high_resolution(live),
        )
        resolution = metrics.in_force(rolled_out)
        if policy_last:
            policies = autoscaling.scaling_policies(name, settings, bounds, child(bounds, adopted), resolution)
        if raised:
            group = target_group.target_group(f"{name}-target-group", settings.target_group, live, child(adopted))
        confirmed = confirmation.confirmed(settings, live, rolled_out, [group, *policies])
        self.task_definition = revert.lifted(settings, live, confirmed)

        topic = notifications.topic(name, settings.notify, child())
        started = [notifications.STARTED] if settings.alarms.deployment_started else []
        events = [notifications.FAILED, *started]
        notifications.deployment_rule(name, live.service["serviceArn"], events, topic.arn, child())
        revert.bound(name, settings, idle.task_count, bounds, topic.arn, confirmed, child())
        declared = alarms.alarms(name, settings, live, topic.arn, child())
        dashboard.dashboard(name, settings, live, declared, child())
        self.register_outputs({"taskDefinition": self.task_definition, "desiredCount": self.desired_count})
