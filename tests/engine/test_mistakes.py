"""Every mistake of configuration and every missing thing: one clear line, exit code not 0, no write, no traceback."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.engine.harness import CLUSTER, CONTAINER, Done, Project
from tests.postures import config
from tests.unit.test_settings import WRONG, changed

# Found by the posture as a whole, after every single key is right: one `up` each.
TOGETHER = [entry for entry in WRONG if entry[0] in ("memory",) or "outside" in entry[2]]
ELSEWHERE = "arn:aws:iam::210987654321:role/operator"
# Pulumi.yaml's own keys are left alone here.
ALONE = [entry for entry in WRONG if entry not in TOGETHER and entry[0] not in ("url", "students")]


def refused(project: Project, done: Done) -> list[str]:
    """The error lines of an `up` that had to be refused before anything was touched."""
    assert done.code != 0
    assert project.writes() == []
    assert "Traceback" not in done.output
    diagnostics = done.output.partition("Diagnostics:")[2].partition("Resources:")[0]
    lines = [line.strip().removeprefix("error: ") for line in diagnostics.splitlines()]
    return [line for line in lines if line and not line.startswith(("pulumi:", "warning:"))]


def write_stack(project: Project, values: dict[str, str]) -> None:
    """A stack file of what is not Pulumi.yaml's, the values as they are."""
    shared = {
        k.removeprefix("pythonide-exam:")
        for k in yaml.safe_load((project.folder / "Pulumi.yaml").read_text())["config"]
    }
    own = {f"pythonide-exam:{k}": _plain(v) for k, v in values.items() if k not in shared}
    (project.folder / "Pulumi.exam.yaml").write_text(yaml.safe_dump({"config": own}))


