"""The adopted ECS service: which inputs this program owns, and which it leaves alone."""

from typing import Any

import pulumi
from pulumi_aws import ecs

from components.settings import Settings

# Together exactly the SDK's Service inputs (a test says so): a new input must be put in one of the two.
# An input that is neither given nor ignored is removed from the live service after an import (design: adopting).
OWNED = ("cluster", "deployment_circuit_breaker", "desired_count", "task_definition", "wait_for_steady_state")
IGNORED = (
    "alarms",
    "availability_zone_rebalancing",
    "capacity_provider_strategies",
    "deployment_configuration",
    "deployment_controller",
    "deployment_maximum_percent",
    "deployment_minimum_healthy_percent",
    "enable_ecs_managed_tags",
    "enable_execute_command",
    "force_delete",
    "force_new_deployment",
    "health_check_grace_period_seconds",
    "iam_role",
    "launch_type",
    "load_balancers",
    "name",
    "network_configuration",
    "ordered_placement_strategies",
    "placement_constraints",
    "platform_version",
    "propagate_tags",
    "region",
    "scheduling_strategy",
    "service_connect_configuration",
    "service_registries",
    "sigint_rollback",
    "tags",
    "triggers",
    "volume_configuration",
    "vpc_lattice_configurations",
)
STEADY_STATE_MINUTES = 20


def service(
    name: str,
    settings: Settings,
    live: dict[str, Any],
    task_definition: pulumi.Input[str],
    desired_count: pulumi.Input[int] | None,
    opts: pulumi.ResourceOptions,
) -> ecs.Service:
    """Adopt the live service and set what the posture owns of it.

    `task_definition` is family:revision, the form in which an import reads it back; `live` is the service as
    DescribeServices gives it. The import id is always <cluster>/<service>: another form later would be a replacement.
    A `desired_count` of None leaves the count alone.
    """
    limit = f"{STEADY_STATE_MINUTES}m"
    adopted = pulumi.ResourceOptions(
        import_=f"{settings.cluster}/{settings.service}",
        retain_on_delete=True,
        ignore_changes=[*IGNORED, *(["desired_count"] if desired_count is None else [])],
        custom_timeouts=pulumi.CustomTimeouts(create=limit, update=limit),
    )
    return ecs.Service(
        name,
        cluster=live["clusterArn"],
        task_definition=task_definition,
        desired_count=desired_count,
        deployment_circuit_breaker={"enable": True, "rollback": True},
        wait_for_steady_state=True,
        opts=pulumi.ResourceOptions.merge(opts, adopted),
    )
