from datetime import timedelta
from typing import Any

import pytest

from readiness.checks import load_balancer
from readiness.checks.load_balancer import Listener
from readiness.row import Verdict
from tests.postures import TARGET_GROUP_ARN, live, settings
from tests.readiness.worlds import EXAM, IDLE, NOW, exam

HOST = "exam.pythonide-classroom.tech"
OTHER_ARN = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/pythonide-tg/1"
DEFAULT = {"Priority": "default", "IsDefault": True, "Conditions": [], "Actions": [{"Type": "fixed-response"}]}


def target(state: str, **health: str) -> dict[str, Any]:
    return {"TargetHealth": {"State": state, **health}}


def test_as_many_healthy_targets_as_tasks_are_ok() -> None:
    row = load_balancer.targets(EXAM, (exam(), [target("healthy"), target("healthy"), target("draining")]))
    assert (row.verdict, row.found) == (Verdict.OK, "2 of 2 healthy, 1 draining")


@pytest.mark.parametrize(
    ("health", "found"),
    [
        ([], "0 of 0 healthy"),
        ([target("healthy")], "1 of 1 healthy"),
        (
            [target("healthy"), target("unhealthy", Description="Health checks failed")],
            "1 of 2 healthy; Health checks failed",
        ),
        ([target("healthy"), target("initial")], "1 of 2 healthy"),
        ([target("healthy")] * 3, "3 of 3 healthy"),
    ],
)
def test_targets_that_are_missing_or_sick_fail(health: list[dict[str, Any]], found: str) -> None:
    row = load_balancer.targets(EXAM, (exam(), health))
    assert (row.verdict, row.found) == (Verdict.FAIL, found)


def test_the_target_group_is_as_the_posture_says() -> None:
    judges = (load_balancer.health_check, load_balancer.draining, load_balancer.stickiness)
    assert [judge(EXAM, exam()).verdict for judge in judges] == [Verdict.OK] * 3
    assert [judge(EXAM, live()).verdict for judge in judges] == [Verdict.FAIL] * 3
    assert [judge(IDLE, live()).verdict for judge in judges] == [Verdict.OK] * 3


def test_several_tasks_without_stickiness_fail_even_if_the_posture_is_without() -> None:
    without = {**exam().target_group_attributes, "stickiness.enabled": "false"}
    row = load_balancer.stickiness(IDLE, exam(target_group_attributes=without))
    assert (row.verdict, row.wanted) == (Verdict.FAIL, "on")


def rule(priority: int, arn: str = TARGET_GROUP_ARN, host: str = HOST, **more: Any) -> dict[str, Any]:
    conditions = [{"Field": "host-header", "HostHeaderConfig": {"Values": [host]}}, *more.get("conditions", [])]
    actions = [{"Type": "forward", "TargetGroupArn": arn}]
    return {"Priority": str(priority), "IsDefault": False, "Conditions": conditions, "Actions": actions}


def listener(*rules: dict[str, Any]) -> list[Listener]:
    return [Listener({"ListenerArn": "arn", "Certificates": [{"CertificateArn": "c"}]}, [*rules, DEFAULT])]


API = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/api/*"]}}
ANY = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}


@pytest.mark.parametrize(
    "rules",
    [
        [rule(10)],
        [rule(10, host="*.pythonide-classroom.tech")],
        [rule(10, conditions=[ANY])],
        [rule(5, OTHER_ARN, conditions=[API]), rule(10)],
        [rule(20, OTHER_ARN), rule(10)],
        [rule(5, OTHER_ARN, host="pythonide-classroom.tech"), rule(10)],
    ],
)
def test_a_rule_that_leads_here_is_ok(rules: list[dict[str, Any]]) -> None:
    row = load_balancer.host_rule(EXAM, (exam(), listener(*rules)))
    assert (row.verdict, row.found) == (Verdict.OK, "leads to pythonide-exam-tg")


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ([], "fixed-response"),
        ([rule(10, OTHER_ARN)], "pythonide-tg"),
        ([rule(5, OTHER_ARN), rule(10)], "pythonide-tg"),
        ([rule(10, host="www.pythonide-classroom.tech")], "fixed-response"),
        ([rule(10, conditions=[API])], "fixed-response"),
    ],
)
def test_a_rule_that_leads_elsewhere_fails(rules: list[dict[str, Any]], found: str) -> None:
    row = load_balancer.host_rule(EXAM, (exam(), listener(*rules)))
    assert (row.verdict, row.found) == (Verdict.FAIL, f"{HOST} -> {found}")


def test_weights_between_two_groups_fail() -> None:
    weighted = [{"TargetGroupArn": TARGET_GROUP_ARN, "Weight": 1}, {"TargetGroupArn": OTHER_ARN, "Weight": 1}]
    both = {**rule(10), "Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": weighted}}]}
    assert load_balancer.host_rule(EXAM, (exam(), listener(both))).found.endswith("pythonide-exam-tg, pythonide-tg")
    weighted[1]["Weight"] = 0
    assert load_balancer.host_rule(EXAM, (exam(), listener(both))).verdict is Verdict.OK


def test_no_listener_fails() -> None:
    row = load_balancer.host_rule(EXAM, (exam(), []))
    assert (row.verdict, row.found) == (Verdict.FAIL, f"no listener for https://{HOST}")


def certificate(days: float = 200, name: str = HOST, **changes: Any) -> dict[str, Any]:
    issued = {"DomainName": name, "Status": "ISSUED", "NotAfter": NOW + timedelta(days=days)}
    return {**issued, **changes}


def test_a_valid_certificate_for_the_host_is_ok() -> None:
    row = load_balancer.certificate(EXAM, ([certificate(3, "other.example"), certificate()], NOW))
    assert (row.verdict, row.found) == (Verdict.OK, "valid until 2027-06-13 (200 days)")


@pytest.mark.parametrize(
    "found",
    [
        certificate(name="*.pythonide-classroom.tech"),
        certificate(name="x", SubjectAlternativeNames=[HOST]),
    ],
)
def test_a_wildcard_and_an_alternative_name_count(found: dict[str, Any]) -> None:
    assert load_balancer.certificate(EXAM, ([found], NOW)).verdict is Verdict.OK


def test_one_that_expires_soon_is_a_warning() -> None:
    assert load_balancer.certificate(EXAM, ([certificate(13)], NOW)).verdict is Verdict.WARN


@pytest.mark.parametrize(
    ("certificates", "found"),
    [
        ([], "no certificate"),
        ([certificate(name="other.example")], "other.example"),
        ([certificate(name="*.a.pythonide-classroom.tech")], "*.a.pythonide-classroom.tech"),
        ([certificate(-1)], f"{HOST} expired 2026-11-24"),
        ([{"DomainName": HOST, "Status": "PENDING_VALIDATION"}], f"{HOST} is PENDING_VALIDATION"),
    ],
)
def test_no_valid_certificate_for_the_host_fails(certificates: list[dict[str, Any]], found: str) -> None:
    row = load_balancer.certificate(EXAM, (certificates, NOW))
    assert (row.verdict, row.found) == (Verdict.FAIL, found)


def test_plain_http_needs_none() -> None:
    assert load_balancer.certificate(settings("exam", url="http://exam.local"), ([], NOW)).verdict is Verdict.OK
