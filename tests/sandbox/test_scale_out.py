"""Target tracking as the sandbox simulates it: rules on datapoints, and the surge of docs/scale-out.md."""

import math
from dataclasses import replace

import pytest

from sandbox import surge
from sandbox.autoscaling import LOW_SECONDS, Activity, Policy, after, datapoints, desired_count, utilization
from tests.postures import settings

POLICY = Policy(target=50, period=60, minimum=2, maximum=6, scale_out_cooldown=60, scale_in_cooldown=300, scale_in=True)
QUIET = [20.0] * (LOW_SECONDS // 60)


@pytest.mark.parametrize(
    ("shown", "desired"),
    [
        ([60, 60, 60], 3),  # 2 * 60 / 50, rounded up
        ([40, 60, 60], 2),
        ([60, 60], 2),
        ([60, 60, 50], 2),
        ([99, 99, 51], 3),
        ([100, 100, 100], 4),
        ([400, 400, 400], 6),
    ],
)
def test_three_datapoints_above_the_target_scale_out_in_proportion(shown: list[float], desired: int) -> None:
    assert desired_count(POLICY, shown, 2, Activity(), 0) == desired


def test_a_cool_down_counts_what_was_added() -> None:
    last = after(Activity(), 2, 4, 100)
    assert desired_count(POLICY, [90, 90, 90], 4, last, 159) == 4
    assert desired_count(POLICY, [120, 120, 120], 4, last, 159) == 5
    assert desired_count(POLICY, [90, 90, 90], 4, last, 160) == 6  # at most 6 of 8


@pytest.mark.parametrize(
    ("policy", "shown", "last", "desired"),
    [
        (POLICY, QUIET, Activity(), 2),
        (POLICY, QUIET[1:], Activity(), 4),
        (POLICY, [*QUIET[1:], 45.0], Activity(), 4),
        (POLICY, QUIET, Activity(out_at=1000), 4),
        (POLICY, QUIET, Activity(in_at=1000), 4),
        (replace(POLICY, scale_in=False), QUIET, Activity(), 4),
        (replace(POLICY, minimum=3), QUIET, Activity(), 3),
    ],
)
def test_scale_in_waits_for_a_quiet_quarter_of_an_hour(
    policy: Policy, shown: list[float], last: Activity, desired: int
) -> None:
    assert desired_count(policy, shown, 4, last, 1200) == desired


def test_activities() -> None:
    assert after(Activity(), 2, 4, 7) == Activity(out_at=7, out_from=2)
    assert after(Activity(out_at=7, out_from=2), 4, 3, 9) == Activity(out_at=7, out_from=2, in_at=9)
    assert Activity().out_at == -math.inf


def test_a_standard_metric_shows_the_mean_of_what_is_published_more_often() -> None:
    assert datapoints([10, 20, 30, 40], 20, 60) == [20]
    assert datapoints([10, 20], 20, 20) == [10, 20]
    assert datapoints([10, 20], 60, 20) == []


@pytest.mark.parametrize(("load", "tasks", "percent"), [(0.65, 2, 16.25), (4, 2, 50), (4, 6, 100 / 3), (1, 0, 0)])
def test_a_task_uses_one_of_its_two_vcpus(load: float, tasks: int, percent: float) -> None:
    assert utilization(load, tasks, 2, 1) == pytest.approx(percent)


@pytest.mark.parametrize("phase", [0, 7, 19])
def test_metrics_every_20_seconds_trigger_in_a_third_of_the_time(phase: int) -> None:
    standard, high = (surge.surge(settings("exam"), resolution, phase) for resolution in (60, 20))
    assert high.triggered <= 3 * 20 + 20 < 2 * 60 < standard.triggered
    assert standard.all_healthy - high.all_healthy == standard.triggered - high.triggered
    assert standard.tasks == high.tasks == 6
