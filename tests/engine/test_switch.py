"""The main sequence: exam, exam, idle, exam, idle, idle on one world; each step is run once and looked at from all sides."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from sandbox.world import PLANTED_PASSWORD
from tests.engine.harness import Done, Project
from tests.engine.test_resolution import HIGH, STANDARD, every, monitoring

ALARMS = [
    "pythonide-exam-cpu",
    "pythonide-exam-database-connections",
    "pythonide-exam-healthy-hosts",
    "pythonide-exam-memory",
    "pythonide-exam-response-time",
    "pythonide-exam-server-errors",
    "pythonide-exam-unhealthy-hosts",
]
# What differs between the two files, once both stacks have their own revision: eight calls of the provider, and an
# UpdateService of the program's own, as the provider's cannot carry the resolution of the metrics.
SWITCH_WRITES = [
    "ModifyTargetGroup",
    "ModifyTargetGroupAttributes",
    "PutMetricAlarm",  # the CPU's threshold
    "PutMetricAlarm",  # fewer healthy hosts than the minimum
    "PutRule",
    "PutScalingPolicy",
    "RegisterScalableTarget",
    "UpdateService",
    "UpdateService",
]


@dataclass(frozen=True)
class Step:
    """What one `up` did, and the world after it."""

    done: Done
    writes: list[str]
    status: dict[str, Any]
    service: dict[str, Any]
    definition: dict[str, Any]
    target_group: dict[str, Any]
    revisions: list[str]
    tasks: set[str]
    policies: list[dict[str, Any]]
    monitoring: Any


def look(project: Project, done: Done) -> Step:
    scaling = project.client("application-autoscaling")
    return Step(
        done=done,
        writes=project.writes(),
        status=project.status(),
        service=project.service(),
        definition=project.definition(),
        target_group=project.target_group(),
        revisions=project.ecs.list_task_definitions(familyPrefix="pythonide-exam-task")["taskDefinitionArns"],
        tasks=project.running_tasks(),
        policies=scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"],
        monitoring=monitoring(project),
    )


@pytest.fixture(scope="module")
def steps(sandbox: Project) -> list[Step]:
    """The world at the start, then after exam, exam, idle, exam, idle, idle."""
    sandbox.reset()
    before = look(sandbox, Done(0, ""))
    return [before, *(look(sandbox, sandbox.up(stack)) for stack in ("exam", "exam", "idle", "exam", "idle", "idle"))]


def untouched(service: dict[str, Any]) -> dict[str, Any]:
    """What the program does not own of the service."""
    keys = (
        "networkConfiguration",
        "loadBalancers",
        "launchType",
        "platformVersion",
        "healthCheckGracePeriodSeconds",
        "enableExecuteCommand",
        "enableECSManagedTags",
        "propagateTags",
        "schedulingStrategy",
        "tags",
        "roleArn",
    )
    return {key: service.get(key) for key in keys}


def test_exam_from_idle_reaches_the_posture(steps: list[Step], sandbox: Project) -> None:
    exam = steps[1]
    service = exam.status["service"]
    assert (service["desired"], service["running"]) == (2, 2)
    assert (service["cpu"], service["memory"]) == (2048, 4096)
    assert [d["rolloutState"] for d in service["deployments"]] == ["COMPLETED"]
    assert exam.status["autoscaling"] == {"min": 2, "max": 6, "targetCpu": 22.5}
    assert exam.status["targets"] == {"healthy": 2, "total": 2}
    assert exam.status["alarms"] == ALARMS


def test_exam_owns_what_it_should_of_the_target_group(steps: list[Step]) -> None:
    group = steps[1].target_group
    assert (group["HealthCheckPath"], group["HealthCheckIntervalSeconds"]) == ("/health", 30)
    assert (group["HealthyThresholdCount"], group["UnhealthyThresholdCount"]) == (2, 3)
    assert group["attributes"]["deregistration_delay.timeout_seconds"] == "3600"
    assert group["attributes"]["stickiness.enabled"] == "true"


def test_exam_changes_size_and_health_check_of_the_definition_and_nothing_else(steps: list[Step]) -> None:
    before, exam = json.loads(json.dumps([steps[0].definition, steps[1].definition], default=str))
    check = exam["containerDefinitions"][0].pop("healthCheck")
    assert "/health" in check["command"][1]
    assert (exam.pop("cpu"), exam.pop("memory")) == ("2048", "4096")
    assert (before.pop("cpu"), before.pop("memory")) == ("1024", "2048")
    assert exam == before
    # What the plan's own script lost.
    assert exam["volumes"][0]["efsVolumeConfiguration"]["fileSystemId"].startswith("fs-")
    assert exam["containerDefinitions"][0]["mountPoints"] == [
        {"sourceVolume": "efs-volume", "containerPath": "/mnt/efs"}
    ]
    assert exam["containerDefinitions"][0]["logConfiguration"]["options"]["awslogs-group"] == "/aws/ecs/pythonide-exam"


def test_no_step_touches_what_is_not_owned_of_the_service(steps: list[Step]) -> None:
    for step in steps[1:]:
        assert untouched(step.service) == untouched(steps[0].service)


def test_scale_in_is_off_in_exam_and_on_in_idle(steps: list[Step]) -> None:
    for step, off in ((1, True), (3, False)):
        (policy,) = steps[step].policies
        assert policy["PolicyName"] == "pythonide-exam-cpu-scaling-policy"
        assert policy["TargetTrackingScalingPolicyConfiguration"]["DisableScaleIn"] is off


def test_the_metrics_resolution_is_set_before_the_policy_that_needs_it_and_taken_back_after_it(
    steps: list[Step],
) -> None:
    exam, idle = steps[1], steps[3]
    assert (exam.monitoring, idle.monitoring) == (every(20), every(60))
    for step, metric in ((exam, HIGH), (idle, STANDARD)):
        specification = step.policies[0]["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"]
        assert specification["PredefinedMetricType"] == metric
    assert order(exam.writes) == ["UpdateService", "UpdateService", "PutScalingPolicy"]
    assert order(idle.writes) == ["PutScalingPolicy", "UpdateService", "UpdateService"]


def order(writes: list[str]) -> list[str]:
    return [action for action in writes if action in ("UpdateService", "PutScalingPolicy")]


def test_idle_again_writes_nothing(steps: list[Step]) -> None:
    assert steps[6].writes == []


def test_exam_again_writes_nothing(steps: list[Step]) -> None:
    assert steps[2].writes == []
    assert "19 unchanged" in steps[2].done.output
    assert "posture exam is live already" in steps[2].done.output
    assert steps[2].tasks == steps[1].tasks


@pytest.mark.parametrize("step", [3, 5])
def test_idle_gives_the_first_definition_back(steps: list[Step], step: int) -> None:
    idle = steps[step]
    service = idle.status["service"]
    assert (service["desired"], service["running"], service["cpu"], service["memory"]) == (1, 1, 1024, 2048)
    assert {k: v for k, v in (idle.status["autoscaling"] or {}).items() if k != "targetCpu"} == {"min": 1, "max": 1}
    assert idle.definition == steps[0].definition
    assert idle.target_group == steps[0].target_group
    assert idle.service["networkConfiguration"] == steps[0].service["networkConfiguration"]


def test_the_same_two_revisions_are_used_again(steps: list[Step]) -> None:
    assert steps[3].revisions == steps[4].revisions == steps[5].revisions
    assert steps[4].service["taskDefinition"] == steps[1].service["taskDefinition"]
    assert steps[5].service["taskDefinition"] == steps[3].service["taskDefinition"]


@pytest.mark.parametrize("step", [4, 5])
def test_a_switch_writes_only_what_differs(steps: list[Step], step: int) -> None:
    assert sorted(steps[step].writes) == SWITCH_WRITES


def test_every_change_is_told(steps: list[Step]) -> None:
    told = steps[1].done.output
    for line in (
        "desired count: 1 -> 2",
        "task size: 1 vCPU / 2 GB -> 2 vCPU / 4 GB",
        "autoscaling bounds: (none) -> 2-6",
    ):
        assert line in told
    assert "45 % of usable = 22.5 % of the task" in told


@pytest.mark.parametrize("stack", ["exam", pytest.param("idle", marks=pytest.mark.long)])
def test_the_planted_credential_is_nowhere(steps: list[Step], sandbox: Project, stack: str) -> None:
    """Neither in what the steps have left nor in what is asked after them."""
    del steps
    events = sandbox.home / f"{stack}-events.json"
    for command in (
        ["preview", "--diff", "-s", stack],
        ["up", "-s", stack, "--yes", "--skip-preview", "--event-log", str(events), "--logtostderr", "-v=5"],
        ["stack", "history", "-s", stack],
        ["stack", "export", "-s", stack],
        ["stack", "output", "-s", stack, "--json"],
    ):
        # --event-log is one of the engine's own debugging options.
        assert sandbox.pulumi(*command, PULUMI_DEBUG_COMMANDS="true").code == 0
    assert events.stat().st_size > 0
    sandbox.said.append(json.dumps(sandbox.calls()))
    for text in sandbox.said:
        assert PLANTED_PASSWORD not in text
    files = [file for file in sandbox.home.rglob("*") if file.is_file() and not file.is_symlink()]
    assert any(file.name == "exam.json" for file in files)
    for file in files:
        assert PLANTED_PASSWORD.encode() not in file.read_bytes(), file
