"""What Pulumi.yaml and a stack file may say, and every error they can earn."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from components.errors import ExamError
from components.moment import moment
from components.settings_errors import lines

# CPU units: MB of memory that Fargate sells with them.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
FARGATE_SIZES: dict[int, list[int]] = {
    256: [512, 1024, 2048],
    512: list(range(1024, 4096 + 1, 1024)),
    1024: list(range(2048, 8192 + 1, 1024)),
    2048: list(range(4096, 16384 + 1, 1024)),
    4096: list(range(8192, 30720 + 1, 1024)),
    8192: list(range(16384, 61440 + 1, 4096)),
    16384: list(range(32768, 122880 + 1, 8192)),
}
ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# The forms of `valueFrom`: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html
SECRET_SOURCE = re.compile(
    r"arn:aws[a-z-]*:(secretsmanager:[a-z0-9-]+:\d{12}:secret:|ssm:[a-z0-9-]+:\d{12}:parameter/)[^\s]+|/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*"
)
PARAMETER_NAME_LIMIT = (
    1011  # characters; https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
)


def _no_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a number")
    return value


Whole = Annotated[int, BeforeValidator(_no_boolean)]
Number = Annotated[float, BeforeValidator(_no_boolean)]
Percent = Annotated[Number, Field(ge=1, le=100)]
Positive = Annotated[Whole, Field(ge=1)]
Name = Annotated[str, StringConstraints(min_length=1, pattern=r"^\S+$")]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s.]+$")]


class Strict(BaseModel):
    """A model whose keys are written in camel case, as Pulumi's and AWS's are, and that refuses any other key."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, allow_inf_nan=False)


class Autoscaling(Strict):
    """Bounds (tasks), targets (percent of what the application can use), cool-downs (seconds).

    `resolution` is how often ECS publishes the metrics that are tracked, in seconds.
    """

    min: Positive
    max: Positive
    target_cpu: Percent
    target_memory: Percent | None
    scale_out_cooldown: Annotated[Whole, Field(ge=0)]
    scale_in_cooldown: Annotated[Whole, Field(ge=0)]
    disable_scale_in: bool
    resolution: Whole

    @field_validator("resolution")
    @classmethod
    def _ecs_resolution(cls, value: int) -> int:
        # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_MetricConfiguration.html
        if value not in (20, 60):
            raise ValueError("20 or 60 seconds")
        return value

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}; min must be at most max")
        return self


class Alarms(Strict):
    """Thresholds: percent of what the application can use, counts in a period, seconds; period in seconds.

    `deployment_started`: whether the start of a deployment is reported too, and not only its failure.
    """

    cpu: Percent
    memory: Percent
    database_connections: Positive
    unhealthy_hosts: Positive
    server_errors: Positive
    response_seconds: Annotated[Number, Field(gt=0)]
    period: Positive
    evaluation_periods: Positive
    deployment_started: bool

    @field_validator("period")
    @classmethod
    def _cloudwatch_period(cls, value: int) -> int:
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
        if value not in (10, 20, 30) and value % 60:
            raise ValueError("10, 20, 30 or a multiple of 60 seconds")
        return value


class HealthCheck(Strict):
    """The container's own health check; times in seconds, as ECS bounds them.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
    """

    command: Annotated[list[str], Field(min_length=2)]
    interval: Annotated[Whole, Field(ge=5, le=300)]
    timeout: Annotated[Whole, Field(ge=2, le=60)]
    retries: Annotated[Whole, Field(ge=1, le=10)]
    start_period: Annotated[Whole, Field(ge=0, le=300)]

    @field_validator("command")
    @classmethod
    def _form(cls, value: list[str]) -> list[str]:
        if value[0] not in ("CMD", "CMD-SHELL"):
            raise ValueError("a list that begins with CMD or CMD-SHELL")
        return value


class Stickiness(Strict):
    """The load balancer's own cookie; its duration in seconds (1 second to 7 days)."""

    enabled: bool
    cookie_duration: Annotated[Whole, Field(ge=1, le=604800)]


class TargetGroup(Strict):
    """Health check and draining of the target group; times in seconds, as Elastic Load Balancing bounds them.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
    """

    path: Annotated[str, StringConstraints(pattern=r"^/\S*$", max_length=1024)]
    interval: Annotated[Whole, Field(ge=5, le=300)]
    timeout: Annotated[Whole, Field(ge=2, le=120)]
    healthy_threshold: Annotated[Whole, Field(ge=2, le=10)]
    unhealthy_threshold: Annotated[Whole, Field(ge=2, le=10)]
    stickiness: Stickiness
    deregistration_delay: Annotated[Whole, Field(ge=0, le=3600)]

    @model_validator(mode="after")
    def _timeout(self) -> Self:
        if self.timeout >= self.interval:
            raise ValueError(f"timeout {self.timeout} must be below interval {self.interval}")
        return self


class Application(Strict):
    """The application's own facts: the vCPU that one task can use (null: all it has), health path, students a task."""

    vcpus: Annotated[Number, Field(gt=0)] | None
    health_path: Annotated[str, StringConstraints(pattern=r"^/\S*$")]
    students_per_task: Positive


