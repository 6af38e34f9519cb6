"""docs/iam/readiness.json: with it every row has its answer; without any one action a row says which is missing."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from readiness.checks import CHECKS, after
from readiness.report import Report
from readiness.row import Verdict
from tests.engine.harness import CLUSTER, SERVICE, Project
from tests.engine.test_least_privilege import FREE, NOBODY, PARAMETER, SECRET, User, actions, policy, without
from tests.readiness.sandbox.conftest import OF_THE_URL, look

READINESS = policy("readiness")
EVERYTHING = (*(c for c in CHECKS if c.area not in OF_THE_URL), *after.checks(timedelta(hours=3)))


def deploy(project: Project, **sources: str) -> None:
    """The running definition with secrets in the place of the variable in clear."""
    fields = {
        key: value
        for key, value in project.definition().items()
        if key not in ("status", "requiresAttributes", "compatibilities", "registeredBy")
    }
    container = fields["containerDefinitions"][0]
    container["environment"] = [v for v in container["environment"] if v["name"] != "DATABASE_URL"]
    container["secrets"] = [{"name": name, "valueFrom": source} for name, source in sources.items()]
    arn = project.ecs.register_task_definition(**fields)["taskDefinition"]["taskDefinitionArn"]
    project.ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=arn)
    project.settle()


@pytest.fixture(scope="module")
def world(sandbox: Project) -> Project:
    """Idle, where a rollout is over soonest, its credential a secret; somebody is told of alarms and has confirmed."""
    sandbox.reset()
    secret = sandbox.client("secretsmanager").create_secret(Name=SECRET, SecretString=NOBODY)["ARN"]
    sandbox.client("ssm").put_parameter(Name=PARAMETER, Value=NOBODY, Type="SecureString")
    sandbox.configure("idle", "notify[0]", "operator@school.example")
    sandbox.up("idle")
    sandbox.confirm_subscriptions()
    deploy(sandbox, DATABASE_URL=secret, OTHER=PARAMETER)
    return sandbox


def looked(project: Project, document: dict[str, Any]) -> tuple[Report, set[str], set[str]]:
    """The report of a user with that policy, the actions that were called, those that were denied."""
    keys = User(project, f"checklist-{uuid.uuid4().hex}", document).keys
    project.forget_calls()
    with project.iam_enforced():
        report = look(project, "idle", EVERYTHING, **keys, AWS_SESSION_TOKEN="")
    calls = [(f"{call['service']}:{call['action']}", call["error"] or "") for call in project.calls()]
    return report, {action for action, _ in calls}, {action for action, error in calls if "Denied" in error}


@pytest.fixture(scope="module")
def with_all(world: Project) -> tuple[Report, set[str], set[str]]:
    """By a secret, and once more by a parameter: the students' row reads the database's URL from either."""
    report, called, denied = looked(world, READINESS)
    secret = world.client("secretsmanager").describe_secret(SecretId=SECRET)["ARN"]
    deploy(world, DATABASE_URL=PARAMETER, OTHER=secret)
    _, more, also_denied = looked(world, READINESS)
    deploy(world, DATABASE_URL=secret, OTHER=PARAMETER)
    return report, called | more, denied | also_denied


def test_nothing_is_unknown_for_lack_of_permission(with_all: tuple[Report, set[str], set[str]]) -> None:
    report, _, denied = with_all
    assert denied == set()
    unknown = {row.area for row in report.rows if row.verdict is Verdict.UNKNOWN}
    assert unknown <= {"students", "database", "after"}, unknown
    assert [row for row in report.rows if "permission" in row.found] == []
    rows = {(row.area, row.name): row for row in report.rows}
    assert rows["alarms", "subscriptions"].found == "confirmed: operator@school.example"
    assert rows["secrets", "in clear"].verdict is Verdict.OK
    assert rows["secrets", "entries"].found == "there: DATABASE_URL, OTHER"
    assert rows["secrets", "execution role"].found == "may read every entry"


def test_nothing_in_the_policy_is_spare(with_all: tuple[Report, set[str], set[str]]) -> None:
    assert actions(READINESS) == with_all[1] - FREE


FEW: list[Any] = [("ecr:DescribeImages", "iam:SimulatePrincipalPolicy"), ("ecs:DescribeServices",)]
ALL = [pytest.param((action,), marks=pytest.mark.long) for action in sorted(actions(READINESS))]


@pytest.mark.parametrize("removed", FEW + ALL, ids=" ".join)
def test_without_an_action_a_row_names_it(world: Project, removed: tuple[str, ...]) -> None:
    if removed == ("ssm:GetParameter",):
        secret = world.client("secretsmanager").describe_secret(SecretId=SECRET)["ARN"]
        deploy(world, DATABASE_URL=PARAMETER, OTHER=secret)
    report, _, denied = looked(world, without(READINESS, removed))
    assert denied == set(removed)
    told = " ".join(f"{row.found} {row.todo}" for row in report.rows if row.verdict is not Verdict.OK)
    for action in removed:
        assert action.partition(":")[2] in told, told


def test_a_mail_that_nobody_confirmed(world: Project) -> None:
    sns = world.client("sns")
    topic = "arn:aws:sns:us-east-2:123456789012:pythonide-exam-alarms"
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="second@school.example")
    rows = {row.name: row for row in look(world, "idle").rows if row.area == "alarms"}
    assert rows["subscriptions"].verdict is Verdict.FAIL
    assert rows["subscriptions"].found == "not confirmed, so not told: second@school.example"
    world.confirm_subscriptions()
    rows = {row.name: row for row in look(world, "idle").rows if row.area == "alarms"}
    assert rows["subscriptions"].verdict is Verdict.OK


def test_a_secret_that_is_gone_or_may_not_be_read(world: Project) -> None:
    iam, ssm = world.client("iam"), world.client("ssm")
    ssm.delete_parameter(Name=PARAMETER)
    iam.delete_role_policy(RoleName="ecsTaskExecutionRole", PolicyName="execution")
    rows = {row.name: row for row in look(world, "idle").rows if row.area == "secrets"}
    assert rows["entries"].verdict is Verdict.FAIL
    assert "arn:aws:ssm:us-east-2:123456789012:parameter/pythonide-exam/database-url" in rows["entries"].found
    assert rows["execution role"].verdict is Verdict.FAIL
    assert "secretsmanager:GetSecretValue of " in rows["execution role"].found
    assert "ssm:GetParameters of " in rows["execution role"].found
