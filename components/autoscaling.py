"""The scalable target (bounds) and its target tracking policies."""

import pulumi
from pulumi_aws import appautoscaling

from components.figures import cpu_percent
from components.settings import Settings

NAMESPACE, DIMENSION = "ecs", "ecs:service:DesiredCount"


def scalable_target(name: str, settings: Settings, opts: pulumi.ResourceOptions) -> appautoscaling.Target:
    """Declare the bounds of the service's desired count. An upsert: the other stack's is taken over."""
    return appautoscaling.Target(
        name,
        service_namespace=NAMESPACE,
        scalable_dimension=DIMENSION,
        resource_id=f"service/{settings.cluster}/{settings.service}",
        min_capacity=settings.autoscaling.min,
        max_capacity=settings.autoscaling.max,
        opts=opts,
    )


def scaling_policies(
    name: str, settings: Settings, target: appautoscaling.Target, opts: pulumi.ResourceOptions
) -> list[appautoscaling.Policy]:
    """Declare target tracking on CPU and, where the posture asks for it, on memory.

    `<name>-cpu-scaling-policy` is the name that the main IDE's pipeline uses too, so there is one policy to own.
    """
    scaling = settings.autoscaling
    targets = {"cpu": ("ECSServiceAverageCPUUtilization", _aws_cpu(settings))}
    if scaling.target_memory is not None:
        targets["memory"] = ("ECSServiceAverageMemoryUtilization", scaling.target_memory)
    return [
        appautoscaling.Policy(
            f"{name}-{kind}-scaling-policy",
            name=f"{name}-{kind}-scaling-policy",
            policy_type="TargetTrackingScaling",
            service_namespace=target.service_namespace,
            scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            target_tracking_scaling_policy_configuration={
                "predefined_metric_specification": {"predefined_metric_type": metric},
                "target_value": value,
                "scale_in_cooldown": scaling.scale_in_cooldown,
                "scale_out_cooldown": scaling.scale_out_cooldown,
                "disable_scale_in": scaling.disable_scale_in,
            },
            opts=opts,
        )
        for kind, (metric, value) in targets.items()
    ]


def _aws_cpu(settings: Settings) -> float:
    return cpu_percent(settings.autoscaling.target_cpu, settings.cpu, settings.application).aws
