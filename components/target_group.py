"""The adopted target group: health check, stickiness and draining."""

import pulumi
from pulumi_aws import lb

from components.live import Live
from components.posture import TargetGroup

# Together exactly the SDK's TargetGroup inputs (a test says so).
OWNED = ("deregistration_delay", "health_check", "stickiness")
IGNORED = (
    "connection_termination",
    "ip_address_type",
    "lambda_multi_value_headers_enabled",
    "load_balancing_algorithm_type",
    "load_balancing_anomaly_mitigation",
    "load_balancing_cross_zone_enabled",
    "name",
    "name_prefix",
    "port",
    "preserve_client_ip",
    "protocol",
    "protocol_version",
    "proxy_protocol_v2",
    "region",
    "slow_start",
    "tags",
    "target_control_port",
    "target_group_health",
    "target_type",
    "vpc_id",
)
# Neither given nor ignored: ignored, the provider rejects the nulls that it read back itself (design: target group).
LEFT_OUT = ("target_failovers", "target_health_states")


def target_group(name: str, posture: TargetGroup, live: Live, opts: pulumi.ResourceOptions) -> lb.TargetGroup:
    """Adopt the live target group and set what the posture owns of it; the rest of its health check stays as it is."""
    group = live.target_group
    adopted = pulumi.ResourceOptions(
        import_=group["TargetGroupArn"], retain_on_delete=True, ignore_changes=list(IGNORED)
    )
    return lb.TargetGroup(
        name,
        deregistration_delay=posture.deregistration_delay,
        health_check={
            "enabled": group["HealthCheckEnabled"],
            "protocol": group["HealthCheckProtocol"],
            "port": group["HealthCheckPort"],
            "matcher": group["Matcher"]["HttpCode"],
            "path": posture.path,
            "interval": posture.interval,
            "timeout": posture.timeout,
            "healthy_threshold": posture.healthy_threshold,
            "unhealthy_threshold": posture.unhealthy_threshold,
        },
        stickiness={
            "type": "lb_cookie",
            "enabled": posture.stickiness.enabled,
            "cookie_duration": posture.stickiness.cookie_duration,
        },
        opts=pulumi.ResourceOptions.merge(opts, adopted),
    )


def drains_longer(posture: TargetGroup, live: Live) -> bool:
    """Whether the posture drains longer than what is live: then it may only be set after the stack's own rollout."""
    return posture.deregistration_delay > live.deregistration_delay
