"""The clean-up rows: how far back, what it cost, what went wrong, who worked."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from components.errors import ExamError
from components.presence import URL_VARIABLE
from readiness import __main__ as program
from readiness import span as spans
from readiness import worked as sessions
from readiness.checks import after, after_cost, logs
from readiness.checks.after import Fired, Stopped
from readiness.checks.after_cost import Counts, Kind
from readiness.context import Context
from readiness.row import Verdict
from readiness.worked import Account
from tests.postures import SECRET, live
from tests.readiness.worlds import EXAM, IDLE, NOW, stopped

SPAN = timedelta(hours=3)
BEGIN = NOW - SPAN


@pytest.mark.parametrize(
    ("text", "span", "words"),
    [
        ("3h", timedelta(hours=3), "3 hours"),
        ("90m", timedelta(minutes=90), "90 minutes"),
        ("1d", timedelta(days=1), "1 day"),
        ("15d", timedelta(days=15), "15 days"),
    ],
)
def test_how_far_back(text: str, span: timedelta, words: str) -> None:
    assert (spans.parse(text), spans.short(span), spans.words(span)) == (span, text, words)


@pytest.mark.parametrize("text", ["", "3", "h", "3x", "0h", "-1h", "1.5h", "16d", "3 h", "3h2m", "99999999999d", "²h"])
def test_anything_else_is_one_clear_line(text: str) -> None:
    with pytest.raises(ExamError) as error:
        spans.parse(text)
    assert str(error.value) == f"--since {text}: give minutes, hours or days, at most 15 days: 90m, 3h, 1d"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--since", "soon"], "--since soon: give minutes"),
        (["--submissions"], "--submissions needs --since"),
        (["--since", "3h", "--watch"], "choose one"),
        (["-s", "exam", "--since", "3h"], "use it with -s idle"),
    ],
)
def test_what_does_not_go_together_is_said_without_asking_anybody(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(["-s", "idle", *arguments]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert said in output.err
    assert output.err.count("\n") == 1


def minutes(count: int, samples: float, begin: datetime = BEGIN) -> tuple[tuple[datetime, float], ...]:
    return tuple((begin + timedelta(minutes=n), samples) for n in range(count))


IDLE_KIND = Kind(BEGIN - timedelta(days=1), 1024, 2048, 60)
# One task of idle; from an hour on two of the exam, three samples each a minute; the last half hour idle again.
SWITCHED = Counts(
    minutes(60, 1) + minutes(90, 6, BEGIN + timedelta(hours=1)) + minutes(30, 1, NOW - timedelta(minutes=30)),
    (
        IDLE_KIND,
        Kind(BEGIN + timedelta(hours=1), 2048, 4096, 20),
        Kind(NOW - timedelta(minutes=30), 1024, 2048, 60),
    ),
    SPAN,
    0.04937,
)


def test_task_hours_by_size() -> None:
    assert after_cost.task_hours(SWITCHED) == pytest.approx({(1024, 2048): 1.5, (2048, 4096): 3.0})


def test_what_it_cost() -> None:
    row = after_cost.cost(IDLE, SWITCHED)
    assert (row.verdict, row.found.splitlines()) == (
        Verdict.OK,
        ["0.37 USD, 0.22 more than idle", "4.5 task-hours: 1.5 h of 1 vCPU / 2 GB, 3.0 h of 2 vCPU / 4 GB"],
    )


def test_minutes_without_a_count_are_told() -> None:
    row = after_cost.cost(IDLE, Counts(minutes(100, 1), (IDLE_KIND,), SPAN, 0.04937))
    assert row.found.splitlines()[-1] == "80 minutes without a count are not in it"
    assert "0.00 more than idle" in row.found


@pytest.mark.parametrize("found", [Counts((), (IDLE_KIND,), SPAN, 0.0), Counts(minutes(9, 1), (), SPAN, 0.0)])
def test_without_counts_nobody_knows_what_it_cost(found: Counts) -> None:
    assert after_cost.cost(IDLE, found).verdict is Verdict.UNKNOWN


class Aws:
    """ECS and CloudWatch as the cost asks them: deployments (name, hours ago, status), each of a size of its own."""

    def __init__(self, *deployments: tuple[str, float, str]) -> None:
        self.deployments = [
            {"targetServiceRevisionArn": name, "startedAt": NOW - timedelta(hours=hours), "status": status}
            for name, hours, status in deployments
        ]

    def list_service_deployments(self, **asked: Any) -> dict[str, Any]:
        page = int(asked.get("nextToken", 0))
        more = {"nextToken": str(page + 1)} if page + 1 < len(self.deployments) else {}
        return {"serviceDeployments": self.deployments[page : page + 1], **more}

    def describe_service_revisions(self, serviceRevisionArns: list[str]) -> dict[str, Any]:  # noqa: N803
        monitoring = {"metricConfigurations": [{"metricNames": ["CPUUtilization"], "resolutionSeconds": 20}]}
        return {
            "serviceRevisions": [
                {"serviceRevisionArn": a, "taskDefinition": a, **({"monitoring": monitoring} if a == "exam" else {})}
                for a in serviceRevisionArns
            ]
        }

    def describe_task_definition(self, taskDefinition: str) -> dict[str, Any]:  # noqa: N803
        cpu = {"exam": "2048", "idle": "1024"}.get(taskDefinition, "4096")
        return {"taskDefinition": {"cpu": cpu, "memory": "8192"}}

    def get_metric_data(self, **asked: Any) -> dict[str, Any]:
        (query,) = asked["MetricDataQueries"]
        assert (query["MetricStat"]["Stat"], query["MetricStat"]["Period"]) == ("SampleCount", 60)
        return {"MetricDataResults": [{"Id": "running", "Timestamps": [BEGIN], "Values": [2.0]}]}


def context(aws: Any, stack: str = "idle") -> Context:
    own, other = (IDLE, EXAM) if stack == "idle" else (EXAM, IDLE)
    made = Context(own, stack, other, access=None, now=NOW)  # type: ignore[arg-type]
    made.once("live", live)
    for service in ("ecs", "cloudwatch"):
        made.once(f"client {service}", lambda: aws)
    return made


@pytest.mark.parametrize("stack", ["idle", "exam"])
def test_what_ran_when_is_told_by_the_deployments(stack: str) -> None:
    """The last one before the span counts; one that failed does not; one under way does."""
    aws = Aws(
        ("idle", 0.1, "IN_PROGRESS"),
        ("broken", 1, "ROLLBACK_SUCCESSFUL"),
        ("exam", 2, "SUCCESSFUL"),
        ("before", 5, "SUCCESSFUL"),
        ("long ago", 90, "SUCCESSFUL"),
    )
    found = after_cost.read(context(aws, stack), SPAN)
    assert found.samples == ((BEGIN, 2.0),)
    assert [(kind.cpu, kind.resolution) for kind in found.kinds] == [(4096, 60), (2048, 20), (1024, 60)]
    assert [NOW - kind.start for kind in found.kinds] == [timedelta(hours=h) for h in (5, 2, 0.1)]
    assert found.idle == pytest.approx(0.04937)


def test_errors_of_the_whole_span() -> None:
    assert after.errors(IDLE, logs.Errors("/aws", [], False, SPAN)).found == "none in 3 hours"
    event = {"timestamp": 1, "message": f"ERROR postgresql://exam:{SECRET}@db/x"}
    row = after.errors(IDLE, logs.Errors("/aws", [event], False, SPAN))
    assert (row.area, row.name, row.verdict) == ("after", "errors logged", Verdict.WARN)
    assert row.found.startswith("1 in 3 hours\nERROR")
    assert row.todo.endswith("--since 3h")
    assert SECRET not in repr(row)


def test_no_task_stopped() -> None:
    assert after.stopped(IDLE, Stopped([], [], timedelta(hours=1), NOW)).found == "none in 1 hour"
    row = after.stopped(IDLE, Stopped([], [], SPAN, NOW))
    assert (row.verdict, "as far as ECS still knows" in row.found) == (Verdict.OK, True)


def test_why_tasks_stopped() -> None:
    killed = stopped("Essential container in task exited", 50, exitCode=137)
    event = {
        "createdAt": NOW - timedelta(minutes=40),
        "message": "(service x) deployment failed: tasks failed to start.",
    }
    row = after.stopped(IDLE, Stopped([killed, killed, stopped("Task failed ELB health checks")], [event], SPAN, NOW))
    assert row.verdict is Verdict.WARN
    assert row.found.splitlines()[1:] == [
        "2 x Essential container in task exited, pythonide-exam exited with 137",
        "1 x Task failed ELB health checks",
        "07:20 (service x) deployment failed: tasks failed to start.",
    ]


def test_what_counts_as_stopped() -> None:
    """Not what the switch itself ended, nor what was before the span."""
    tasks = [
        stopped("Scaling activity initiated by (deployment ecs-svc/1)"),
        stopped("Task failed ELB health checks", 200),
        stopped("OutOfMemoryError", 100),
    ]
    events = [
        {"createdAt": NOW - timedelta(hours=1), "message": "(service x) has reached a steady state."},
        {"createdAt": NOW - timedelta(hours=1), "message": "(service x) (task 1) is unhealthy"},
        {"createdAt": NOW - timedelta(hours=4), "message": "(service x) was unable to place a task"},
    ]
    made = Context(IDLE, "idle", EXAM, access=None, now=NOW)  # type: ignore[arg-type]
    made.once("live", lambda: live(service={**live().service, "events": events}))
    made.once("tasks", lambda: tasks)
    found = after.read_stopped(made, SPAN)
    assert [task["stoppedReason"] for task in found.tasks] == ["OutOfMemoryError"]
    assert [event["message"] for event in found.events] == ["(service x) (task 1) is unhealthy"]


def change(state: str, minutes_ago: int) -> dict[str, Any]:
    data = json.dumps({"version": "1.0", "oldState": {"stateValue": "OK"}, "newState": {"stateValue": state}})
    return {"Timestamp": NOW - timedelta(minutes=minutes_ago), "HistoryData": data}


def test_when_an_alarm_went_off() -> None:
    items = [change("OK", 5), change("ALARM", 10), change("OK", 20), change("ALARM", 30)]
    assert after.went_off(items) == [NOW - timedelta(minutes=30), NOW - timedelta(minutes=10)]


def test_alarms_that_fired() -> None:
    assert after.fired(IDLE, Fired({}, 7, SPAN, NOW)).found == "none of 7 went off in 3 hours"
    times = [NOW - timedelta(minutes=m) for m in (50, 40, 30, 20)]
    row = after.fired(IDLE, Fired({"cpu": times[:1], "memory": times}, 5, SPAN, NOW))
    assert (row.verdict, row.found.splitlines()) == (
        Verdict.WARN,
        [
            "2 of 7 went off in 3 hours (UTC)",
            "cpu at 07:10",
            "memory at 07:20, 07:30, 07:40 and 1 more before",
        ],
    )


def account(name: str, first: int, last: int, role: str = "student") -> Account:
    return Account(name, role, NOW - timedelta(minutes=first), NOW - timedelta(minutes=last))


def test_who_worked() -> None:
    accounts = [account("exam_t01", 120, 30), account("exam_t02", 90, 10), account("prof", 150, 60, "professor")]
    row = after.who(IDLE, (accounts, NOW))
    assert (row.verdict, row.found.splitlines()) == (
        Verdict.OK,
        [
            "2 students and 1 of the staff: 05:30 to 07:50 UTC",
            "exam_t01 06:00 to 07:30",
            "exam_t02 06:30 to 07:50",
            "prof 05:30 to 07:00",
        ],
    )
    assert after.who(IDLE, ([], NOW)).verdict is Verdict.WARN


@pytest.mark.parametrize("url", [f"postgresql://exam:{SECRET}@127.0.0.1:1/x", f"not a url {SECRET}"])
def test_a_database_that_does_not_answer_is_one_line(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_VARIABLE, url)
    with pytest.raises(ExamError, match="the database does not answer") as error:
        sessions.worked(context(None), BEGIN)
    assert SECRET not in str(error.value)
    assert "\n" not in str(error.value)
