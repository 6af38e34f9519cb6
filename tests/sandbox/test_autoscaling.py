"""A load on the service, the metrics that are published of it, and the autoscaling that follows them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox import surge
from sandbox.process import Server
from sandbox.world import CLUSTER, SERVICE
from tests.postures import settings
from tests.sandbox.aws import NAMES, SCALABLE, deploy, error_of, eventually, steady, the_service
from tests.sandbox.conftest import Client

METRIC = "ECSServiceAverageCPUUtilization"


def monitor(ecs: Any, resolution: int, *metrics: str) -> None:
    names = list(metrics or ("CPUUtilization", "MemoryUtilization"))
    asked = {"metricConfigurations": [{"metricNames": names, "resolutionSeconds": resolution}]}
    ecs.update_service(**NAMES, monitoring=asked)
    eventually(lambda: steady(ecs))


def policy(metric: str = METRIC, **changes: Any) -> dict[str, Any]:
    tracking = {"TargetValue": 45, "PredefinedMetricSpecification": {"PredefinedMetricType": metric}, **changes}
    return {
        **SCALABLE,
        "PolicyName": "cpu",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": tracking,
    }


def activity(server: Server) -> dict[str, Any]:
    return dict(eventually(lambda: server.ask("GET", "load")["activities"])[0])


def test_without_a_load_nothing_is_published_nor_scaled(server: Server, client: Client) -> None:
    scaling = client("application-autoscaling")
    scaling.register_scalable_target(**SCALABLE, MinCapacity=1, MaxCapacity=6)
    scaling.put_scaling_policy(**policy())
    assert server.ask("GET", "load") == {
        "vcpus": None,
        "seconds": 0,
        "resolution": 0,
        "published": [],
        "activities": [],
    }
    assert client("cloudwatch").list_metrics(Namespace="AWS/ECS")["Metrics"] == []


@pytest.mark.parametrize(("resolution", "metric"), [(60, METRIC), (20, f"{METRIC}HighResolution"), (20, METRIC)])
def test_a_load_above_the_target_scales_out_after_three_datapoints(
    resolution: int, metric: str, server: Server, client: Client
) -> None:
    ecs, scaling = client("ecs"), client("application-autoscaling")
    monitor(ecs, resolution)
    scaling.register_scalable_target(**SCALABLE, MinCapacity=1, MaxCapacity=6)
    scaling.put_scaling_policy(**policy(metric))
    server.ask("POST", "load", {"vcpus": 0.9})
    # AWS's seconds, of which 900 go by in one of ours here; 0.9 / 0.45 tasks.
    period = 20 if metric.endswith("HighResolution") else 60
    assert activity(server) == {"seconds": 3 * period, "from": 1, "to": 2}
    eventually(lambda: steady(ecs) and the_service(ecs)["runningCount"] == 2)
    told = server.ask("GET", "load")
    assert told["resolution"] == resolution
    assert told["published"][:3] == [pytest.approx(90)] * 3
    server.ask("DELETE", "load")


def test_what_is_published_is_in_cloudwatch(server: Server, client: Client) -> None:
    server.ask("POST", "load", {"vcpus": 0.5})
    eventually(lambda: server.ask("GET", "load")["published"])
    now = datetime.now(UTC)
    answer = client("cloudwatch").get_metric_statistics(
        Namespace="AWS/ECS",
        MetricName="CPUUtilization",
        Dimensions=[{"Name": "ClusterName", "Value": CLUSTER}, {"Name": "ServiceName", "Value": SERVICE}],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=5),
        Period=60,
        Statistics=["Average"],
    )
    assert {round(point["Average"]) for point in answer["Datapoints"]} == {50}


def test_a_quiet_service_scales_in_unless_that_is_off(server: Server, client: Client) -> None:
    ecs, scaling = client("ecs"), client("application-autoscaling")
    ecs.update_service(**NAMES, desiredCount=3)
    eventually(lambda: steady(ecs))
    scaling.register_scalable_target(**SCALABLE, MinCapacity=1, MaxCapacity=6)
    scaling.put_scaling_policy(**policy(DisableScaleIn=True))
    server.ask("POST", "load", {"vcpus": 0.1})
    eventually(lambda: server.ask("GET", "load")["seconds"] > 1500)
    assert the_service(ecs)["desiredCount"] == 3
    scaling.put_scaling_policy(**policy())
    assert activity(server)["to"] == 1


def test_a_policy_on_high_resolution_needs_a_completed_deployment_with_it(client: Client) -> None:
    ecs, scaling = client("ecs"), client("application-autoscaling")
    scaling.register_scalable_target(**SCALABLE, MinCapacity=1, MaxCapacity=6)
    high = policy(f"{METRIC}HighResolution")
    assert error_of(scaling.put_scaling_policy, **high) == "ValidationException"
    monitor(ecs, 20, "MemoryUtilization")
    assert error_of(scaling.put_scaling_policy, **high) == "ValidationException"
    monitor(ecs, 20)
    deploy(ecs, cpu="2048", memory="4096")
    assert error_of(scaling.put_scaling_policy, **high) == "ValidationException"
    eventually(lambda: steady(ecs))
    scaling.put_scaling_policy(**high)
    alarms = client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert sorted((a["Period"], a["EvaluationPeriods"]) for a in alarms) == [(20, 3), (20, 45)]


@pytest.mark.parametrize("asked", [{"resolutionSeconds": 30}, {"metricNames": ["NetworkIn"]}])
def test_other_resolutions_and_metrics_are_refused(asked: dict[str, Any], client: Client) -> None:
    configuration = {"metricNames": ["CPUUtilization"], "resolutionSeconds": 20, **asked}
    monitoring = {"metricConfigurations": [configuration]}
    assert error_of(client("ecs").update_service, **NAMES, monitoring=monitoring) == "InvalidParameterException"


def test_the_document_has_these_figures() -> None:
    """Written by `make scale-out`."""
    document = surge.DOCUMENT.read_text()
    assert surge.written(document, settings("exam")) == document
