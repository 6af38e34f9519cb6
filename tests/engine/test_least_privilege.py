"""docs/iam/: with operator.json everything works, with any action less something fails; reader.json only previews."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.engine.harness import Done, Project
from tests.postures import ROOT

BROKEN_IMAGE = "123456789012.dkr.ecr.us-east-2.amazonaws.com/pythonide-exam:broken"
SECRET, PARAMETER = "pythonide-exam/database-url", "/pythonide-exam/database-url"
NOBODY = "postgresql://127.0.0.1:9/pythonide_exam"  # no database: the guard goes on to its next source
DENIED = ("AccessDenied", "AccessDeniedException")
# What the sandbox's AWS is not asked for; docs/iam/README.md says when the real one is.
ONLY_REAL = {"ecs:DescribeServiceDeployments", "ecs:ListServiceDeployments", "iam:CreateServiceLinkedRole"}
# What AWS checks beside the action that is called, and when.
CHECKED_WITH = {"ecs:TagResource": "ecs:RegisterTaskDefinition", "iam:PassRole": "ecs:RegisterTaskDefinition"}
# Which of the AWS plugins ask for it differs.
NOT_ALWAYS_ASKED = {"application-autoscaling:ListTagsForResource"}
# Nobody needs a permission for it.
FREE = {"sts:GetCallerIdentity"}
# Without these an `up` goes on: the guard to its next source, without a hint about the database's connections.
DISPENSABLE = {
    "cloudwatch:GetMetricStatistics",
    "rds:DescribeDBInstances",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
}


def policy(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((ROOT / "docs" / "iam" / f"{name}.json").read_text())
    return content


def actions(document: dict[str, Any]) -> set[str]:
    return {action for statement in document["Statement"] for action in statement["Action"]}


def without(document: dict[str, Any], removed: tuple[str, ...]) -> dict[str, Any]:
    statements = [{**s, "Action": [a for a in s["Action"] if a not in removed]} for s in document["Statement"]]
    return {**document, "Statement": [statement for statement in statements if statement["Action"]]}


OPERATOR, READER = policy("operator"), policy("reader")


class User:
    """An IAM user with one policy, whom AWS checks."""

    def __init__(self, project: Project, name: str, document: dict[str, Any]) -> None:
        self.project = project
        iam = project.client("iam")
        iam.create_user(UserName=name)
        arn = iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(document))["Policy"]["Arn"]
        iam.attach_user_policy(UserName=name, PolicyArn=arn)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        self.keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    def runs(self, *command: str) -> Done:
        with self.project.iam_enforced():
            return self.project.pulumi(*command, **self.keys, AWS_SESSION_TOKEN="")


@dataclass(frozen=True)
class Step:
    """A command, what is configured before it (stack, key, value), and whether it has to succeed.

    `after` are the earlier steps without which it would not call what it calls.
    """

    command: tuple[str, ...]
    configuration: tuple[tuple[str, str, str], ...] = ()
    succeeds: bool = True
    user: str = "operator"
    after: tuple[int, ...] = ()

    def prepare(self, project: Project) -> None:
        arn = project.client("secretsmanager").list_secrets()["SecretList"][0]["ARN"]
        for stack, key, value in self.configuration:
            project.configure(stack, key, value.format(secret=arn), "--plaintext")


def up(stack: str) -> tuple[str, ...]:
    return ("up", "-s", stack, "--yes", "--skip-preview")


# All that operator and reader do. The credential moves into a secret, then into a parameter, so that the guard reads
# either; the broken image makes the program ask why; an exam's end comes and goes.
STEPS = [
    Step(
        up("exam"),
        (("exam", "notify[0]", "operator@school.example"), ("exam", "secrets.DATABASE_URL", "{secret}")),
    ),
    Step(up("exam"), after=(0,)),
    Step(up("exam"), (("exam", "image", BROKEN_IMAGE),), succeeds=False, after=(0,)),
    Step(up("exam"), (("exam", "image", ""), ("exam", "exam.endsAt", "2099-12-01T12:00Z")), after=(0,)),
    Step(up("exam"), (("exam", "exam.endsAt", "null"),), after=(0, 3)),
    Step(up("idle"), (("idle", "secrets.DATABASE_URL", PARAMETER),)),
    Step(("preview", "-s", "exam"), user="reader", after=(5,)),
    Step(("destroy", "-s", "exam", "--yes", "--skip-preview"), after=(0,)),
]


@dataclass(frozen=True)
class Happened:
    """What a step did: what the command said, the actions that were called, those that were denied."""

    done: Done
    called: set[str] = field(default_factory=set)
    denied: set[str] = field(default_factory=set)
    written: list[str] = field(default_factory=list)


def watched(project: Project, user: User, *command: str) -> Happened:
    project.forget_calls()
    done = user.runs(*command)
    calls = [(f"{call['service']}:{call['action']}", call) for call in project.calls()]
    return Happened(
        done,
        {action for action, _ in calls},
        {action for action, call in calls if call["error"] in DENIED},
        [action for action, call in calls if call["kind"] == "write" and not call["error"]],
    )


def begin(project: Project) -> None:
    project.reset()
    project.client("secretsmanager").create_secret(Name=SECRET, SecretString=NOBODY)
    project.client("ssm").put_parameter(Name=PARAMETER, Value=NOBODY, Type="SecureString")


@pytest.fixture(scope="module")
def steps(sandbox: Project) -> list[Happened]:
    """Every step by a user with exactly the policy that docs/iam/ has for him."""
    begin(sandbox)
    users = {name: User(sandbox, name, document) for name, document in (("operator", OPERATOR), ("reader", READER))}
    happened = []
    for step in STEPS:
        step.prepare(sandbox)
        happened.append(watched(sandbox, users[step.user], *step.command))
        sandbox.confirm_subscriptions()
        sandbox.settle()
    return happened


@pytest.mark.parametrize("number", range(len(STEPS)), ids=[" ".join(step.command[:3]) for step in STEPS])
def test_the_policies_suffice(steps: list[Happened], number: int) -> None:
    assert steps[number].denied == set()
    assert (steps[number].done.code == 0) == STEPS[number].succeeds, steps[number].done.output


def test_the_second_up_changes_nothing(steps: list[Happened]) -> None:
    assert steps[1].written == []


def test_nothing_in_the_operators_policy_is_spare(steps: list[Happened]) -> None:
    called = set[str]().union(*(step.called for step in steps)) - NOT_ALWAYS_ASKED - FREE
    assert actions(OPERATOR) - ONLY_REAL - CHECKED_WITH.keys() - NOT_ALWAYS_ASKED == called


def test_nothing_in_the_readers_policy_is_spare(steps: list[Happened]) -> None:
    called = set[str]().union(*(h.called for s, h in zip(STEPS, steps, strict=True) if s.user == "reader"))
    assert actions(READER) - NOT_ALWAYS_ASKED - {"secretsmanager:GetSecretValue"} == called - NOT_ALWAYS_ASKED - FREE


# Together where one refusal does not keep the other call from being made.
FEW: list[Any] = [
    (
        "cloudwatch:PutMetricAlarm",
        "elasticloadbalancing:ModifyTargetGroup",
        "events:PutTargets",
        "rds:DescribeDBInstances",
        "sns:Subscribe",
    ),
    ("application-autoscaling:RegisterScalableTarget", "iam:PassRole"),
    ("ecs:UpdateService",),
]
ALL = [
    pytest.param((action,), marks=pytest.mark.long)
    for action in sorted(actions(OPERATOR) - ONLY_REAL - NOT_ALWAYS_ASKED)
]


@pytest.mark.parametrize("removed", FEW + ALL, ids=" ".join)
def test_without_an_action_something_fails(sandbox: Project, steps: list[Happened], removed: tuple[str, ...]) -> None:
    """The first step that calls it shows it."""
    calls = {CHECKED_WITH.get(action, action) for action in removed}
    number = next(n for n, step in enumerate(steps) if calls <= step.called)
    begin(sandbox)
    for earlier in STEPS[number].after:
        STEPS[earlier].prepare(sandbox)
        assert sandbox.pulumi(*STEPS[earlier].command).code == 0
        sandbox.confirm_subscriptions()
        sandbox.settle()
    STEPS[number].prepare(sandbox)
    user = User(sandbox, "operator", without(OPERATOR, removed))
    happened = watched(sandbox, user, *STEPS[number].command, *["--continue-on-error"][: len(removed) - 1])
    assert happened.denied == calls
    assert (happened.done.code == 0) == (DISPENSABLE.issuperset(removed) and STEPS[number].succeeds)
    for action in set(removed) - DISPENSABLE:
        assert action.partition(":")[2] in happened.done.output, happened.done.output


def test_a_reader_previews_and_writes_nothing(sandbox: Project) -> None:
    begin(sandbox)
    before = sandbox.service(), sandbox.target_group(), sandbox.status()
    reader = User(sandbox, "reader", READER)
    preview = watched(sandbox, reader, "preview", "-s", "exam")
    assert (preview.done.code, preview.denied) == (0, set())
    tried = watched(sandbox, reader, *up("exam"))
    assert tried.done.code != 0
    assert tried.denied != set()
    assert tried.written == []
    assert (sandbox.service(), sandbox.target_group(), sandbox.status()) == before
