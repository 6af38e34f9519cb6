"""The derivation: only what the posture owns changes, and nothing is lost on the way to Pulumi or back."""

import copy
import inspect
import json
from typing import Any

import boto3
import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_aws import ecs

from components.errors import ExamError
from components.task_definition import (
    FILLED_IN,
    INEXPRESSIBLE,
    INPUTS,
    Fields,
    arguments,
    container_of,
    derive,
    same,
)
from tests.postures import DEFINITION, SECRET, settings

EXAM, IDLE = settings("exam"), settings("idle")
CONTAINER = "pythonide-exam"
API = boto3.client("ecs", region_name="us-east-2").meta.service_model

names = st.text("ABCDEFXYZ_", min_size=1, max_size=8)
words = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=12)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | words,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=4,
)
variables = st.dictionaries(names, words, max_size=3).map(lambda d: [{"name": k, "value": v} for k, v in d.items()])


def shape_value(shape: Any) -> st.SearchStrategy[Any]:
    """Values of a botocore shape, with any subset of a structure's members."""
    match shape.type_name:
        case "structure":
            fields = {k: shape_value(v) for k, v in shape.members.items()}
            always = {k: v for k, v in fields.items() if k in ("name", "key", "value", "sourcePath")}
            return st.fixed_dictionaries(always, optional={k: v for k, v in fields.items() if k not in always})
        case "list":
            return st.lists(shape_value(shape.member), max_size=2)
        case "map":
            return st.dictionaries(names, words, max_size=2)
        case "boolean":
            return st.booleans()
        case "integer" | "long":
            return st.integers(0, 9999)
    return st.sampled_from(shape.enum) if getattr(shape, "enum", None) else words


REGISTER = API.operation_model("RegisterTaskDefinition").input_shape
CONTAINER_FIELDS = sorted(REGISTER.members["containerDefinitions"].member.members)
TASK_FIELDS = {
    k: shape_value(v)
    for k, v in REGISTER.members.items()
    if k not in {"family", "containerDefinitions", "cpu", "memory"}
}


@st.composite
def definitions(draw: st.DrawFn) -> dict[str, Any]:
    """Definitions as AWS describes them: any fields of the API, sidecars, sizes that equal the task's or not."""
    fields = draw(st.sets(st.sampled_from(sorted(TASK_FIELDS)), max_size=5))
    definition = {field: draw(TASK_FIELDS[field]) for field in sorted(fields)}
    cpu, memory = draw(st.sampled_from([(256, 512), (1024, 2048), (2048, 4096), (4096, 8192)]))
    containers = []
    for name in ["log-router", CONTAINER, "metrics"]:
        container = draw(st.dictionaries(st.sampled_from(CONTAINER_FIELDS), json_values, max_size=3))
        environment = draw(variables)
        container |= {"name": name, "image": draw(words), "environment": environment}
        taken = {variable["name"] for variable in environment}
        sources = {k: v for k, v in draw(st.dictionaries(names, words, max_size=2)).items() if k not in taken}
        container["secrets"] = [{"name": k, "valueFrom": v} for k, v in sources.items()]
        container["cpu"] = draw(st.sampled_from([0, cpu, 512]))
        container["memory"] = draw(st.sampled_from([memory, 128]))
        containers.append(container)
    own = {"family": "f", "revision": 3, "cpu": str(cpu), "memory": str(memory), "containerDefinitions": containers}
    return {**definition, **own}


def without(definition: dict[str, Any], *paths: str) -> dict[str, Any]:
    """The definition without what a posture may change."""
    rest = copy.deepcopy(definition)
    for name in ("cpu", "memory"):
        del rest[name]
    container = container_of(rest, CONTAINER)
    for name in paths:
        container.pop(name, None)
    return rest


@given(definitions(), st.dictionaries(names, st.none() | words, max_size=4))
def test_only_what_the_posture_owns_changes(live: dict[str, Any], environment: dict[str, str | None]) -> None:
    before = copy.deepcopy(live)
    posture = settings("exam", environment=environment)
    derived = derive(live, CONTAINER, posture)
    assert live == before
    owned = ("cpu", "memory", "environment", "secrets", "healthCheck")
    assert without(derived, *owned) == without(live, *owned)
    old, new = container_of(live, CONTAINER), container_of(derived, CONTAINER)
    for size, value in (("cpu", 2048), ("memory", 4096)):
        assert derived[size] == str(value)
        assert new[size] == (value if str(old[size]) == live[size] else old[size])
    unnamed = [v for v in old["environment"] if v["name"] not in environment]
    assert [v for v in new["environment"] if v["name"] not in environment] == unnamed
    wanted = {k: v for k, v in environment.items() if v is not None}
    assert {v["name"]: v["value"] for v in new["environment"] if v["name"] in environment} == wanted
    assert [s for s in old["secrets"] if s["name"] not in wanted] == new["secrets"]


@given(definitions())
def test_exam_then_idle_gives_an_idle_definition_back(live: dict[str, Any]) -> None:
    idle = derive(live, CONTAINER, IDLE)
    again = derive(derive(idle, CONTAINER, EXAM), CONTAINER, IDLE)
    # A container size that happens to equal the other posture's task size cannot be told from one that follows it.
    if container_of(idle, CONTAINER)["cpu"] != EXAM.cpu and container_of(idle, CONTAINER)["memory"] != EXAM.memory:
        assert again == idle
    assert same(derive(again, CONTAINER, IDLE), again)


def test_the_shipped_idle_posture_changes_nothing_of_today() -> None:
    assert derive(DEFINITION, CONTAINER, IDLE) == DEFINITION


