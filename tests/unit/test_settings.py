"""What configuration may say, and the one line that every mistake earns."""

import json
from typing import Any

import pytest
import yaml

from components.errors import ExamError
from components.posture import FARGATE_SIZES
from components.settings import Settings
from components.stack_files import read_settings
from tests.postures import ROOT, SECRET, config, settings


def own_config(stack: str = "exam") -> dict[str, str]:
    return {k.removeprefix("pythonide-exam:"): v for k, v in config(stack).items() if k.startswith("pythonide-exam:")}


def changed(path: str, value: Any) -> dict[str, str]:
    """The exam's configuration with one key set; `...` removes it."""
    values, (key, _, below) = own_config(), path.partition(".")
    if not below:
        values.pop(key, None)
        return values if value is ... else {**values, key: value if isinstance(value, str) else json.dumps(value)}
    inner = json.loads(values[key])
    inner.pop(below, None)
    return {**values, key: json.dumps(inner if value is ... else {**inner, below: value})}


WRONG = [
    ("cpu", 1000, "cpu: 1000 is not allowed; allowed: one of 256, 512, 1024, 2048, 4096, 8192, 16384 CPU units"),
    ("memory", 5000, "memory 5000 MB is not sold with cpu 2048; allowed: 4096 to 16384 MB in steps of 1024"),
    ("autoscaling.min", 7, "autoscaling: min 7 is above max 6; min must be at most max"),
    ("taskCount", 1, "taskCount 1 is outside autoscaling.min 2 to autoscaling.max 6"),
    ("taskCount", "7", "taskCount 7 is outside autoscaling.min 2 to autoscaling.max 6"),
    ("taskCount", "two", "taskCount: 'two' is not allowed; allowed: a whole number"),
    ("taskCount", 2.5, "taskCount: 2.5 is not allowed; allowed: a whole number"),
    ("taskCount", True, "taskCount: True is not allowed; allowed: a number"),
    ("taskCount", "", "taskCount: None is not allowed; allowed: a whole number"),
    ("taskCount", ..., "taskCount is missing; set it: pulumi config set -s exam taskCount <value>"),
    ("autoscaling.max", ..., "autoscaling.max is missing; set it: pulumi config set -s exam --path autoscaling.max"),
    ("taskCuont", 3, "taskCuont is not a key; did you mean taskCount?"),
    ("autoscaling.maxx", 3, "autoscaling.maxx is not a key; did you mean max?"),
    ("autoscaling.targetCpu", 0, "autoscaling.targetCpu: 0 is not allowed; allowed: at least 1"),
    ("autoscaling.targetMemory", 101, "autoscaling.targetMemory: 101 is not allowed; allowed: at most 100"),
    (
        "autoscaling.disableScaleIn",
        "maybe",
        "autoscaling.disableScaleIn: 'maybe' is not allowed; allowed: true or false",
    ),
    ("autoscaling.resolution", 30, "autoscaling.resolution: 30 is not allowed; allowed: 20 or 60 seconds"),
    ("autoscaling", "", "autoscaling: None is not allowed; allowed: an object (keys and values)"),
    ("alarms.cpu", 101, "alarms.cpu: 101 is not allowed; allowed: at most 100"),
    ("alarms.memory", 0.5, "alarms.memory: 0.5 is not allowed; allowed: at least 1"),
    ("alarms.period", 0, "alarms.period: 0 is not allowed; allowed: at least 1"),
    ("alarms.period", -60, "alarms.period: -60 is not allowed; allowed: at least 1"),
    ("alarms.period", 45, "alarms.period: 45 is not allowed; allowed: 10, 20, 30 or a multiple of 60 seconds"),
    ("alarms.evaluationPeriods", 0, "alarms.evaluationPeriods: 0 is not allowed; allowed: at least 1"),
    ("alarms.responseSeconds", 0, "alarms.responseSeconds: 0 is not allowed; allowed: more than 0"),
    ("healthCheck.command", ["curl", "x"], "healthCheck.command: ['curl', 'x'] is not allowed; allowed: a list that"),
    ("healthCheck.interval", 4, "healthCheck.interval: 4 is not allowed; allowed: at least 5"),
    ("targetGroup.timeout", 30, "targetGroup: timeout 30 must be below interval 30"),
    ("targetGroup.path", "health", "targetGroup.path: 'health' is not allowed; allowed: a path that begins with /"),
    ("targetGroup.deregistrationDelay", 3601, "targetGroup.deregistrationDelay: 3601 is not allowed; allowed: at most"),
    ("environment", {"1ST": "x"}, "environment: '1ST' is not an environment variable name"),
    ("environment", {"A": [1]}, "environment.A: the value is not allowed; allowed: text"),
    ("environment", "A=1", "environment: the value is not allowed; allowed: an object"),
    ("secrets", {"DATABASE_URL": "postgresql://u:p@h/d"}, "secrets: DATABASE_URL must name a Secrets Manager ARN"),
    ("secrets", {"BAD-NAME": "/exam/url"}, "secrets: 'BAD-NAME' is not an environment variable name"),
    ("notify", ["nobody"], "notify.0: 'nobody' is not allowed; allowed: an e-mail address"),
    ("notify", "a@b.example", "notify: 'a@b.example' is not allowed; allowed: a list"),
    ("image", "two words", "image: 'two words' is not allowed; allowed: a name without spaces"),
    ("url", "exam.example/x", "url: 'exam.example/x' is not allowed; allowed: http:// or https:// and a host name"),
    ("students", 0, "students: 0 is not allowed; allowed: at least 1"),
]


