import copy
from typing import Any

import pytest

from readiness.checks import autoscaling
from readiness.row import Row, Verdict
from tests.postures import live, settings
from tests.readiness.worlds import CPU_POLICY, EXAM, IDLE, exam


def policy(**changes: Any) -> dict[str, Any]:
    changed = copy.deepcopy(CPU_POLICY)
    changed["TargetTrackingScalingPolicyConfiguration"].update(changes)
    return changed


def row(name: str, *policies: dict[str, Any], **changes: Any) -> Row:
    rows = autoscaling.policies(EXAM, exam(scaling_policies=list(policies), **changes))
    return next(row for row in rows if row.name == name)


def test_the_exams_autoscaling_is_ok() -> None:
    rows = [*autoscaling.policies(EXAM, exam()), autoscaling.bounds(EXAM, exam()), autoscaling.suspended(EXAM, exam())]
    assert {row.verdict for row in rows} == {Verdict.OK}
    assert [row.found for row in rows][:4] == [
        "22.5 % of the task (45 % of usable)",
        "published every 20 s, tracked every 20 s",
        "off",
        "2 to 6 tasks",
    ]


@pytest.mark.parametrize(
    ("target", "found"), [(None, "no autoscaling"), ({"MinCapacity": 1, "MaxCapacity": 4}, "1 to 4 tasks")]
)
def test_other_bounds_fail(target: dict[str, int] | None, found: str) -> None:
    judged = autoscaling.bounds(EXAM, exam(scalable_target=target))
    assert (judged.verdict, judged.found, judged.wanted) == (Verdict.FAIL, found, "2 to 6 tasks")


def test_what_is_suspended_fails_by_name() -> None:
    state = {"DynamicScalingOutSuspended": True, "DynamicScalingInSuspended": False, "ScheduledScalingSuspended": True}
    target = {"MinCapacity": 2, "MaxCapacity": 6, "SuspendedState": state}
    judged = autoscaling.suspended(EXAM, exam(scalable_target=target))
    assert (judged.verdict, judged.found) == (Verdict.FAIL, "scale-out, scheduled scaling suspended")


@pytest.mark.parametrize(
    ("policies", "found"),
    [
        ([], "no policy"),
        ([policy(TargetValue=45)], "45 % of the task"),
        ([policy(), policy(TargetValue=60)], "22.5 % of the task and 60 % of the task"),
    ],
)
def test_another_target_fails(policies: list[dict[str, Any]], found: str) -> None:
    judged = row("CPU target", *policies)
    assert (judged.verdict, judged.found) == (Verdict.FAIL, found)


def test_a_target_on_memory_is_looked_at_where_the_posture_has_one() -> None:
    wanted = settings("exam", autoscaling={**EXAM.autoscaling.model_dump(by_alias=True), "targetMemory": 60})
    memory = policy(PredefinedMetricSpecification={"PredefinedMetricType": "ECSServiceAverageMemoryUtilization"})
    for value, verdict in ((60, Verdict.OK), (70, Verdict.FAIL)):
        memory["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] = value
        rows = autoscaling.policies(wanted, exam(scaling_policies=[policy(), memory]))
        assert [r.verdict for r in rows if r.name == "Memory target"] == [verdict]
    assert [r for r in autoscaling.policies(EXAM, exam()) if r.name == "Memory target"] == []


@pytest.mark.parametrize(
    ("published", "metric", "found"),
    [
        (60, "ECSServiceAverageCPUUtilizationHighResolution", "published every 60 s, tracked every 20 s"),
        (20, "ECSServiceAverageCPUUtilization", "published every 20 s, tracked every 60 s"),
        (
            0,
            "ECSServiceAverageCPUUtilizationHighResolution",
            "published CPU and memory unlike each other, tracked every 20 s",
        ),
    ],
)
def test_a_coarse_metric_fails(published: int, metric: str, found: str) -> None:
    coarse = policy(PredefinedMetricSpecification={"PredefinedMetricType": metric})
    judged = row("resolution", coarse, resolution=published)
    assert (judged.verdict, judged.found) == (Verdict.FAIL, found)


def test_scale_in_during_an_exam_fails() -> None:
    assert row("scale-in", policy(DisableScaleIn=False)).verdict is Verdict.FAIL


def test_scale_in_that_stays_off_afterwards_is_a_warning() -> None:
    rows = autoscaling.policies(IDLE, exam())
    assert [r.verdict for r in rows if r.name == "scale-in"] == [Verdict.WARN]


def test_the_first_idle_world_has_no_policy_that_could_scale_in() -> None:
    rows = autoscaling.policies(EXAM, live())
    assert [r.verdict for r in rows if r.name == "scale-in"] == [Verdict.OK]


def test_somebody_elses_step_policy_is_a_warning() -> None:
    judged = row("other policies", policy(), {"PolicyName": "night", "PolicyType": "StepScaling"})
    assert (judged.verdict, judged.found) == (Verdict.WARN, "night")
