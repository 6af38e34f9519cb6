"""Whether credentials are kept as secrets, and a new task would get them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from components import task_definition
from components.credentials import looks_secret
from components.live import Live
from components.presence import SECRET_ARN
from components.settings import Settings
from readiness.check import Check
from readiness.checks.ecs import live
from readiness.context import Context
from readiness.row import Row, fail, ok, warn

AREA = "secrets"
# What ECS calls as the execution role before a task starts.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
READS = {"secretsmanager": "secretsmanager:GetSecretValue", "ssm": "ssm:GetParameters"}


@dataclass(frozen=True)
class Source:
    """Where the secret `name` comes from: the store (secretsmanager or ssm) and the ARN there."""

    name: str
    store: str
    arn: str


def in_clear(_: Settings, live: Live) -> Row:
    """No variable of the running definition looks like a credential.

    A warning only: the definition of today has one, the exam runs with it, and a check that always fails is not read.
    """
    containers = live.task_definition["containerDefinitions"]
    variables = [variable for container in containers for variable in container.get("environment", [])]
    if names := sorted({v["name"] for v in variables if looks_secret(v["name"], v["value"])}):
        config = f"pulumi config set -s {{stack}} --plaintext --path secrets.{names[0]} <ARN>"
        todo = f"store it in Secrets Manager, then: {config}"
        return warn(AREA, "in clear", f"{', '.join(names)} in {live.revision}", "none", todo)
    return ok(AREA, "in clear", f"none in {live.revision}", "none")


def sources(context: Context) -> list[Source]:
    """Where the posture's secrets, and those of the definition that it leaves alone, come from."""
    live, settings = context.live, context.settings
    derived = task_definition.derive(live.task_definition, settings.container, settings)
    entries = task_definition.container_of(derived, settings.container).get("secrets", [])
    return [_source(entry["name"], entry["valueFrom"], live) for entry in entries]


def _source(name: str, value_from: str, live: Live) -> Source:
    if found := SECRET_ARN.fullmatch(value_from):
        return Source(name, "secretsmanager", found["arn"])
    if value_from.startswith("arn:"):
        return Source(name, "ssm", value_from)
    return Source(name, "ssm", f"arn:aws:ssm:{live.region}:{live.account}:parameter/{value_from.lstrip('/')}")


def read_entries(context: Context) -> list[tuple[Source, bool]]:
    """The sources, each with whether it exists; no value is read."""
    exists: dict[str, Callable[[Context, str], bool]] = {"secretsmanager": _secret_exists, "ssm": _parameter_exists}
    return [(source, exists[source.store](context, source.arn)) for source in sources(context)]


def _secret_exists(context: Context, arn: str) -> bool:
    secrets = context.client("secretsmanager")
    try:
        return "DeletedDate" not in secrets.describe_secret(SecretId=arn)
    except secrets.exceptions.ResourceNotFoundException:
        return False


def _parameter_exists(context: Context, arn: str) -> bool:
    path = arn.partition(":parameter/")[2]
    # A name in a path is listed with its leading slash, a plain one without.
    name = f"/{path}" if "/" in path else path
    asked = [{"Key": "Name", "Option": "Equals", "Values": [name]}]
    return bool(context.client("ssm").describe_parameters(ParameterFilters=asked)["Parameters"])


def entries(_: Settings, found: list[tuple[Source, bool]]) -> Row:
    """Every source exists, or no new task could start."""
    if missing := [f"{source.name} ({source.arn})" for source, exists in found if not exists]:
        todo = "create it, or correct secrets in the stack file; no new task can start without it"
        return fail(AREA, "entries", f"not there: {', '.join(missing)}", "there", todo)
    names = ", ".join(source.name for source, _ in found)
    return ok(AREA, "entries", f"there: {names}" if found else "none", "there")


def read_allowed(context: Context) -> list[tuple[Source, bool]]:
    """The sources, each with whether the execution role's policies let it read them."""
    every = sources(context)
    if not every:
        return []
    role = context.live.task_definition.get("executionRoleArn")
    allowed: set[tuple[str, str]] = set()
    for store in sorted({source.store for source in every}) if role else []:
        arns = sorted({source.arn for source in every if source.store == store})
        answer = context.client("iam").simulate_principal_policy(
            PolicySourceArn=role, ActionNames=[READS[store]], ResourceArns=arns
        )
        allowed |= {_allowed(result) for result in answer["EvaluationResults"] if result["EvalDecision"] == "allowed"}
    return [(source, (READS[source.store], source.arn) in allowed) for source in every]


def _allowed(result: dict[str, Any]) -> tuple[str, str]:
    return result["EvalActionName"], result["EvalResourceName"]


def execution_role(_: Settings, found: list[tuple[Source, bool]]) -> Row:
    """The execution role may read every source, or no new task could start."""
    name = "execution role"
    if denied := [f"{READS[source.store]} of {source.name}" for source, allowed in found if not allowed]:
        return fail(AREA, name, f"may not {', '.join(denied)}", "may read every entry", "allow it to the role")
    return ok(AREA, name, "may read every entry" if found else "no entry to read", "may read every entry")


CHECKS = (
    Check(AREA, "in clear", live, in_clear),
    Check(AREA, "entries", read_entries, entries),
    Check(AREA, "execution role", read_allowed, execution_role),
)
