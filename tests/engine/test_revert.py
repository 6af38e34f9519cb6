"""A revert that nobody makes: AWS bounds it when the exam is over, and `up -s idle` still gives the first world back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.engine.harness import Project

NAME = "pythonide-exam-task-service-forgotten-revert"


def in_hours(hours: float) -> datetime:
    return datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(hours=hours)


def ends(project: Project, at: datetime | None) -> None:
    project.configure("exam", "exam.endsAt", f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else "null")


def bounding(project: Project) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The scheduled actions and the rules of that name."""
    actions = project.client("application-autoscaling").describe_scheduled_actions(ServiceNamespace="ecs")
    rules = project.client("events").list_rules(NamePrefix=NAME)
    return actions["ScheduledActions"], rules["Rules"]


def bounds(project: Project) -> tuple[int, int]:
    (target,) = project.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")[
        "ScalableTargets"
    ]
    return target["MinCapacity"], target["MaxCapacity"]


def test_a_forgotten_revert_is_bounded(project: Project) -> None:
    first, end = project.definition(), in_hours(3)
    assert "exam.endsAt is null" in project.up("exam").output
    assert bounding(project) == ([], [])
    project.up("idle")

    ends(project, end)
    done = project.up("exam")
    assert (
        f"forgotten revert: not bounded -> bounded from {end + timedelta(hours=2):%Y-%m-%d %H:%M} UTC on" in done.output
    )
    (action,), (rule,) = bounding(project)
    assert action["Schedule"] == f"at({end + timedelta(hours=2):%Y-%m-%dT%H:%M:%S})"
    assert action["ScalableTargetAction"] == {"MinCapacity": 1, "MaxCapacity": 1}
    assert rule["State"] == "ENABLED"
    project.up("exam")
    assert project.writes() == []

    # Nobody is seen, but the exam runs; from a machine that knows no `endsAt` too.
    refused = project.try_up("idle")
    assert refused.code != 0
    assert f"the exam runs until {end:%Y-%m-%d %H:%M} UTC (exam.endsAt)" in refused.errors[0]
    assert project.writes() == []

    project.control("POST", "clock", {"seconds": 5 * 3600 - 120})
    project.settle()
    assert (bounds(project), len(project.running_tasks())) == ((2, 6), 2)
    project.control("POST", "clock", {"seconds": 180})
    project.await_count(1)
    assert bounds(project) == (1, 1)
    assert int(project.definition()["cpu"]) == 2048
    (mail,) = project.control("GET", "clock")["mails"]
    assert mail["topic"].endswith(":pythonide-exam-alarms")
    assert "nobody has reverted it" in mail["text"]
    assert "pulumi up -s idle" in mail["text"]

    project.up("idle")
    assert project.definition() == first
    assert bounding(project) == ([], [])
    project.up("idle")
    assert project.writes() == []


def test_the_other_stack_takes_it_away_before_it_acts(project: Project) -> None:
    end = in_hours(3)
    ends(project, end)
    project.up("exam")
    # AWS holds the end itself: another grace makes no other end of it.
    project.configure("idle", "revertGrace", "9")
    assert f"the exam runs until {end:%Y-%m-%d %H:%M} UTC" in project.try_up("idle").errors[0]
    forced = project.try_up("idle", EXAM_FORCE="1")
    assert forced.code == 0, forced.output
    assert "-> not bounded" in forced.output
    assert bounding(project) == ([], [])
    # The exam's state still has both, and the next exam has none.
    ends(project, None)
    project.up("exam")
    assert bounding(project) == ([], [])
    ends(project, in_hours(4))
    project.up("exam")
    assert [len(found) for found in bounding(project)] == [1, 1]
    ends(project, None)
    project.up("exam")
    assert bounding(project) == ([], [])
    project.up("exam")
    assert project.writes() == []


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2020-01-01T12:00Z", "exam.endsAt: 2020-01-01 12:00 UTC is past"),
        ("2099-01-01 12:00", "a time with its zone too"),
        ("2099-01-01 12:00 Middle/Earth", "Middle/Earth is none"),
    ],
)
def test_an_end_that_is_none_is_refused(project: Project, written: str, said: str) -> None:
    project.configure("exam", "exam.endsAt", written)
    project.forget_calls()
    done = project.try_up("exam")
    assert done.code != 0
    (error,) = {line.partition("configuration of stack exam: ")[2] for line in done.errors if "exam.endsAt" in line}
    assert said in error
    assert project.writes() == []