def _plain(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def first_of(cases: list[Any], number: int = 1) -> list[Any]:
    """The first cases, the others for `make test-long`: tests/unit has every one of them without the engine."""
    rest = (
        pytest.param(*case if isinstance(case, tuple) else [case], marks=pytest.mark.long) for case in cases[number:]
    )
    return [*cases[:number], *rest]


def packed(entries: list[tuple[str, Any, str]]) -> list[list[tuple[str, Any, str]]]:
    """The entries in as few lists as hold every top-level key at most once."""
    lists: list[list[tuple[str, Any, str]]] = []
    for entry in entries:
        top = entry[0].partition(".")[0]
        place = next((p for p in lists if top not in {e[0].partition(".")[0] for e in p}), None)
        if place is None:
            lists.append([entry])
        else:
            place.append(entry)
    return lists


@pytest.mark.parametrize("entries", first_of(packed(ALONE)), ids=lambda entries: str(len(entries)))
def test_wrong_keys_are_told_line_by_line(project: Project, entries: list[tuple[str, Any, str]]) -> None:
    """Every key that can be wrong by itself, as many in one `up` as it can carry: all of them are told."""
    values = {k.removeprefix("pythonide-exam:"): v for k, v in config("exam").items()}
    for key, value, _ in entries:
        top = key.partition(".")[0]
        values.pop(top, None)
        values |= {k: v for k, v in changed(key, value).items() if k == top}
    write_stack(project, values)
    told = refused(project, project.try_up("exam"))
    assert len(told) == len(entries), told
    for _, _, line in entries:
        assert any(said.startswith(f"configuration of stack exam: {line}") for said in told), (line, told)


@pytest.mark.parametrize(("key", "value", "line"), first_of(TOGETHER), ids=[entry[2][:20] for entry in TOGETHER])
def test_values_that_do_not_go_together(project: Project, key: str, value: Any, line: str) -> None:
    project.configure("exam", key, str(value))
    assert refused(project, project.try_up("exam")) == [f"configuration of stack exam: {line}"]


def test_a_name_in_environment_and_secrets(project: Project) -> None:
    project.configure("exam", "environment.A", "1")
    project.configure("exam", "secrets.A", "/exam/a")
    told = refused(project, project.try_up("exam"))
    assert told == ["configuration of stack exam: A is in environment and in secrets; keep it in one of them"]


def rename(key: str, value: str) -> Callable[[Project], None]:
    def change(project: Project) -> None:
        path = project.folder / "Pulumi.yaml"
        settings = yaml.safe_load(path.read_text())
        settings["config"][key] = value
        path.write_text(yaml.safe_dump(settings))

    return change


def other_service(**fields: Any) -> Callable[[Project], None]:
    """A service beside the live one that differs in `fields` (None: left out), and the configuration that names it."""

    def change(project: Project) -> None:
        live = project.service()
        common = {k: live[k] for k in ("taskDefinition", "networkConfiguration", "loadBalancers", "launchType")}
        arguments = {k: v for k, v in {**common, **fields}.items() if v is not None}
        project.ecs.create_service(cluster=CLUSTER, serviceName="other", desiredCount=0, **arguments)
        rename("service", "other")(project)
        project.forget_calls()

    return change


def deleted_service(project: Project) -> None:
    other_service()(project)
    project.ecs.delete_service(cluster=CLUSTER, service="other", force=True)
    project.forget_calls()


MISSING: list[tuple[str, Callable[[Project], None], str]] = [
    ("cluster", rename("cluster", "no-cluster"), "no ECS cluster no-cluster in us-east-2, account 123456789012"),
    ("not fargate", other_service(launchType="EC2"), "runs on EC2, not on FARGATE"),
    ("service", rename("service", "no-service"), "no ECS service no-service in cluster pythonide-cluster, us-east-2"),
    (
        "container",
        rename("container", "web"),
        f"no container web in task definition pythonide-exam-task:1 in us-east-2; it has {CONTAINER}",
    ),
    ("not active", deleted_service, "is INACTIVE, not ACTIVE"),
    (
        "not rolling",
        other_service(deploymentController={"type": "EXTERNAL"}),
        "is deployed by EXTERNAL, not by rolling",
    ),
    ("no target group", other_service(loadBalancers=None), "has no target group for container pythonide-exam"),
]


@pytest.mark.parametrize(("change", "line"), first_of([m[1:] for m in MISSING], 2), ids=[m[0] for m in MISSING])
def test_a_missing_thing(project: Project, change: Callable[[Project], None], line: str) -> None:
    change(project)
    told = refused(project, project.try_up("exam"))
    assert len(told) == 1
    assert line in told[0]


ACCESS: list[tuple[str, dict[str, str], str]] = [
    (
        "credentials",
        {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": ""},
        "no AWS credentials",
    ),
    ("network", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "no answer from AWS while looking for"),
]


@pytest.mark.parametrize(("env", "line"), [a[1:] for a in ACCESS], ids=[a[0] for a in ACCESS])
def test_no_access(project: Project, env: dict[str, str], line: str) -> None:
    told = refused(project, project.try_up("exam", **env))
    assert len(told) == 1
    assert line in told[0]


def test_no_permission(project: Project) -> None:
    """An IAM user who may ask who he is and nothing else, with the sandbox checking policies."""
    iam = project.client("iam")
    iam.create_user(UserName="nobody")
    allowed = {"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName="nobody", PolicyName="who", PolicyDocument=policy)
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    env = {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        "AWS_SESSION_TOKEN": "",
    }
    project.forget_calls()
    with project.iam_enforced():
        told = refused(project, project.try_up("exam", **env))
    assert len(told) == 1
    assert "no permission for DescribeServices while looking for service pythonide-exam-task-service" in told[0]


def credentials_elsewhere(project: Project) -> dict[str, str]:
    """Credentials of another account."""
    answer = project.client("sts").assume_role(RoleArn=ELSEWHERE, RoleSessionName="test")["Credentials"]
    project.forget_calls()
    return dict(answer)


def test_the_provider_sees_another_account(project: Project) -> None:
    other = credentials_elsewhere(project)
    for key, field in (("accessKey", "AccessKeyId"), ("secretKey", "SecretAccessKey"), ("token", "SessionToken")):
        project.configure("exam", f"aws:{key}", other[field], "--plaintext")
    told = refused(project, project.try_up("exam"))
    assert len(told) == 1
    assert "live reading sees AWS account 123456789012, the Pulumi provider 210987654321" in told[0]


def test_live_reading_assumes_the_providers_role(project: Project) -> None:
    project.configure("exam", "aws:assumeRoles[0].roleArn", ELSEWHERE)
    told = refused(project, project.try_up("exam"))
    assert told == [
        "no ECS cluster pythonide-cluster in us-east-2, account 210987654321; "
        "is cluster, aws:region or aws:profile the right one?"
    ]
