"""AWS that is slow, says no, or changes under an `up`: it converges, or says why not; half a posture is no success."""

import re
import time
from collections.abc import Callable
from fnmatch import fnmatch

import pytest
from _pytest.mark import ParameterSet

from tests.engine.harness import CLUSTER, SERVICE, Done, Project
from tests.engine.reference import Reference
from tests.engine.running import Running

READ_LIMIT = 20  # seconds, the least that there may be
ENGINE_TIME = 15  # seconds that an `up` takes beside
# Refused, they cost a hint or a source of the guard and nothing more.
OPTIONAL = {"rds:DescribeDBInstances", "cloudwatch:GetMetricStatistics"}


def long(*values: object) -> ParameterSet:
    """A case for `make test-long` alone."""
    return pytest.param(*values, marks=pytest.mark.long)


def stopped(done: Done, *parts: str) -> None:
    """An `up` that failed, with a line that has all the parts, or has them together with its heading, the resource."""
    assert done.code != 0, done.output
    diagnostics = done.output.partition("Diagnostics:")[2].partition("Outputs:")[0]
    paragraphs = re.split(r"\n(?=  \S)", diagnostics)
    assert any(all(part in paragraph for part in parts) for paragraph in paragraphs), (parts, diagnostics)


# A client that is throttled gets slow: all of them at once take half a minute.
@pytest.mark.parametrize(
    ("kind", "pattern"), [("drop", "*"), ("throttle", "ecs:*"), long("throttle", "*"), long("error", "*")]
)
def test_a_fault_of_every_call_there_is_is_got_over(
    project: Project, reference: Reference, kind: str, pattern: str
) -> None:
    for action in sorted(action for action in reference.actions if fnmatch(action, pattern)):
        project.fault(action, kind, calls=1)
    done = project.try_up("exam")
    assert done.code == 0, done.output
    assert {call["error"] for call in project.calls()} > {None}
    reference.reached(project, "exam")


@pytest.mark.long
def test_late_answers_are_waited_for(project: Project, reference: Reference) -> None:
    for action in ("ecs:*", "cloudwatch:Put*", "application-autoscaling:*"):
        project.fault(action, "hang", calls=2, seconds=2)
    project.up("exam")
    reference.reached(project, "exam")


def test_a_read_that_hangs_ends_with_its_name(project: Project) -> None:
    project.configure("exam", "readLimit", str(READ_LIMIT))
    project.fault("elasticloadbalancing:DescribeTargetGroups", "hang")
    started = time.monotonic()
    done = project.try_up("exam")
    assert time.monotonic() - started < READ_LIMIT + ENGINE_TIME
    stopped(done, "no answer from AWS while looking for target group arn:aws:elasticloadbalancing", "us-east-2")
    assert project.writes() == []
    assert "Traceback" not in done.output


READ, WRITE = (
    ("ecs:DescribeTaskDefinition", "task definition arn:aws:ecs"),
    ("sns:CreateTopic", "pythonide-exam-alarms"),
)
# Seven at once: adaptive retries make 42 calls, one every 2 seconds.
ALARMS, SERVICE_WRITE = (
    ("cloudwatch:PutMetricAlarm", "pythonide-exam-"),
    # The program's own, for the resolution of the metrics, comes first.
    ("ecs:UpdateService", "pythonide-exam-task-service"),
)


@pytest.mark.parametrize(
    ("action", "resource", "kind"),
    [
        (*READ, "error"),
        long(*WRITE, "throttle"),
        *(long(*call, kind) for call in (ALARMS, SERVICE_WRITE) for kind in ("throttle", "error", "drop")),
        *(long(*READ, kind) for kind in ("throttle", "drop")),
        *(long(*WRITE, kind) for kind in ("error", "drop")),
    ],
)
def test_a_fault_without_end_is_told(
    project: Project, reference: Reference, action: str, resource: str, kind: str
) -> None:
    project.fault(action, kind)
    stopped(project.try_up("exam"), resource)
    project.clear_faults()
    project.up("exam")
    reference.reached(project, "exam")


