"""The rows of AWS in a world that is idle, in exam, half switched, broken, forbidden, hanging, unconfirmed."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from readiness.report import Report
from readiness.row import Row, Verdict
from sandbox.world import PLANTED_PASSWORD
from tests.engine.harness import CLUSTER, SERVICE, Project
from tests.readiness.sandbox.conftest import AWS_ONLY, look

BROKEN = "123456789012.dkr.ecr.us-east-2.amazonaws.com/pythonide-exam:broken"
# Worth a warning in every world: the sandbox's definition has the credential of today, nobody is in `notify`, and
# nobody has said when the exam ends.
ALWAYS = {("alarms", "subscriptions"), ("autoscaling", "forgotten revert"), ("secrets", "in clear")}


def of(report: Report, *verdicts: Verdict) -> dict[tuple[str, str], Row]:
    return {(row.area, row.name): row for row in report.rows if row.verdict in verdicts}


def not_ok(report: Report) -> dict[tuple[str, str], Row]:
    rows = of(report, Verdict.WARN, Verdict.FAIL, Verdict.UNKNOWN)
    return {key: row for key, row in rows.items() if key not in ALWAYS}


@contextmanager
def changed(
    project: Project, service: str, call: str, there: dict[str, object], back: dict[str, object]
) -> Iterator[None]:
    """A call that changes something, undone afterwards by the same call."""
    client = project.client(service)
    getattr(client, call)(**there)
    try:
        yield
    finally:
        getattr(client, call)(**back)


def test_an_exam_is_ready(exam: Project) -> None:
    report = look(exam, "exam")
    assert (report.live, not_ok(report)) == ("exam", {})
    assert of(report, Verdict.WARN).keys() == ALWAYS
    assert report.headline == "READY: 3 warnings"
    assert PLANTED_PASSWORD not in json.dumps(report.json())


def test_the_checklist_writes_nothing(exam: Project) -> None:
    exam.forget_calls()
    look(exam, "exam")
    assert exam.writes() == []
    assert len(exam.calls()) < 40


def test_the_other_stacks_posture_is_told_as_such(exam: Project) -> None:
    report = look(exam, "idle")
    assert report.live == "exam"
    assert {("posture", "live"), ("ECS", "tasks"), ("autoscaling", "bounds")} <= of(report, Verdict.FAIL).keys()


def test_what_autoscaling_added_belongs_to_the_posture(exam: Project) -> None:
    exam.scale_to(4)
    try:
        assert not_ok(look(exam, "exam")) == {}
    finally:
        exam.scale_to(2)


def test_a_world_half_switched(exam: Project) -> None:
    scaling = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
    resource = {**scaling, "ResourceId": f"service/{CLUSTER}/{SERVICE}"}
    suspended = {"DynamicScalingOutSuspended": True}
    arn = exam.target_group()["TargetGroupArn"]
    off, on = ([{"Key": "stickiness.enabled", "Value": value}] for value in ("false", "true"))
    with (
        changed(
            exam,
            "elbv2",
            "modify_target_group_attributes",
            {"TargetGroupArn": arn, "Attributes": off},
            {"TargetGroupArn": arn, "Attributes": on},
        ),
        changed(
            exam,
            "application-autoscaling",
            "register_scalable_target",
            {**resource, "MinCapacity": 1, "MaxCapacity": 6, "SuspendedState": suspended},
            {
                **resource,
                "MinCapacity": 2,
                "MaxCapacity": 6,
                "SuspendedState": dict.fromkeys(suspended, False),
            },
        ),
    ):
        report = look(exam, "exam")
    rows = not_ok(report)
    assert report.live == "neither"
    assert rows.keys() == {
        ("posture", "live"),
        ("autoscaling", "bounds"),
        ("autoscaling", "suspended"),
        ("load balancer", "stickiness"),
    }
    assert rows["posture", "live"].found.startswith("neither posture; 2 values differ: autoscaling bounds: 1-6 -> 2-6;")
    assert not_ok(look(exam, "exam")) == {}


def test_an_alarm_that_is_gone_off_or_mute(exam: Project) -> None:
    cloudwatch = exam.client("cloudwatch")
    cloudwatch.disable_alarm_actions(AlarmNames=["pythonide-exam-cpu"])
    cloudwatch.set_alarm_state(AlarmName="pythonide-exam-memory", StateValue="ALARM", StateReason="test")
    exam.client("events").disable_rule(Name="pythonide-exam-deployment")
    try:
        rows = not_ok(look(exam, "exam"))
        assert {name: row.found for (_, name), row in rows.items()} == {
            "state": "in ALARM: memory",
            "actions": "off for cpu",
            "deployment rule": "is DISABLED",
        }
    finally:
        cloudwatch.enable_alarm_actions(AlarmNames=["pythonide-exam-cpu"])
        cloudwatch.set_alarm_state(AlarmName="pythonide-exam-memory", StateValue="OK", StateReason="test")
        exam.client("events").enable_rule(Name="pythonide-exam-deployment")


def test_a_tag_that_was_moved(exam: Project) -> None:
    manifest = '{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "new": 1}'
    ecr = exam.client("ecr")
    old = ecr.describe_images(repositoryName="pythonide-exam")["imageDetails"][0]["imageDigest"]
    kept = ecr.batch_get_image(repositoryName="pythonide-exam", imageIds=[{"imageTag": "latest"}])["images"][0]
    ecr.put_image(repositoryName="pythonide-exam", imageManifest=manifest, imageTag="latest")
    try:
        ((key, row),) = not_ok(look(exam, "exam")).items()
        assert (key, row.verdict) == (("ECR", "digest"), Verdict.WARN)
        assert old.removeprefix("sha256:")[:12] in row.found
    finally:
        manifest = kept["imageManifest"]
        ecr.put_image(repositoryName="pythonide-exam", imageManifest=manifest, imageTag="latest", imageDigest=old)


def test_an_image_that_is_gone(exam: Project) -> None:
    ecr = exam.client("ecr")
    there = {"repositoryName": "pythonide-exam", "imageIds": [{"imageTag": "latest"}]}
    digest = ecr.describe_images(**there)["imageDetails"][0]["imageDigest"]
    kept = ecr.batch_get_image(**there)["images"][0]["imageManifest"]
    ecr.batch_delete_image(**there)
    try:
        ((key, row),) = not_ok(look(exam, "exam")).items()
        assert (key, row.verdict, row.found) == (("ECR", "image"), Verdict.FAIL, "pythonide-exam:latest is not there")
    finally:
        ecr.put_image(repositoryName="pythonide-exam", imageManifest=kept, imageTag="latest", imageDigest=digest)


def test_errors_in_the_log_with_credentials_masked(exam: Project) -> None:
    logs, group = exam.client("logs"), "/aws/ecs/pythonide-exam"
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    now = int(time.time() * 1000)
    lines = ["INFO all is well", "ERROR one", f"ERROR cannot reach postgresql://u:{PLANTED_PASSWORD}@db/exam"]
    events = [{"timestamp": now + number, "message": line} for number, line in enumerate(lines)]
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)
    try:
        (row,) = not_ok(look(exam, "exam")).values()
        assert (row.verdict, row.found) == (
            Verdict.WARN,
            "2 in 15 minutes\nERROR one\nERROR cannot reach (hidden)",
        )
    finally:
        logs.delete_log_stream(logGroupName=group, logStreamName="s")


def test_closed_doors(exam: Project) -> None:
    ec2 = exam.client("ec2")
    groups = {group["GroupName"]: group for group in ec2.describe_security_groups()["SecurityGroups"]}
    shut = [groups[name] for name in ("pythonide-exam-tasks", "pythonide-db")]
    for group in shut:
        ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    try:
        assert not_ok(look(exam, "exam")).keys() == {("network", "to the tasks"), ("network", "to the database")}
    finally:
        for group in shut:
            ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])


def test_one_read_that_hangs_and_one_that_is_refused_hide_no_other(exam: Project) -> None:
    exam.fault("ecr:*", "hang")
    exam.fault("acm:*", "deny")
    impatient = [replace(check, limit=2.5) if check.area == "ECR" else check for check in AWS_ONLY]
    try:
        rows = not_ok(look(exam, "exam", impatient))
    finally:
        exam.clear_faults()
    assert {key: row.found for key, row in rows.items()} == {
        ("ECR", "image"): "no answer within 2.5 s",
        ("load balancer", "certificate"): "no permission for acm:DescribeCertificate",
    }


def test_nothing_may_be_read(exam: Project) -> None:
    exam.fault("*:*", "deny")
    try:
        report = look(exam, "exam")
    finally:
        exam.clear_faults()
    assert {row.verdict for row in report.rows} == {Verdict.UNKNOWN}
    assert all(row.found.startswith("no permission for ") for row in report.rows)
    assert report.headline.startswith("CANNOT TELL: ")


def test_a_broken_image(exam: Project) -> None:
    """ECS has rolled back to the last good one: that all is well again is not all that the operator should know."""
    exam.deploy(image=BROKEN)
    ((key, row),) = not_ok(look(exam, "exam")).items()
    assert (key, row.verdict) == (("ECS", "stopped tasks"), Verdict.FAIL)
    assert row.found.endswith(" tasks in 15 minutes: Task failed container health checks")
