"""A forgotten revert is bounded: when, what is refused, what is told, and that the exam then runs for the guard."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pulumi
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from components import revert, summary
from components.aws import Access
from components.errors import ExamError
from components.guard import guard
from components.live import Live, revert_name
from components.moment import moment, shown
from components.settings import Settings
from tests.postures import config, live, settings

NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
END = "2026-12-01 12:00 America/New_York"  # 17:00 UTC
NAME = "pythonide-exam-task-service-forgotten-revert"


def exam(end: str | None = END, **changes: Any) -> Settings:
    return settings("exam", exam={"endsAt": end}, **changes)


def bounded(at: str = "2026-12-01T19:00:00", cron: str | None = "cron(0 19 1 12 ? 2026)", **changes: Any) -> Live:
    action = {"Schedule": f"at({at})", "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 1}}
    return live(scheduled_action=action, revert_rule={"ScheduleExpression": cron} if cron else None, **changes)


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-12-01T12:00-05:00", "2026-12-01 17:00 UTC"),
        ("2026-12-01T12:00:30Z", "2026-12-01 12:00 UTC"),
        ("2026-12-01 12:00 +0100", "2026-12-01 11:00 UTC"),
        (END, "2026-12-01 17:00 UTC"),
        # What the engine makes of an unquoted time with seconds.
        ("2026-12-01 12:00:00 -0500 -0500", "2026-12-01 17:00 UTC"),
        ("2026-12-01 12:00:00 -0500 EST", "2026-12-01 17:00 UTC"),
        ("2026-12-01 12:00:00 +0000 UTC", "2026-12-01 12:00 UTC"),
        ("2026-07-01 12:00 Europe/Berlin", "2026-07-01 10:00 UTC"),
    ],
)
def test_a_moment_as_it_is_written(written: str, utc: str) -> None:
    found = moment(written)
    assert found is not None
    assert utc in shown(found)


@pytest.mark.parametrize("written", [None, "", "null"])
def test_no_moment(written: str | None) -> None:
    assert moment(written) is None


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("tomorrow", "a time with its zone, such as"),
        ("2026-12-32T12:00Z", "a time with its zone, such as"),
        ("2026-12-01", "a time with its zone, such as"),
        ("0001-01-01T00:00+01:00", "a time with its zone, such as"),
        ("2026-12-01T12:00", "a time with its zone too, such as"),
        ("2026-12-01 12:00 Middle/Earth", "Middle/Earth is none"),
        ("2026-12-01 12:00 ../../etc/passwd", "a time with its zone, such as"),
        # Clocks go from 02:00 to 03:00, and from 03:00 to 02:00.
        ("2026-03-29 02:30 Europe/Berlin", "a time that Europe/Berlin has once on that day"),
        ("2026-10-25 02:30 Europe/Berlin", "a time that Europe/Berlin has once on that day"),
    ],
)
def test_what_is_no_moment_is_one_line(written: str, said: str) -> None:
    with pytest.raises(ExamError) as error:
        Settings.of(
            {k.removeprefix("pythonide-exam:"): v for k, v in config("exam").items() if not k.startswith("aws:")}
            | {"exam": json.dumps({"endsAt": written})},
            "exam",
        )
    (line,) = str(error.value).splitlines()
    assert line.startswith(f"configuration of stack exam: exam.endsAt: {written!r} is not allowed; allowed: ")
    assert said in line


@given(st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2100, 1, 1)))
def test_a_moment_with_an_offset_comes_back(naive: datetime) -> None:
    value = naive.replace(tzinfo=UTC, microsecond=0)
    assert moment(value.isoformat()) == value


def test_bounded_when_the_grace_is_over() -> None:
    assert revert.bounded_at(exam()) == datetime(2026, 12, 1, 19, 0, tzinfo=UTC)
    assert revert.bounded_at(exam(revertGrace=0.5)) == datetime(2026, 12, 1, 17, 30, tzinfo=UTC)
    assert revert.bounded_at(exam(None)) is None
    assert revert.ends_at(exam(None), bounded()) == datetime(2026, 12, 1, 17, 0, tzinfo=UTC)
    assert revert.ends_at(exam(), live()) is None
    # The grace of whoever asks is no matter: another stack's may be another.
    rule = {"Description": "The exam ends 2026-12-01T18:30:00 UTC. This tells that"}
    told = replace(bounded(), revert_rule=rule)
    assert revert.ends_at(settings("idle"), told) == datetime(2026, 12, 1, 18, 30, tzinfo=UTC)
    assert revert.ends_at(settings("idle"), live(revert_rule=rule)) is None
    for schedule in ("rate(1 hour)", "at(noon)"):
        assert revert.ends_at(exam(), live(scheduled_action={"Schedule": schedule})) is None
    elsewhere = {"Schedule": "at(2026-12-01T14:00:00)", "Timezone": "America/New_York"}
    assert revert.live_bound(live(scheduled_action=elsewhere)) == datetime(2026, 12, 1, 19, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "world", "said"),
    [
        (timedelta(hours=2), live(), None),
        (timedelta(minutes=59), live(), "is less than an hour ahead"),
        # A re-run in mid-exam.
        (timedelta(minutes=59), bounded(), None),
        (timedelta(minutes=59), bounded(at="2026-12-01T20:00:00"), "is less than an hour ahead"),
        (timedelta(0), bounded(), "is past"),
        (-timedelta(minutes=5), bounded(), "is past"),
    ],
)
def test_an_end_that_is_no_plan_is_refused(before: timedelta, world: Live, said: str | None) -> None:
    now = datetime(2026, 12, 1, 17, 0, tzinfo=UTC) - before
    if said is None:
        revert.check("exam", exam(), world, now)
        return
    with pytest.raises(ExamError, match=said) as error:
        revert.check("exam", exam(), world, now)
    (line,) = str(error.value).splitlines()
    assert line.startswith(
        "configuration of stack exam: exam.endsAt: 2026-12-01 12:00 America/New_York (2026-12-01 17:00"
    )
    assert "pulumi config set -s exam --path exam.endsAt <time>" in line


def test_idle_names_no_end() -> None:
    with pytest.raises(ExamError, match="is not for idle, which ends an exam; allowed: null") as error:
        revert.check("idle", settings("idle", exam={"endsAt": END}), live())
    assert "pulumi config set -s idle --path exam.endsAt null" in str(error.value)


@pytest.mark.parametrize(("stack", "times"), [("exam", 1), ("idle", 0)])
def test_an_exam_without_an_end_is_told_once(monkeypatch: pytest.MonkeyPatch, stack: str, times: int) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", said.append)
    revert.check(stack, settings(stack), live())
    assert said == ["exam.endsAt is null: nothing bounds a revert that is forgotten"] * times


def test_the_summary_tells_what_changes() -> None:
    def line(posture: Settings, world: Live) -> list[str]:
        return [change for change in summary.changes(posture, world) if change.startswith("forgotten revert")]

    at = "bounded from 2026-12-01 19:00 UTC on"
    assert line(exam(), bounded()) == []
    assert line(exam(None), live()) == []
    assert line(exam(), live()) == [f"forgotten revert: not bounded -> {at}"]
    assert line(settings("idle"), bounded()) == [f"forgotten revert: {at} -> not bounded"]
    assert line(exam(), bounded(cron=None)) == [f"forgotten revert: {at}, without a mail -> {at}"]
    assert line(settings("idle"), live(revert_rule={})) == []
    rule = {"ScheduleExpression": "cron(0 19 1 12 ? 2026)"}
    assert line(settings("idle"), live(revert_rule=rule)) == ["forgotten revert: a mail only -> not bounded"]


@pytest.mark.parametrize("minutes", [1, -1])
def test_until_its_end_the_exam_runs_whoever_is_seen(monkeypatch: pytest.MonkeyPatch, minutes: int) -> None:
    asked: list[str] = []

    class Nobody:
        there, told, unanswered = False, "0 active students", ()

    def presence(*_: object) -> type[Nobody]:
        asked.append("presence")
        return Nobody

    monkeypatch.setattr("components.guard.presence", presence)
    monkeypatch.setattr("pulumi.runtime.is_dry_run", lambda: False)
    monkeypatch.setattr(pulumi.log, "info", lambda _: None)
    monkeypatch.delenv("EXAM_FORCE", raising=False)
    at = datetime.now(UTC) + timedelta(hours=2, minutes=minutes)
    world = bounded(at=f"{at:%Y-%m-%dT%H:%M:%S}", service={**live().service, "desiredCount": 2})
    posture = settings("idle")
    if minutes < 0:
        guard(posture, world)
        assert asked == ["presence"]
        return
    with pytest.raises(
        ExamError, match=r"the exam runs until .* UTC .exam.endsAt.; this `up` would lower the count"
    ) as e:
        guard(posture, world)
    assert "EXAM_FORCE=1 pulumi up" in str(e.value)
    assert asked == []


class Aws:
    """Every deletion, in its order; GONE of them find nothing."""

    def __init__(self, gone: str = "", code: str = "ResourceNotFoundException") -> None:
        self.gone, self.code = gone, code
        self.deleted: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, action: str) -> Any:
        def call(**asked: Any) -> None:
            self.deleted.append((action, asked))
            if action == self.gone:
                raise ClientError({"Error": {"Code": self.code, "Message": "no"}}, action)

        return call


@pytest.mark.parametrize("gone", ["", "remove_targets", "delete_rule", "delete_scheduled_action"])
def test_what_is_there_is_taken_away(monkeypatch: pytest.MonkeyPatch, gone: str) -> None:
    aws = Aws(gone)
    monkeypatch.setattr(Access, "client", lambda *_: aws)
    assert revert._lift(settings("idle"), bounded(), "family:1") == "family:1"
    assert [action for action, _ in aws.deleted] == ["remove_targets", "delete_rule", "delete_scheduled_action"]
    assert aws.deleted[2][1]["ScheduledActionName"] == NAME == revert_name(settings("exam"))


def test_what_may_not_be_taken_away_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = Aws("delete_rule", "AccessDeniedException")
    monkeypatch.setattr(Access, "client", lambda *_: aws)
    with pytest.raises(pulumi.RunError, match="no permission for delete_rule while deleting scheduled action and rule"):
        revert._lift(settings("idle"), bounded(), "family:1")
