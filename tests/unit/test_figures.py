"""The arithmetic of a posture, held against the plan's own figures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import figures
from components.settings import Application
from tests.postures import settings

ONE, ALL = (
    Application.model_validate({"vcpus": vcpus, "healthPath": "/health", "studentsPerTask": 50}) for vcpus in (1, None)
)


@given(st.integers(1, 20), st.integers(0, 30), st.integers(1, 10), st.integers(0, 10))
def test_the_count_is_a_floor_within_the_bounds(task_count: int, live: int, low: int, room: int) -> None:
    shipped = settings("exam")
    bounds = shipped.autoscaling.model_copy(update={"min": low, "max": low + room})
    posture = shipped.model_copy(update={"task_count": min(max(task_count, low), low + room), "autoscaling": bounds})
    desired = figures.desired_count(posture, live)
    assert low <= desired <= low + room
    assert desired >= posture.task_count or desired == low + room
    if low <= live <= low + room:
        assert desired >= live
    if room == 0:
        assert desired == low


@pytest.mark.parametrize(
    ("cpu", "application", "target", "threshold"),
    [(1024, ONE, 45, 80), (2048, ONE, 22.5, 40), (4096, ONE, 11.25, 20), (512, ONE, 45, 80), (2048, ALL, 45, 80)],
)
def test_percent_of_what_the_application_can_use(
    cpu: int, application: Application, target: float, threshold: float
) -> None:
    assert figures.cpu_percent(45, cpu, application).aws == target
    assert figures.cpu_percent(80, cpu, application).aws == threshold
    assert figures.cpu_percent(45, cpu, application).usable == 45


@pytest.mark.parametrize(
    ("tasks", "cpu", "memory", "low", "high"),
    [(1, 1024, 2048, 60, 70), (2, 1024, 2048, 30, 35), (1, 2048, 4096, 30, 35), (2, 2048, 4096, 15, 20)],
    ids=["today", "A", "B", "C"],
)
def test_expected_cpu_of_the_plans_options(tasks: int, cpu: int, memory: int, low: float, high: float) -> None:
    values = figures.outputs(settings("exam", cpu=cpu, memory=memory), tasks, 0)
    assert low <= float(values["expectedCpuPercent"]) <= high


def test_cost_of_the_plan() -> None:
    idle = figures.hourly_cost(1, 1024, 2048)
    assert idle * 24 * 30 == pytest.approx(35, abs=1)  # USD a month
    exam = figures.outputs(settings("exam"), 2, idle)
    assert 0.25 <= 2 * float(exam["usdPerHourAboveIdle"]) <= 0.30  # USD above idle for a 2-hour exam


def test_outputs_of_the_exam_posture() -> None:
    values = figures.outputs(settings("exam"), 2, figures.hourly_cost(1, 1024, 2048))
    assert (values["vcpus"], values["usableVcpus"], values["memoryMb"]) == (4, 2, 8192)
    assert values["memoryMbPerStudent"] == round(8192 / 34)
    assert values["vcpusPerStudent"] == round(4 / 34, 3)
    assert values["autoscalingTarget"] == "45 % of usable = 22.5 % of the task"
    assert values["cpuAlarmThreshold"] == "80 % of usable = 40 % of the task"
