"""The scalable target (bounds) and its target tracking policies."""

import pulumi
from pulumi_aws import appautoscaling

from components.figures import cpu_percent
from components.live import SCALING, Live
from components.settings import Settings

# What AWS adds to the name of a metric, and how often ECS publishes it then, in seconds.
HIGH_RESOLUTION, HIGH = "HighResolution", 20


def scalable_target(name: str, settings: Settings, opts: pulumi.ResourceOptions) -> appautoscaling.Target:
    """Declare the bounds of the service's desired count. An upsert: the other stack's is taken over."""
    return appautoscaling.Target(
        name,
        service_namespace=SCALING["ServiceNamespace"],
        scalable_dimension=SCALING["ScalableDimension"],
        resource_id=settings.resource_id,
        min_capacity=settings.autoscaling.min,
        max_capacity=settings.autoscaling.max,
        opts=opts,
    )


def scaling_policies(
    name: str,
    settings: Settings,
    target: appautoscaling.Target,
    opts: pulumi.ResourceOptions,
    resolution: pulumi.Input[int],
) -> list[appautoscaling.Policy]:
    """Declare target tracking on CPU and, where the posture asks for it, on memory.

    `resolution` is how often ECS publishes both, in seconds: it decides which of AWS's two kinds of metric is tracked.
    `<name>-cpu-scaling-policy` is the name that the main IDE's pipeline uses too, so there is one policy to own.
    """
    scaling = settings.autoscaling
    targets = {"cpu": ("ECSServiceAverageCPUUtilization", _aws_cpu(settings))}
    if scaling.target_memory is not None:
        targets["memory"] = ("ECSServiceAverageMemoryUtilization", scaling.target_memory)
    suffix = pulumi.Output.from_input(resolution).apply(lambda seconds: HIGH_RESOLUTION if seconds == HIGH else "")
    return [
        appautoscaling.Policy(
            f"{name}-{kind}-scaling-policy",
            name=f"{name}-{kind}-scaling-policy",
            policy_type="TargetTrackingScaling",
            service_namespace=target.service_namespace,
            scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            target_tracking_scaling_policy_configuration={
                "predefined_metric_specification": {"predefined_metric_type": pulumi.Output.concat(metric, suffix)},
                "target_value": value,
                "scale_in_cooldown": scaling.scale_in_cooldown,
                "scale_out_cooldown": scaling.scale_out_cooldown,
                "disable_scale_in": scaling.disable_scale_in,
            },
            opts=opts,
        )
        for kind, (metric, value) in targets.items()
    ]


def goes_by_high_resolution(live: Live) -> bool:
    """Whether a policy that is there tracks a high-resolution metric."""
    return any(HIGH_RESOLUTION in str(policy) for policy in live.scaling_policies)


def _aws_cpu(settings: Settings) -> float:
    return cpu_percent(settings.autoscaling.target_cpu, settings.cpu, settings.application).aws