class Exam(Strict):
    """When the exam is surely over; null: not said, and nothing bounds a revert that is forgotten."""

    ends_at: Annotated[datetime | None, BeforeValidator(moment)]


class Database(Strict):
    """The RDS instance; `max_connections` null: worked out from the memory of its class."""

    instance: Name
    max_connections: Positive | None


class StudentsGuard(Strict):
    """From when on students count as being there: per source, looked back over `minutes`; `timeout` in seconds."""

    minutes: Annotated[Whole, Field(ge=1, le=1440)]
    timeout: Annotated[Whole, Field(ge=1, le=60)]
    sessions: Positive
    log_events: Positive
    requests: Positive
    cpu: Percent


class Posture(Strict):
    """One stack's values. `cpu` in CPU units (1024 is a vCPU), `memory` in MB.

    A posture determines all that it owns: null is absent (a variable, the health check). Only a null `image` or
    `secrets` leaves what is live alone.
    """

    task_count: Positive
    cpu: Whole
    memory: Whole
    autoscaling: Autoscaling
    alarms: Alarms
    health_check: HealthCheck | None
    target_group: TargetGroup
    environment: dict[str, str | None]
    secrets: dict[str, str] | None
    image: Name | None
    notify: list[Email]
    exam: Exam

    @field_validator("cpu")
    @classmethod
    def _cpu(cls, value: int) -> int:
        if value not in FARGATE_SIZES:
            raise ValueError(f"one of {', '.join(map(str, FARGATE_SIZES))} CPU units")
        return value

    @field_validator("environment", mode="before")
    @classmethod
    def _environment(cls, value: object) -> object:
        if isinstance(value, Mapping):
            _check_environment_names(value)
            # A whole number is what YAML and `pulumi config set --path` make of an unquoted one.
            return {k: str(v) if isinstance(v, int) and not isinstance(v, bool) else v for k, v in value.items()}
        return value

    @field_validator("secrets")
    @classmethod
    def _secrets(cls, value: dict[str, str] | None) -> dict[str, str] | None:
        for name, source in (value or {}).items():
            if not SECRET_SOURCE.fullmatch(source) or len(source) > PARAMETER_NAME_LIMIT:
                raise ValueError(f"{name} must name a Secrets Manager ARN, an SSM parameter ARN or a parameter name")
        _check_environment_names(value or {})
        return value

    @model_validator(mode="after")
    def _together(self) -> Self:
        allowed = FARGATE_SIZES[self.cpu]
        if self.memory not in allowed:
            raise ValueError(f"memory {self.memory} MB is not sold with cpu {self.cpu}; allowed: {_ranges(allowed)}")
        bounds = self.autoscaling
        if not bounds.min <= self.task_count <= bounds.max:
            raise ValueError(
                f"taskCount {self.task_count} is outside autoscaling.min {bounds.min} to autoscaling.max {bounds.max}"
            )
        if both := sorted(self.environment.keys() & (self.secrets or {}).keys()):
            raise ValueError(f"{', '.join(both)} is in environment and in secrets; keep it in one of them")
        return self


class Settings(Posture):
    """Everything that configuration says: the shared names of Pulumi.yaml and one stack's posture.

    `read_limit`: seconds that one live read may take in all. `revert_grace`: hours from an exam's end until a revert
    that was forgotten is bounded.
    """

    cluster: Name
    service: Name
    container: Name
    database: Database
    url: Annotated[str, StringConstraints(pattern=r"^https?://[^/\s]+$")]
    students: Positive
    read_limit: Annotated[Whole, Field(ge=20)]
    revert_grace: Annotated[Number, Field(ge=0, le=24)]
    application: Application
    students_guard: StudentsGuard

    @property
    def resource_id(self) -> str:
        """The service as Application Auto Scaling names it."""
        return f"service/{self.cluster}/{self.service}"

    @classmethod
    def of(cls, config: Mapping[str, str], stack: str) -> Self:
        """The settings in a stack's configuration.

        Takes the values as Pulumi hands them to a program (text; objects, numbers and booleans as JSON) by key without
        the project's name, and the stack's name for the error. Raises ExamError with one line for every key at fault.
        """
        try:
            return cls.model_validate({key: _value(text) for key, text in config.items()})
        except ValidationError as error:
            raise ExamError("\n".join(lines(error, stack, cls))) from None


def _value(text: str) -> Any:
    """What a configuration value says: Pulumi makes an empty text of a null."""
    if text == "":
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def _check_environment_names(names: Mapping[str, Any]) -> None:
    for name in names:
        if not ENVIRONMENT_NAME.fullmatch(str(name)):
            raise ValueError(
                f"{name!r} is not an environment variable name (letters, digits and _, not beginning with a digit)"
            )


def _ranges(sizes: list[int]) -> str:
    if len(sizes) < 4:  # noqa: PLR2004 (a short list reads better than a range)
        return ", ".join(map(str, sizes)) + " MB"
    return f"{sizes[0]} to {sizes[-1]} MB in steps of {sizes[1] - sizes[0]}"