@pytest.mark.parametrize(("key", "value", "line"), WRONG, ids=[f"{key}={value}" for key, value, _ in WRONG])
def test_every_mistake_earns_one_line(key: str, value: Any, line: str) -> None:
    with pytest.raises(ExamError) as error:
        Settings.of(changed(key, value), "exam")
    assert len(str(error.value).splitlines()) == 1
    assert str(error.value).startswith(f"configuration of stack exam: {line}")


def test_several_mistakes_are_told_at_once() -> None:
    with pytest.raises(ExamError) as error:
        Settings.of({**changed("cpu", 3), "memory": "x", "zzz": "1"}, "exam")
    keys = [line.split(": ")[1].split()[0] for line in str(error.value).splitlines()]
    assert keys == ["cpu", "memory", "zzz"]


def test_a_name_is_a_variable_or_a_secret() -> None:
    values = {**changed("secrets", {"A": "/exam/a"}), "environment": json.dumps({"A": "1"})}
    with pytest.raises(ExamError, match="A is in environment and in secrets; keep it in one of them"):
        Settings.of(values, "exam")


def test_a_credential_given_by_mistake_is_not_repeated() -> None:
    for key, value in (
        ("secrets", {"DATABASE_URL": f"postgresql://u:{SECRET}@h/d"}),
        ("secrets", {"DATABASE_URL": [SECRET]}),
        ("environment", {"PASSWORD": [SECRET]}),
        ("environment", SECRET),
    ):
        with pytest.raises(ExamError) as error:
            Settings.of(changed(key, value), "exam")
        assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    "source",
    [
        "arn:aws:secretsmanager:us-east-2:123456789012:secret:exam/db-AbCdEf:url::",
        "arn:aws:ssm:us-east-2:123456789012:parameter/exam/url",
        "/exam/url",
        "exam-url",
    ],
)
def test_the_sources_that_ecs_takes_are_taken(source: str) -> None:
    assert Settings.of(changed("secrets", {"DATABASE_URL": source}), "exam").secrets == {"DATABASE_URL": source}


def test_every_size_that_fargate_sells_is_taken_and_no_other() -> None:
    assert list(FARGATE_SIZES) == [256, 512, 1024, 2048, 4096, 8192, 16384]
    # Smallest and largest of each, in MB, from AWS's table of task sizes.
    ends = [(512, 2048), (1024, 4096), (2048, 8192), (4096, 16384), (8192, 30720), (16384, 61440), (32768, 122880)]
    assert [(sizes[0], sizes[-1]) for sizes in FARGATE_SIZES.values()] == ends
    for cpu, sizes in FARGATE_SIZES.items():
        for memory in sizes:
            assert settings("exam", cpu=cpu, memory=memory).memory == memory
        with pytest.raises(ValueError, match="is not sold with"):
            settings("exam", cpu=cpu, memory=sizes[-1] + 1024)


@pytest.mark.parametrize("period", [10, 20, 30, 60, 120, 3600])
def test_the_periods_of_cloudwatch_are_taken(period: int) -> None:
    assert Settings.of(changed("alarms.period", period), "exam").alarms.period == period


def test_values_set_on_the_command_line_are_text_and_mean_the_same() -> None:
    assert Settings.of(changed("taskCount", "3"), "exam").task_count == 3
    assert Settings.of(changed("environment", {"DB_POOL_MAX": 15}), "exam").environment == {"DB_POOL_MAX": "15"}


def test_empty_and_null_both_mean_none() -> None:
    assert Settings.of(changed("healthCheck", ""), "exam").health_check is None
    assert Settings.of(changed("healthCheck", "null"), "exam").health_check is None


def keys_of(value: Any, path: str = "") -> set[str]:
    if not isinstance(value, dict):
        return {path}
    return {path}.union(*(keys_of(item, f"{path}.{key}") for key, item in value.items()))


def test_both_stack_files_name_the_same_keys() -> None:
    exam, idle = (yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"] for stack in ("exam", "idle"))
    absent_in_idle = {path for path in keys_of(exam) if path.startswith(".pythonide-exam:healthCheck.")}
    assert keys_of(exam) - absent_in_idle == keys_of(idle)


def test_the_shipped_postures_are_what_the_plan_says() -> None:
    exam, idle = read_settings(ROOT, "exam"), read_settings(ROOT, "idle")
    assert (exam.task_count, exam.cpu, exam.memory) == (2, 2048, 4096)
    assert (exam.autoscaling.min, exam.autoscaling.max, exam.autoscaling.target_cpu) == (2, 6, 45)
    assert exam.autoscaling.disable_scale_in
    assert exam.target_group.deregistration_delay == 3600
    check = exam.target_group
    assert (check.path, check.interval, check.timeout) == ("/health", 30, 5)
    assert (check.healthy_threshold, check.unhealthy_threshold) == (2, 3)
    assert (idle.task_count, idle.cpu, idle.memory, idle.health_check) == (1, 1024, 2048, None)
    assert (idle.autoscaling.min, idle.autoscaling.max) == (1, 1)


def test_a_stack_file_reads_as_the_engine_hands_it_over() -> None:
    for stack in ("exam", "idle"):
        assert read_settings(ROOT, stack) == Settings.of(own_config(stack), stack)


def test_a_missing_or_broken_stack_file_is_one_line(tmp_path: Any) -> None:
    with pytest.raises(ExamError, match=r"cannot read Pulumi\.yaml"):
        read_settings(tmp_path, "exam")
    (tmp_path / "Pulumi.yaml").write_text("name: pythonide-exam")
    (tmp_path / "Pulumi.exam.yaml").write_text("config: [")
    with pytest.raises(ExamError, match=r"Pulumi\.exam\.yaml is not YAML") as error:
        read_settings(tmp_path, "exam")
    assert "\n" not in str(error.value)
