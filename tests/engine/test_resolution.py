"""How often the service's CPU and memory are published: put right, refused; test_switch.py has it set and kept."""

from typing import Any

import pytest

from tests.engine.harness import CLUSTER, SERVICE, Done, Project

HIGH, STANDARD = "ECSServiceAverageCPUUtilizationHighResolution", "ECSServiceAverageCPUUtilization"
METRICS = ["CPUUtilization", "MemoryUtilization"]


def monitoring(project: Project) -> Any:
    """What DescribeServiceRevisions says of the revision that serves."""
    (current,) = project.service()["currentServiceRevisions"]
    answer = project.ecs.describe_service_revisions(serviceRevisionArns=[current["arn"]])
    return answer["serviceRevisions"][0].get("monitoring")


def every(resolution: int) -> dict[str, Any]:
    return {"metricConfigurations": [{"metricNames": METRICS, "resolutionSeconds": resolution}]}


def tracked(project: Project) -> str:
    scaling = project.client("application-autoscaling")
    (policy,) = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    configuration = policy["TargetTrackingScalingPolicyConfiguration"]
    return str(configuration["PredefinedMetricSpecification"]["PredefinedMetricType"])


def warnings(done: Done) -> set[str]:
    """The engine tells each while it goes on and once more at the end."""
    told = (line.partition("warning: ")[2] for line in done.output.splitlines())
    return {line for line in told if "does not publish" in line}


def test_what_somebody_changed_is_put_right_though_nothing_else_differs(project: Project) -> None:
    project.up("exam")
    project.ecs.update_service(cluster=CLUSTER, service=SERVICE, monitoring=every(60))
    project.settle()
    preview = project.pulumi("preview", "-s", "exam")
    assert "metrics: every 60 s -> every 20 s" in preview.output
    assert monitoring(project) == every(60)
    done = project.up("exam")
    assert project.writes() == ["UpdateService"]
    # The rollout that it begins is waited for, the old tasks that drain for an hour are not.
    (new,) = [d for d in project.status()["service"]["deployments"] if d["status"] == "PRIMARY"]
    assert (new["running"], new["desired"]) == (2, 2)
    project.settle()
    assert (monitoring(project), tracked(project)) == (every(20), HIGH)
    assert warnings(done) == set()


def test_where_it_is_refused_the_up_goes_on_with_the_standard_metrics(project: Project) -> None:
    project.fault("ecs:UpdateService", "refuse", calls=1)
    done = project.up("exam")
    assert len(warnings(done)) == 1
    assert "What was asked for is not supported here." in done.output
    assert project.status()["service"]["cpu"] == 2048
    assert (monitoring(project), tracked(project)) == (None, STANDARD)
    # It is asked for again, and the policy follows.
    done = project.up("exam")
    assert (monitoring(project), tracked(project), warnings(done)) == (every(20), HIGH, set())


@pytest.mark.parametrize("stack", ["exam", pytest.param("idle", marks=pytest.mark.long)])
def test_a_failing_write_is_one_line(project: Project, stack: str) -> None:
    if stack == "idle":
        project.up("exam")
    project.fault("ecs:UpdateService", "deny", calls=1)
    done = project.try_up(stack)
    assert done.code != 0
    assert "no permission for UpdateService while setting the resolution of the metrics" in done.output
    assert "Traceback" not in done.output
    project.up(stack)
    project.settle()
    assert (monitoring(project), tracked(project)) == {"exam": (every(20), HIGH), "idle": (every(60), STANDARD)}[stack]
