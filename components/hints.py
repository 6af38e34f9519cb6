"""What the operator should know of a posture before the class meets it: one hint an `up`. Pure."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from components import figures, task_definition
from components.credentials import looks_secret
from components.figures import tasks
from components.live import Live
from components.settings import Settings

# The application's own defaults where neither is set; a process opens its minimum at start.
POOL_VARIABLE, POOL_DEFAULT = "DB_POOL_MAX", 50
LEAST_POOL_VARIABLE, LEAST_POOL_DEFAULT = "DB_POOL_MIN", 10
# PostgreSQL on RDS allows LEAST(bytes of memory / 9531392, 5000) connections by default.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.MaxConnections
BYTES_A_CONNECTION, MOST_CONNECTIONS = 9531392, 5000
# GiB of memory of a class's size `large`, by the first letter of its family; the burstable ones have smaller sizes.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Summary.html
LARGE_GIB = {"t": 8, "m": 8, "r": 16}
SMALL_GIB = {"micro": 1, "small": 2, "medium": 4}


def hint(stack: str, settings: Settings, live: Live) -> str | None:
    """The hint, a line a finding, each with what the posture gives and what the class needs; None where all fits."""
    findings = [
        *_students(settings),
        *_vcpus(settings),
        *_connections(settings, live),
        *_credentials(stack, settings, live),
    ]
    return "\n  ".join(["hints for this posture:", *findings]) if findings else None


def _students(settings: Settings) -> Iterable[str]:
    minimum, held = settings.autoscaling.min, settings.application.students_per_task
    if settings.students > minimum * held:
        need = math.ceil(settings.students / held)
        yield (
            f"too few tasks for {settings.students} students: at the minimum of {tasks(minimum)} this posture holds "
            f"{minimum * held}, the class needs {tasks(need)} ({held} students a task)"
        )


def _vcpus(settings: Settings) -> Iterable[str]:
    count, size = settings.task_count, settings.cpu / figures.CPU_UNITS
    usable = figures.usable_vcpus(settings.cpu, settings.application)
    if size > usable:
        yield (
            f"{tasks(count)} of {size:g} vCPU: {count * usable:g} of {count * size:g} vCPU usable; "
            f"{tasks(math.floor(count * size / usable))} of {usable:g} vCPU cost the same"
        )


def _connections(settings: Settings, live: Live) -> Iterable[str]:
    asked = connections(settings, live)
    needed = f"{tasks(asked.tasks)} x {asked.pool} connections ({POOL_VARIABLE})"
    if asked.limit is None:
        yield (
            f"{needed} are not compared: rds:DescribeDBInstances of "
            f"{settings.database.instance} tells no class that is known; set database.maxConnections"
        )
    elif asked.needed > asked.limit:
        yield (
            f"{needed} are {asked.needed}, {settings.database.instance} "
            f"allows {asked.limit}; {POOL_VARIABLE} of {asked.fitting} would fit"
        )


def _credentials(stack: str, settings: Settings, live: Live) -> Iterable[str]:
    derived = task_definition.derive(live.task_definition, settings.container, settings)
    for name, value in task_definition.environment(derived, settings.container).items():
        if looks_secret(name, value):
            yield (
                f"{name} is a credential in clear in the task definition; store it in Secrets Manager and replace it: "
                f"pulumi config set -s {stack} --plaintext --path secrets.{name} <ARN>"
            )


@dataclass(frozen=True)
class Connections:
    """Connections that the most tasks may open, `pool` each, and that the database allows (None: not known)."""

    tasks: int
    pool: int
    limit: int | None

    @property
    def needed(self) -> int:
        """What all tasks together may open."""
        return self.tasks * self.pool

    @property
    def fitting(self) -> int:
        """The pool that would fit."""
        return (self.limit or 0) // self.tasks


def connections(settings: Settings, live: Live) -> Connections:
    """What autoscaling's maximum may open beside what the settings, else the instance's class, allow."""
    limit = settings.database.max_connections or max_connections(live.database_class)
    return Connections(settings.autoscaling.max, pool_maximum(settings, live), limit)


def pool_maximum(settings: Settings, live: Live) -> int:
    """Connections that one task may open: the posture's variable, else the live one, else the application's default."""
    return _pool(settings, live, POOL_VARIABLE, POOL_DEFAULT)


def pool_minimum(settings: Settings, live: Live) -> int:
    """Connections that one task opens at start, likewise."""
    return _pool(settings, live, LEAST_POOL_VARIABLE, LEAST_POOL_DEFAULT)


def _pool(settings: Settings, live: Live, variable: str, default: int) -> int:
    derived = task_definition.derive(live.task_definition, settings.container, settings)
    value = task_definition.environment(derived, settings.container).get(variable, "")
    return int(value) if value.isdigit() else default


def max_connections(instance_class: str | None) -> int | None:
    """What a class of RDS instance (db.t3.micro) allows by default; None for one that is not in the table."""
    found = re.fullmatch(r"db\.([a-z])\w*\.(\d*)(\w+)", instance_class or "")
    if not found or found[1] not in LARGE_GIB:
        return None
    large, multiple = LARGE_GIB[found[1]], int(found[2] or 1)
    memory = {**SMALL_GIB, "large": large, "xlarge": 2 * large * multiple}.get(found[3])
    return min(memory * 2**30 // BYTES_A_CONNECTION, MOST_CONNECTIONS) if memory else None
