"""What Pulumi.yaml and a stack file may say together, and every error they can earn."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, ValidationError

from components.errors import ExamError
from components.posture import Posture
from components.settings_errors import lines
from components.values import Name, Number, Percent, Positive, Strict, Whole


class Application(Strict):
    """The application's own facts: the vCPU that one task can use (null: all it has), health path, students a task."""

    vcpus: Annotated[Number, Field(gt=0)] | None
    health_path: Annotated[str, StringConstraints(pattern=r"^/\S*$")]
    students_per_task: Positive


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
