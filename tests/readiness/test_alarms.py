from typing import Any

import pytest

from readiness.checks import alarms
from readiness.checks.alarms import Alarms
from readiness.context import COMPONENT
from readiness.row import Row, Verdict
from tests.postures import ROOT, settings
from tests.readiness.worlds import EXAM, exam

TOPIC = "arn:aws:sns:us-east-2:123456789012:pythonide-exam-alarms"


def there(**changes: Any) -> dict[str, dict[str, Any]]:
    common = {"StateValue": "OK", "ActionsEnabled": True, "AlarmActions": [TOPIC], **changes}
    return {name: {"Threshold": value, **common} for name, value in alarms.wanted(EXAM, exam()).items()}


def judged(found: dict[str, dict[str, Any]]) -> dict[str, Row]:
    return {row.name: row for row in alarms.judge_alarms(EXAM, Alarms(exam(), TOPIC, found))}


def test_the_names_are_those_that_the_program_declares() -> None:
    assert f'PythonIdeExam("{COMPONENT}", ' in (ROOT / "__main__.py").read_text()
    assert "pythonide-exam-healthy-hosts" in there()


def test_quiet_alarms_that_tell_somebody_are_ok() -> None:
    rows = judged(there())
    assert {name: row.verdict for name, row in rows.items()} == dict.fromkeys(("alarms", "state", "actions"), "ok")


def test_missing_alarms_fail_by_name() -> None:
    found = there()
    del found["pythonide-exam-cpu"]
    assert judged(found)["alarms"].found == "missing: cpu"
    assert {name: row.verdict for name, row in judged({}).items()} == {"alarms": Verdict.FAIL}


def test_the_other_postures_threshold_fails() -> None:
    found = there()
    found["pythonide-exam-cpu"]["Threshold"] = 80.0
    row = judged(found)["alarms"]
    assert (row.verdict, row.found) == (Verdict.FAIL, "cpu at 80 instead of 40")


def test_one_that_has_gone_off_fails() -> None:
    found = there()
    found["pythonide-exam-memory"]["StateValue"] = "ALARM"
    row = judged(found)["state"]
    assert (row.verdict, row.found) == (Verdict.FAIL, "in ALARM: memory")


def test_a_new_alarm_has_no_data_yet() -> None:
    row = judged(there(StateValue="INSUFFICIENT_DATA"))["state"]
    assert (row.verdict, row.found) == (Verdict.OK, f"none in ALARM, {len(there())} without data yet")


@pytest.mark.parametrize("change", [{"ActionsEnabled": False}, {"AlarmActions": []}])
def test_one_that_tells_nobody_fails(change: dict[str, Any]) -> None:
    found = there()
    found["pythonide-exam-cpu"].update(change)
    row = judged(found)["actions"]
    assert (row.verdict, row.found) == (Verdict.FAIL, "off for cpu")


@pytest.mark.parametrize(
    ("state", "verdict", "found"),
    [("ENABLED", Verdict.OK, "ENABLED"), ("DISABLED", Verdict.FAIL, "is DISABLED"), ("", Verdict.FAIL, "missing")],
)
def test_the_deployment_rule_has_to_be_enabled(state: str, verdict: Verdict, found: str) -> None:
    row = alarms.rule(EXAM, state)
    assert (row.verdict, row.found) == (verdict, found)


def test_the_dashboard_is_a_link_or_a_warning() -> None:
    link = (
        "https://us-east-2.console.aws.amazon.com/cloudwatch/home?region=us-east-2#dashboards/dashboard/pythonide-exam"
    )
    assert (alarms.shown(EXAM, link).verdict, alarms.shown(EXAM, link).found) == (Verdict.OK, link)
    assert alarms.shown(EXAM, "").verdict is Verdict.WARN


OPERATOR, OTHER = "operator@school.example", "other@school.example"
NOTIFIED = settings("exam", notify=[OPERATOR])


def subscription(address: str, arn: str = f"{TOPIC}:1") -> dict[str, str]:
    return {"Endpoint": address, "SubscriptionArn": arn}


@pytest.mark.parametrize(
    ("found", "verdict", "text"),
    [
        ([subscription(OPERATOR)], Verdict.OK, f"confirmed: {OPERATOR}"),
        ([subscription(OPERATOR, "PendingConfirmation")], Verdict.FAIL, f"not confirmed, so not told: {OPERATOR}"),
        (
            [subscription(OPERATOR), subscription(OTHER, "PendingConfirmation")],
            Verdict.FAIL,
            f"not confirmed, so not told: {OTHER}",
        ),
        ([subscription(OTHER)], Verdict.FAIL, f"not subscribed: {OPERATOR}"),
        (None, Verdict.FAIL, "no topic: nobody is told"),
    ],
)
def test_everybody_of_notify_has_confirmed(found: list[dict[str, str]] | None, verdict: Verdict, text: str) -> None:
    row = alarms.subscriptions(NOTIFIED, found)
    assert (row.verdict, row.found) == (verdict, text)


def test_nobody_is_a_warning() -> None:
    assert alarms.subscriptions(EXAM, []).verdict is Verdict.WARN
    assert alarms.subscriptions(EXAM, [subscription(OTHER)]).verdict is Verdict.OK
