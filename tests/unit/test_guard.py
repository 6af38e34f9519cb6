"""The guard: what an `up` would end, who is asked, and what is said."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pulumi
import pytest

from components import effects, guard
from components.errors import ExamError
from components.live import Live
from components.presence import Presence
from components.settings import Settings
from tests.postures import DEFINITION, SERVICE_ARN, live, settings

IDLE_AGAIN = settings("idle")
HERE = Presence(True, "34 active students in the last 10 minutes (sessions table)")
NOBODY = Presence(False, "0 active students in the last 10 minutes (sessions table)")


def running(count: int, **service: Any) -> Live:
    return live(service={**live().service, "desiredCount": count, **service})


def bounds(low: int, high: int) -> dict[str, Any]:
    return settings("idle").autoscaling.model_dump(by_alias=True) | {"min": low, "max": high}


def test_a_new_revision_and_a_lower_count_end_programs() -> None:
    assert effects.endings(settings("exam"), running(1)) == ["replace 1 task of pythonide-exam-task:7 (a new revision)"]
    assert effects.endings(IDLE_AGAIN, running(5)) == ["lower the count from 5 to 1"]


def test_another_resolution_replaces_the_tasks() -> None:
    told = effects.endings(settings("idle"), live(resolution=20))
    assert told == ["replace 1 task (metrics every 60 s need a new revision of the service)"]


@pytest.mark.parametrize(
    "changes",
    [
        {"taskCount": 3, "autoscaling": bounds(1, 6)},
        {"alarms": settings("idle").alarms.model_dump(by_alias=True) | {"cpu": 50}},
        {"targetGroup": settings("exam").target_group.model_dump(by_alias=True)},
        {"notify": ["a@school.example"]},
    ],
    ids=["more tasks", "alarms", "target group", "notify"],
)
def test_nothing_else_does(changes: dict[str, Any]) -> None:
    assert effects.endings(settings("idle", **changes), running(1)) == []


def test_a_lower_maximum_ends_programs_only_where_it_is_below_what_runs() -> None:
    posture = settings("idle", taskCount=1, autoscaling=bounds(1, 3))
    assert effects.endings(posture, running(3)) == []
    assert effects.endings(posture, running(4)) == ["lower the count from 4 to 3"]


def deployment(revision: int, age: int) -> dict[str, Any]:
    return {
        "status": "PRIMARY",
        "rolloutState": "IN_PROGRESS",
        "taskDefinition": f"{DEFINITION['taskDefinitionArn'].rpartition(':')[0]}:{revision}",
        "createdAt": datetime.now(UTC) - timedelta(seconds=age),
    }


def test_a_rollout_by_others_is_told_with_revision_and_age() -> None:
    told = effects.foreign_rollout(settings("exam"), running(1, deployments=[deployment(7, 40)]))
    assert told == "a rollout of pythonide-exam-task:7 that this `up` did not start is in progress since 40 s"


def test_a_rollout_towards_the_posture_is_the_programs_own() -> None:
    assert effects.foreign_rollout(settings("idle"), running(1, deployments=[deployment(7, 40)])) is None
    done = {**deployment(7, 40), "rolloutState": "COMPLETED"}
    assert effects.foreign_rollout(settings("exam"), running(1, deployments=[done])) is None


class Said:
    """What the guard wrote, and how often it asked who is there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, who: Presence, *, preview: bool = False) -> None:
        self.warnings: list[str] = []
        self.infos: list[str] = []
        self.asked = 0

        def ask(_: Settings, __: Live) -> Presence:
            self.asked += 1
            return who

        monkeypatch.setattr(guard, "presence", ask)
        monkeypatch.setattr(pulumi.log, "warn", self.warnings.append)
        monkeypatch.setattr(pulumi.log, "info", self.infos.append)
        monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: preview)
        monkeypatch.delenv("EXAM_FORCE", raising=False)


def test_students_there_refuse_the_up_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    Said(monkeypatch, HERE)
    with pytest.raises(ExamError) as error:
        guard.guard(settings("exam"), running(1))
    assert str(error.value) == (
        "students are there: 34 active students in the last 10 minutes (sessions table); this `up` would replace 1 task "
        "of pythonide-exam-task:7 (a new revision), which ends every program that runs there. Wait until they are gone, "
        "or go on all the same with EXAM_FORCE=1 pulumi up ..."
    )


def test_a_preview_warns(monkeypatch: pytest.MonkeyPatch) -> None:
    said = Said(monkeypatch, HERE, preview=True)
    guard.guard(settings("exam"), running(1))
    assert said.warnings[0].startswith("students are there: 34 active")


def test_nobody_is_asked_when_nothing_would_end(monkeypatch: pytest.MonkeyPatch) -> None:
    said = Said(monkeypatch, HERE)
    guard.guard(settings("idle"), running(1))
    assert (said.asked, said.warnings) == (0, [])


def test_force_goes_past_it_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    said = Said(monkeypatch, HERE)
    monkeypatch.setenv("EXAM_FORCE", "1")
    guard.guard(settings("exam"), running(1))
    assert said.asked == 0
    assert said.warnings[0].startswith("EXAM_FORCE=1: nobody was asked")


def test_nobody_there_goes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    said = Said(monkeypatch, NOBODY)
    guard.guard(settings("exam"), running(1))
    assert said.infos == ["no students are there: 0 active students in the last 10 minutes (sessions table)"]


def test_no_answer_warns_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    said = Said(monkeypatch, Presence(False, None, ("sessions table: no answer within 5 s", "CPU: no datapoint")))
    guard.guard(settings("exam"), running(1))
    assert said.warnings[0].startswith(
        "nothing tells whether students are there (sessions table: no answer within 5 s; CPU: no datapoint); the `up`"
    )


def test_a_foreign_rollout_is_in_the_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    said = Said(monkeypatch, HERE)
    with pytest.raises(ExamError, match="a rollout of pythonide-exam-task:7 that this `up` did not start"):
        guard.guard(settings("exam"), running(1, deployments=[deployment(7, 5)]))
    assert SERVICE_ARN
    assert said.warnings[0].startswith("a rollout of")
