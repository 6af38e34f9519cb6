"""What is made of the list of the students' folders, and that the task that makes it always ends."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from components.errors import ExamError
from readiness import listing, runner, submissions
from readiness.context import Context
from readiness.listing import Folder, Listing
from readiness.row import Row, Verdict
from readiness.submissions import Found
from readiness.worked import Account
from tests.postures import live
from tests.readiness.worlds import EXAM, IDLE, NOW, definition

SPAN = timedelta(hours=3)
ROOT = "/mnt/efs/pythonide-data-exam/ide/Local"
LOGGING = {
    "logDriver": "awslogs",
    "options": {"awslogs-group": "/aws/ecs/pythonide-exam", "awslogs-stream-prefix": "ecs"},
}
ARN = "arn:aws:ecs:us-east-2:123456789012:task/pythonide-cluster/0123abcd"


def folder(name: str, minutes_ago: int | None = 30, files: int = 3, empty: int = 0, unread: int = 0) -> Folder:
    newest = None if minutes_ago is None else NOW - timedelta(minutes=minutes_ago)
    return Folder(name, files, 1234 * files, newest, empty, unread)


def account(name: str, role: str = "student") -> Account:
    return Account(name, role, NOW - timedelta(minutes=120), NOW - timedelta(minutes=20))


def judged(folders: list[Folder], accounts: list[Account] | str) -> list[Row]:
    return submissions.judge(Found(Listing(ROOT, tuple(folders)), accounts, NOW - SPAN, NOW))


def test_everybodys_code_is_there() -> None:
    rows = judged([folder("t01"), folder("t02"), folder("t03", 4000)], [account("t01"), account("t02")])
    assert {row.verdict for row in rows} == {Verdict.OK}
    assert [row.found for row in rows] == [
        f"3 folders, 9 files, 11.1 kB in {ROOT}",
        "3 files, 3.7 kB, newest 07:30",
        "3 files, 3.7 kB, newest 07:30",
        "3 files, 3.7 kB, newest 2026-11-22 13:20; did not work",
    ]


@pytest.mark.parametrize(
    ("there", "found"),
    [
        ([folder("other")], "worked 06:00 to 07:40, saved nothing: no folder"),
        ([folder("t01", None, 0)], "worked 06:00 to 07:40, saved nothing: 0 files, 0 B"),
        ([folder("t01", 130)], "worked 06:00 to 07:40, saved nothing: 3 files, 3.7 kB, newest 05:50"),
        ([folder("t01", 120)], "worked 06:00 to 07:40, saved nothing: 3 files, 3.7 kB, newest 06:00"),
    ],
    ids=["no folder", "no file", "before the login", "at the login"],
)
def test_a_student_who_worked_and_saved_nothing_is_named(there: list[Folder], found: str) -> None:
    row = judged(there, [account("t01")])[1]
    assert (row.name, row.verdict, row.found) == ("t01", Verdict.FAIL, found)
    assert "t01" in row.todo


def test_an_empty_file_is_a_warning() -> None:
    row = judged([folder("t01", empty=1)], [account("t01")])[1]
    assert (row.verdict, row.found) == (Verdict.WARN, "3 files, 3.7 kB, newest 07:30, 1 empty")
    assert judged([folder("t01", unread=2)], [account("t01")])[1].verdict is Verdict.WARN


def test_those_to_act_on_come_first_and_staff_need_not_save() -> None:
    rows = judged(
        [folder("a"), folder("b", empty=1), folder("prof", 9000)],
        [account("a"), account("b"), account("z"), account("prof", "professor")],
    )
    assert [(row.name, row.verdict.value) for row in rows[1:]] == [
        ("z", "fail"),
        ("b", "warn"),
        ("a", "ok"),
        ("prof", "ok"),
    ]


def test_without_sessions_nobody_knows_who_worked() -> None:
    rows = judged([folder("a"), folder("b", 9000)], "the database does not answer; set EXAM_DATABASE_URL")
    assert [(row.name, row.verdict.value) for row in rows] == [("folders", "unknown"), ("b", "unknown"), ("a", "ok")]
    assert rows[0].todo == "set EXAM_DATABASE_URL"


def test_no_folder_at_all_fails() -> None:
    assert judged([], [])[0].verdict is Verdict.FAIL


class Aws:
    """ECS and the logs around one task; `describe` is what happens when it is looked at for the nth time."""

    def __init__(self, describe: Callable[[int], dict[str, Any]], lines: list[str] | None = None) -> None:
        self.describe, self.lines = describe, lines or []
        self.calls: list[str] = []
        self.started: dict[str, Any] = {}
        self.exceptions = self
        self.ResourceNotFoundException = LookupError

    def run_task(self, **asked: Any) -> dict[str, Any]:
        self.calls.append("run")
        self.started = asked
        return {"tasks": [{"taskArn": ARN}], "failures": []}

    def describe_tasks(self, cluster: str, tasks: list[str]) -> dict[str, Any]:
        assert (cluster, tasks) == (live().service["clusterArn"], [ARN])
        self.calls.append("describe")
        return self.describe(self.calls.count("describe"))

    def stop_task(self, cluster: str, task: str, reason: str) -> None:
        assert task == ARN
        self.calls.append("stop")

    def get_log_events(self, **asked: Any) -> dict[str, Any]:
        assert asked["logStreamName"] == "ecs/pythonide-exam/0123abcd"
        self.calls.append("logs")
        at = int(asked.get("nextToken", 0))
        events = [{"message": line} for line in self.lines[at : at + 1]]
        return {"events": events, "nextForwardToken": str(min(at + 1, len(self.lines)))}


def task(status: str, code: int | None = 0) -> dict[str, Any]:
    container = {"name": "pythonide-exam"} | ({} if code is None else {"exitCode": code})
    return {"tasks": [{"lastStatus": status, "stoppedReason": "Essential container in task exited", "containers": [container]}]}  # fmt: skip


LINES = [
    json.dumps({"folder": "t01", "files": 1, "bytes": 9, "newest": 1.7e9, "empty": 0, "unread": 0}),
    json.dumps({"folders": 1, "root": ROOT}),
]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {"LIMIT": 0.5, "GONE": 0.2, "LATE": 0.2, "POLL": 0.01}.items():
        monkeypatch.setattr(submissions, name, seconds)


def context(aws: Aws, logging: dict[str, Any] | None = LOGGING, **service: Any) -> Context:
    made = Context(IDLE, "idle", EXAM, access=None, now=NOW)  # type: ignore[arg-type]
    network = {"awsvpcConfiguration": {"subnets": ["subnet-a"], "securityGroups": ["sg"], "assignPublicIp": "ENABLED"}}
    own = {
        **live().service,
        "launchType": "FARGATE",
        "networkConfiguration": network,
        "taskDefinition": "arn",
        **service,
    }
    known = live(service=own, task_definition=definition(logConfiguration=logging))
    made.once("live", lambda: known)
    for name in ("ecs", "logs"):
        made.once(f"client {name}", lambda: aws)
    return made


def test_the_task_is_the_services_own_with_another_command() -> None:
    said: list[str] = []
    aws = Aws(lambda n: {"tasks": []} if n == 1 else task("RUNNING") if n == 2 else task("STOPPED"), LINES)
    found = submissions.run(context(aws, capacityProviderStrategy=[]), said.append)
    assert [one.name for one in found.folders] == ["t01"]
    assert aws.calls[:4] == ["run", "describe", "describe", "describe"]
    assert aws.calls[-2:] == ["stop", "describe"]
    assert said[0].startswith("starts one task of pythonide-exam-task:7 to list the students' folders")
    own = {key: value for key, value in aws.started.items() if key not in ("clientToken", "overrides", "startedBy")}
    assert own == {
        "cluster": live().service["clusterArn"],
        "taskDefinition": "arn",
        "count": 1,
        "launchType": "FARGATE",
        "networkConfiguration": {
            "awsvpcConfiguration": {"subnets": ["subnet-a"], "securityGroups": ["sg"], "assignPublicIp": "ENABLED"}
        },
    }
    (override,) = aws.started["overrides"]["containerOverrides"]
    assert override == {"name": "pythonide-exam", "command": ["python", "-c", listing.PROGRAM]}


def test_capacity_providers_take_the_place_of_a_launch_type() -> None:
    service = {**live().service, "launchType": "FARGATE", "taskDefinition": "arn"}
    strategy = [{"capacityProvider": "FARGATE", "weight": 1}]
    asked = submissions.request({**service, "capacityProviderStrategy": strategy}, "c")
    assert asked["capacityProviderStrategy"] == strategy
    assert "launchType" not in asked


@pytest.mark.parametrize(
    ("describe", "lines", "said"),
    [
        (lambda _: task("RUNNING"), LINES, "task 0123abcd has not stopped within"),
        (lambda _: task("STOPPED", 1), LINES, "the listing failed: Essential container in task exited, exit code 1"),
        (lambda _: task("STOPPED", None), LINES, "exit code none"),
        (lambda _: task("STOPPED"), LINES[:1], "the listing is not in /aws/ecs/pythonide-exam"),
    ],
    ids=["too long", "failed", "never started", "no lines"],
)
def test_whatever_goes_wrong_the_task_is_stopped(
    describe: Callable[[int], dict[str, Any]], lines: list[str], said: str
) -> None:
    aws = Aws(describe, lines)
    (row,) = submissions.rows(context(aws), SPAN, lambda _: None)
    assert (row.area, row.verdict) == ("submissions", Verdict.UNKNOWN)
    assert said in row.found
    assert "stop" in aws.calls


def test_ctrl_c_stops_the_task() -> None:
    def interrupted(times: int) -> dict[str, Any]:
        if times == 1:
            raise KeyboardInterrupt
        return task("STOPPED", 137)

    aws = Aws(interrupted)
    with pytest.raises(KeyboardInterrupt):
        submissions.rows(context(aws), SPAN, lambda _: None)
    assert aws.calls == ["run", "describe", "stop", "describe"]


def test_a_refusal_names_the_policy_of_the_submissions(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = Aws(lambda _: task("STOPPED"))

    def refused(**_: Any) -> None:
        message = "User: x is not authorized to perform: ecs:RunTask on resource: y"
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": message}}, "RunTask")

    monkeypatch.setattr(aws, "run_task", refused)
    (row,) = submissions.rows(context(aws), SPAN, lambda _: None)
    assert row.found == "no permission for ecs:RunTask"
    assert row.todo == "have it allowed (docs/iam/readiness.json and submissions.json)"
    assert row.todo != runner.POLICY
    assert aws.calls == []


def test_no_room_for_a_task_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = Aws(lambda _: task("STOPPED"))
    answer = {"tasks": [], "failures": [{"reason": "Capacity is unavailable at this time"}]}
    monkeypatch.setattr(aws, "run_task", lambda **_: answer)
    with pytest.raises(ExamError, match="no task was started: Capacity is unavailable"):
        submissions.run(context(aws), lambda _: None)


@pytest.mark.parametrize("logging", [None, {"logDriver": "awslogs", "options": {"awslogs-group": "g"}}])
def test_where_the_list_would_be_lost_nothing_is_started(logging: dict[str, Any] | None) -> None:
    aws = Aws(lambda _: task("STOPPED"))
    with pytest.raises(ExamError, match="logs to no log stream"):
        submissions.run(context(aws, logging), lambda _: None)
    assert aws.calls == []


def test_an_entry_point_would_swallow_the_command() -> None:
    aws = Aws(lambda _: task("STOPPED"))
    made = context(aws)
    made.live.task_definition["containerDefinitions"][0]["entryPoint"] = ["/start.sh"]
    with pytest.raises(ExamError, match="has an entryPoint"):
        submissions.run(made, lambda _: None)
    assert aws.calls == []