REFUSED = [
    long("sts:GetCallerIdentity", "the AWS account"),
    ("ecs:DescribeServices", "service pythonide-exam-task-service"),
    long("elasticloadbalancing:DescribeTargetGroups", "target group arn:aws"),
    long("application-autoscaling:DescribeScalableTargets", "pythonide-exam-task-service"),
    long("application-autoscaling:RegisterScalableTarget", "pythonide-exam-scalable-target"),
    long("application-autoscaling:PutScalingPolicy", "pythonide-exam-cpu-scaling-policy"),
    long("ecs:RegisterTaskDefinition", "pythonide-exam-task-definition"),
    long("ecs:UpdateService", "pythonide-exam-"),
    long("elasticloadbalancing:ModifyTargetGroup", "pythonide-exam-target-group"),
    # The other writes: refused by a policy in test_least_privilege.py.
    ("cloudwatch:PutMetricAlarm", "pythonide-exam-"),
    long("sns:CreateTopic", "pythonide-exam-alarms"),
    long("events:PutRule", "pythonide-exam-deployment"),
]


@pytest.mark.parametrize(("action", "resource"), REFUSED)
def test_a_refused_action_is_named(project: Project, action: str, resource: str) -> None:
    project.fault(action, "deny")
    stopped(project.try_up("exam"), action.partition(":")[2], resource)


@pytest.mark.long
def test_every_action_when_it_is_refused(project: Project, reference: Reference) -> None:
    for action in sorted(reference.actions):
        project.reset()
        project.fault(action, "deny")
        done = project.try_up("exam")
        if action in OPTIONAL:
            assert done.code == 0, (action, done.output)
            project.clear_faults()
            reference.reached(project, "exam")
        elif any(call["error"] for call in project.calls()):
            stopped(done, action.partition(":")[2], "pythonide-exam")


@pytest.mark.long
@pytest.mark.parametrize("kind", ["throttle", "error", "drop", "hang"])
def test_every_action_when_its_first_calls_fail(project: Project, reference: Reference, kind: str) -> None:
    for action in sorted(reference.actions):
        project.reset()
        project.fault(action, kind, calls=2, seconds=2)
        done = project.try_up("exam")
        assert done.code == 0, (action, done.output)
        reference.reached(project, "exam")


def delete_service(project: Project) -> None:
    project.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)


def delete_target_group(project: Project) -> None:
    elb = project.client("elbv2")
    (balancer,) = elb.describe_load_balancers()["LoadBalancers"]
    (listener,) = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    for rule in elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]:
        if not rule["IsDefault"]:
            elb.delete_rule(RuleArn=rule["RuleArn"])
    elb.delete_target_group(TargetGroupArn=project.target_group()["TargetGroupArn"])


# AWS's provider looks for a service for 2 minutes before it believes that it is gone.
GONE_LIMIT = 240  # seconds


@pytest.mark.parametrize(
    ("delete", "name"),
    [long(delete_service, "pythonide-exam-task-service"), (delete_target_group, "pythonide-exam-tg")],
    ids=["service", "target group"],
)
def test_gone_between_preview_and_up(project: Project, delete: Callable[[Project], None], name: str) -> None:
    assert project.pulumi("preview", "-s", "exam").code == 0
    delete(project)
    project.forget_calls()
    done = project.try_up("exam")
    stopped(done, name)
    assert "Traceback" not in done.output
    assert project.writes() == []


@pytest.mark.parametrize(
    ("delete", "kind"),
    [(delete_service, "service"), long(delete_target_group, "target")],
    ids=["service", "target group"],
)
def test_gone_between_reading_and_writing(project: Project, delete: Callable[[Project], None], kind: str) -> None:
    project.fault("application-autoscaling:RegisterScalableTarget", "hang", calls=1)
    running = Running(project, "exam")
    running.await_fault()
    delete(project)
    project.clear_faults()
    stopped(running.done(GONE_LIMIT), "pythonide-exam-", kind)


@pytest.mark.parametrize(
    ("live", "reached", "written_last_before"),
    [
        # The `up` raises the count itself.
        (1, 5, "application-autoscaling:RegisterScalableTarget"),
        # The `up` replaces the tasks and has nothing to do with their number.
        (2, 5, "ecs:RegisterTaskDefinition"),
    ],
    ids=["raised", "kept"],
)
def test_a_count_that_autoscaling_raises_meanwhile_is_kept(
    project: Project, live: int, reached: int, written_last_before: str
) -> None:
    project.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=live)
    project.settle()
    project.fault(written_last_before, "hang", calls=1)
    running = Running(project, "exam")
    running.await_fault()
    project.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=reached)
    project.clear_faults()
    done = running.done()
    assert done.code == 0, done.output
    assert project.status()["service"]["desired"] == reached
