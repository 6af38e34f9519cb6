"""The resolution of the metrics: set before the rollout, the policy put when it is there, and what a refusal leaves."""

from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from components import confirmation
from components import live as reading
from components.aws import Access
from components.monitoring import REFUSALS
from components.python_ide_exam import PythonIdeExam
from tests.postures import live, settings
from tests.unit.fakes import MetricsEcs, monitoring
from tests.unit.test_program import BOUNDS, GROUP, POLICY, SERVICE, Program, run

HIGH, STANDARD = "ECSServiceAverageCPUUtilizationHighResolution", "ECSServiceAverageCPUUtilization"


def declared(stack: str, ecs: MetricsEcs, resolution: int, monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.setattr(Access, "session", lambda _: SimpleNamespace(client=lambda _: ecs))
    monkeypatch.setattr(confirmation, "_missing", lambda _, __: [])
    ecs.revision = {"exam": "pythonide-exam-task:8", "idle": "pythonide-exam-task:7"}[stack]
    world = live(resolution=resolution)
    return run(
        stack, lambda: PythonIdeExam("pythonide-exam", settings(stack), world, settings("idle")) and None, Program()
    )


def tracked(program: Program) -> Any:
    tracking = program.inputs[POLICY]["targetTrackingScalingPolicyConfiguration"]
    return tracking["predefinedMetricSpecification"]["predefinedMetricType"]


@pytest.mark.parametrize(("stack", "before", "wanted"), [("exam", 60, 20), ("exam", 0, 20), ("idle", 20, 60)])
def test_what_is_not_the_postures_is_set(stack: str, before: int, wanted: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ecs = MetricsEcs(before)
    declared(stack, ecs, before, monkeypatch)
    service = {"cluster": "pythonide-cluster", "service": "pythonide-exam-task-service"}
    assert ecs.set == [{**service, "monitoring": monitoring(wanted)}]


@pytest.mark.parametrize(("stack", "resolution"), [("exam", 20), ("idle", 60)])
def test_what_is_live_is_not_set_again(stack: str, resolution: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ecs = MetricsEcs(resolution)
    program = declared(stack, ecs, resolution, monkeypatch)
    assert ecs.set == []
    assert tracked(program) == {"exam": HIGH, "idle": STANDARD}[stack]


def test_exam_puts_the_policy_after_the_rollout_and_idle_before(monkeypatch: pytest.MonkeyPatch) -> None:
    exam = declared("exam", MetricsEcs(), 60, monkeypatch)
    assert SERVICE in exam.depends_on(POLICY)
    assert POLICY not in exam.depends_on(SERVICE)
    idle = declared("idle", MetricsEcs(20), 20, monkeypatch)
    assert {BOUNDS, POLICY, GROUP} <= idle.depends_on(SERVICE)
    assert SERVICE not in idle.depends_on(POLICY)


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_leaves_the_standard_metric_and_one_warning(
    code: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    program = declared("exam", MetricsEcs(refusal=code), 60, monkeypatch)
    assert tracked(program) == STANDARD
    assert program.inputs[SERVICE]["taskDefinition"] == "pythonide-exam-task:8"
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 1
    assert "every 20 s (not in this region): autoscaling goes by the standard metrics, every 60 s" in warnings[0]


def test_another_error_ends_the_program_with_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(pulumi.RunError, match=r"^no permission for UpdateService while setting the resolution of"):
        declared("exam", MetricsEcs(refusal="AccessDeniedException"), 60, monkeypatch)


@pytest.mark.parametrize(
    ("configured", "resolution"),
    [
        (monitoring(20), 20),
        (monitoring(60), 60),
        (monitoring(20, "CPUUtilization"), 0),
        ({"metricConfigurations": []}, 60),
    ],
)
def test_the_newest_revision_tells_the_resolution(configured: dict[str, Any], resolution: int) -> None:
    ecs = MetricsEcs()
    ecs.monitoring = configured
    assert reading.read_resolution(ecs, ecs.describe_services()["services"][0]) == resolution


def test_a_service_without_revisions_has_the_standard_resolution() -> None:
    assert reading.read_resolution(None, {}) == reading.STANDARD
