import pytest

from components.live import Live
from readiness.checks import ecs
from readiness.row import Verdict
from tests.readiness.worlds import EXAM, IDLE, NOW, exam, stopped, task


def with_service(**changes: object) -> Live:
    return exam(service={**exam().service, **changes})


def test_all_desired_tasks_run() -> None:
    row = ecs.counts(EXAM, exam())
    assert (row.verdict, row.found) == (Verdict.OK, "2 running of 2 desired")


def test_more_than_the_posture_starts_with_are_autoscalings() -> None:
    assert ecs.counts(EXAM, with_service(desiredCount=5, runningCount=5)).verdict is Verdict.OK


@pytest.mark.parametrize(("desired", "running"), [(2, 1), (2, 3), (1, 1), (7, 7)])
def test_tasks_that_are_missing_or_too_many_fail(desired: int, running: int) -> None:
    assert ecs.counts(EXAM, with_service(desiredCount=desired, runningCount=running)).verdict is Verdict.FAIL


def test_two_tasks_are_too_many_when_idle() -> None:
    row = ecs.counts(IDLE, exam())
    assert (row.verdict, row.wanted) == (Verdict.FAIL, "1 task")


def test_one_completed_deployment_is_ok() -> None:
    assert ecs.deployments(EXAM, exam()).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("state", "older", "found"),
    [
        ("IN_PROGRESS", [], "pythonide-exam-task:7 IN_PROGRESS"),
        ("FAILED", [], "pythonide-exam-task:7 FAILED: circuit breaker"),
        ("COMPLETED", [{"status": "ACTIVE"}], "pythonide-exam-task:7 COMPLETED, beside 1 older"),
    ],
)
def test_a_deployment_that_has_not_ended_fails(state: str, older: list[dict[str, str]], found: str) -> None:
    primary = {"status": "PRIMARY", "rolloutState": state, "rolloutStateReason": "circuit breaker"}
    row = ecs.deployments(EXAM, with_service(deployments=[primary, *older]))
    assert (row.verdict, row.found) == (Verdict.FAIL, found)


def test_tasks_of_the_postures_size_and_image_are_ok() -> None:
    row = ecs.kind(EXAM, (exam(), [task(), task(), stopped("x")]))
    assert (row.verdict, row.found) == (Verdict.OK, "2 vCPU / 4 GB, pythonide-exam:latest")


@pytest.mark.parametrize(
    "tasks",
    [
        [],
        [task(cpu="1024", memory="2048")],
        [task(), task(cpu="1024")],
        [task(containers=[{"name": EXAM.container, "image": "other/pythonide-exam:old"}])],
        [task(containers=[])],
    ],
)
def test_a_task_of_another_kind_fails(tasks: list[dict[str, object]]) -> None:
    assert ecs.kind(EXAM, (exam(), tasks)).verdict is Verdict.FAIL


def test_no_stopped_task_is_ok() -> None:
    assert ecs.stopped(EXAM, ([task(), stopped("Task failed", minutes=16)], NOW)).found == "none in 15 minutes"


def test_what_a_rollout_ended_has_not_failed() -> None:
    row = ecs.stopped(EXAM, ([stopped("Scaling activity initiated by (deployment ecs-svc/1)")], NOW))
    assert (row.verdict, row.found) == (Verdict.OK, "none failed, 1 not wanted any more in 15 minutes")


def test_a_task_that_stopped_of_itself_fails_with_its_reason() -> None:
    exited, sick = stopped("Essential container in task exited", exitCode=137), stopped("Task failed ELB health checks")
    row = ecs.stopped(EXAM, ([sick, exited, sick], NOW))
    assert (row.verdict, row.found) == (
        Verdict.FAIL,
        "3 tasks in 15 minutes: Task failed ELB health checks; "
        "Essential container in task exited, pythonide-exam exited with 137",
    )


def test_one_that_is_just_stopping_is_not_judged_yet() -> None:
    assert ecs.stopped(EXAM, ([task(desiredStatus="STOPPED")], NOW)).verdict is Verdict.OK