def test_the_shipped_exam_posture_changes_size_and_health_check_only() -> None:
    derived = derive(DEFINITION, CONTAINER, EXAM)
    check = container_of(derived, CONTAINER).pop("healthCheck")
    assert "localhost:8080/health" in check["command"][1]
    assert (check["interval"], check["timeout"], check["retries"], check["startPeriod"]) == (30, 10, 3, 60)
    assert derived == {**DEFINITION, "cpu": "2048", "memory": "4096"}


def test_variables_are_set_in_place_added_and_removed() -> None:
    posture = settings("exam", environment={"IS_EXAM_MODE": "yes", "DB_POOL_MAX": "15", "IDE_DATA_PATH": None})
    changed = container_of(derive(DEFINITION, CONTAINER, posture), CONTAINER)["environment"]
    assert [v["name"] for v in changed] == ["DATABASE_URL", "IS_EXAM_MODE", "DB_POOL_MAX"]
    assert [v["value"] for v in changed][1:] == ["yes", "15"]


def test_a_secret_replaces_the_variable_of_its_name_and_a_variable_the_secret() -> None:
    secret = settings("exam", secrets={"DATABASE_URL": "/exam/url"})
    container = container_of(derive(DEFINITION, CONTAINER, secret), CONTAINER)
    assert "DATABASE_URL" not in {v["name"] for v in container["environment"]}
    assert container["secrets"] == [{"name": "DATABASE_URL", "valueFrom": "/exam/url"}]
    back = settings("exam", environment={"DATABASE_URL": "x"})
    container = container_of(derive(derive(DEFINITION, CONTAINER, secret), CONTAINER, back), CONTAINER)
    assert container["secrets"] == []
    assert {"name": "DATABASE_URL", "value": "x"} in container["environment"]


def test_null_secrets_and_image_are_left_alone() -> None:
    live = derive(DEFINITION, CONTAINER, settings("exam", secrets={"A": "/exam/a"}, image="repository:1"))
    container = container_of(derive(live, CONTAINER, IDLE), CONTAINER)
    assert container["secrets"] == [{"name": "A", "valueFrom": "/exam/a"}]
    assert container["image"] == "repository:1"


def test_order_and_empty_lists_make_no_other_definition_but_a_value_does() -> None:
    other = copy.deepcopy(DEFINITION)
    container = container_of(other, CONTAINER)
    container["environment"].reverse()
    container["secrets"] = []
    assert same(DEFINITION, other)
    container["environment"][0]["value"] += "x"
    assert not same(DEFINITION, other)


def members(shape: Any, mapping: Fields, path: str = "") -> set[str]:
    """The members of a botocore structure that the mapping does not know."""
    unknown = set()
    for name, member in shape.members.items():
        entry = mapping.get(name)
        if entry is None:
            unknown.add(f"{path}{name}")
        elif isinstance(entry, tuple):
            inner = member.member if member.type_name == "list" else member
            unknown |= members(inner, entry[1], f"{path}{name}.")
    return unknown


def test_the_mapping_knows_every_field_that_aws_registers() -> None:
    assert members(REGISTER, INPUTS) == INEXPRESSIBLE


def test_the_mapping_knows_every_field_that_aws_describes() -> None:
    described = API.operation_model("DescribeTaskDefinition").output_shape.members["taskDefinition"]
    assert members(described, INPUTS) == INEXPRESSIBLE | FILLED_IN


def test_the_mapping_names_only_inputs_that_pulumi_has() -> None:
    inputs = {entry if isinstance(entry, str) else entry[0] for entry in INPUTS.values()}
    assert inputs <= set(inspect.signature(ecs.TaskDefinitionArgs.__init__).parameters)
    volumes = INPUTS["volumes"][1]
    assert isinstance(volumes, dict)
    below = {entry if isinstance(entry, str) else entry[0] for entry in volumes.values()}
    assert below <= set(inspect.signature(ecs.TaskDefinitionVolumeArgs.__init__).parameters)


@given(definitions())
def test_what_cannot_be_expressed_is_an_error_that_names_it(live: dict[str, Any]) -> None:
    lost = [field for field in INEXPRESSIBLE if live.get(field)]
    if lost:
        with pytest.raises(ExamError) as error:
            arguments(live)
        assert any(field in str(error.value) for field in lost)
        assert "\n" not in str(error.value)
    else:
        inputs = arguments(live)
        for field, entry in INPUTS.items():
            name = entry if isinstance(entry, str) else entry[0]
            assert (name in inputs) == (live.get(field) not in (None, [], {}, ""))


def test_the_arguments_of_todays_definition() -> None:
    inputs = arguments(DEFINITION)
    containers = inputs.pop("container_definitions")
    assert isinstance(containers, pulumi.Output)
    assert SECRET not in json.dumps(inputs)
    assert inputs == {
        "family": "pythonide-exam-task",
        "network_mode": "awsvpc",
        "requires_compatibilities": ["FARGATE"],
        "cpu": "1024",
        "memory": "2048",
        "execution_role_arn": "arn:aws:iam::123456789012:role/ecsTaskExecutionRole",
        "task_role_arn": "arn:aws:iam::123456789012:role/ecsTaskRole",
        "volumes": [
            {
                "name": "efs-volume",
                "efs_volume_configuration": {
                    "file_system_id": "fs-0123456789abcdef0",
                    "root_directory": "/",
                    "transit_encryption": "ENABLED",
                    "authorization_config": {"iam": "DISABLED"},
                },
            }
        ],
        "tags": {"owner": "teaching"},
    }
