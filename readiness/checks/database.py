"""Whether the database is there, answers, and has room for all the connections, files and work of the exam."""

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from components import presence
from components.figures import tasks
from components.hints import POOL_VARIABLE, Connections, connections
from components.settings import Settings
from readiness.check import Check
from readiness.context import Context
from readiness.row import Row, fail, ok, unknown, warn

AREA = "database"
CONNECT_LIMIT = 3  # seconds
LOOK_BACK = timedelta(minutes=10)
GIB = 2**30
# Percent: of the connections allowed, of the storage free, of the CPU used.
MOST_CONNECTIONS, LEAST_STORAGE, LITTLE_STORAGE, MUCH_CPU, MOST_CPU = 90, 5, 15, 70, 90
IN_USE = "SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL"
REACHABLE = f"set {presence.URL_VARIABLE} to a URL that is reachable from here (a tunnel, or run this inside the VPC)"
NO_DATA = "try again in a minute; a new instance has no datapoint yet"


@dataclass(frozen=True)
class Told:
    """What the database itself says: seconds until it did, connections in use, and allowed."""

    seconds: float
    in_use: int
    limit: int


def read_instance(context: Context) -> dict[str, Any]:
    """The RDS instance as AWS describes it."""

    def read() -> dict[str, Any]:
        asked = {"DBInstanceIdentifier": context.settings.database.instance}
        found: dict[str, Any] = context.client("rds").describe_db_instances(**asked)["DBInstances"][0]
        return found

    return context.once("database instance", read)


def instance(_: Settings, found: dict[str, Any]) -> Row:
    """It is available."""
    name, status = found["DBInstanceIdentifier"], found["DBInstanceStatus"]
    if status != "available":
        return fail(AREA, "instance", f"{name} is {status}", "available", "look at it in the RDS console")
    return ok(AREA, "instance", f"{name} available, {found['DBInstanceClass']}", "available")


def read_answer(context: Context) -> Told | presence.NoAnswerError:
    """What the database says when it is connected to, or why it does not."""
    return context.once("database answer", lambda: _ask(context))


def _ask(context: Context) -> Told | presence.NoAnswerError:
    import psycopg  # noqa: PLC0415 (beside the other checks; its library takes long to load)

    try:
        url, start = presence.database_url(context.settings, context.live), time.monotonic()
        with psycopg.connect(url, connect_timeout=CONNECT_LIMIT, autocommit=True) as connection:
            connection.execute("SELECT current_timestamp")
            seconds = time.monotonic() - start
            (in_use,) = connection.execute(IN_USE).fetchone() or (0,)
            (limit,) = connection.execute("SHOW max_connections").fetchone() or (0,)
    except presence.NoAnswerError as error:
        return error
    except psycopg.Error as error:
        # Its text may repeat the URL.
        return presence.NoAnswerError(f"the database does not answer ({type(error).__name__})")
    return Told(seconds, int(in_use), int(limit))


def answers(_: Settings, told: Told | presence.NoAnswerError) -> Row:
    """It takes a connection and answers; whoever cannot reach it from here does not know."""
    if isinstance(told, Told):
        return ok(AREA, "connection", f"SELECT current_timestamp after {told.seconds:.2f} s", "an answer")
    return unknown(AREA, "connection", str(told), "an answer", REACHABLE)


def read_connections(context: Context) -> tuple[Connections, int | None]:
    """What the tasks may open beside what is allowed, and the connections in use now (None: nobody tells).

    The database itself knows best; what CloudWatch knows is a minute old.
    """
    asked, told = connections(context.settings, context.live), read_answer(context)
    if isinstance(told, Told):
        limit = context.settings.database.max_connections or told.limit
        return Connections(asked.tasks, asked.pool, limit), told.in_use
    points = _datapoints(context, "DatabaseConnections", "Maximum")
    return asked, int(points[-1]) if points else None


def room(settings: Settings, found: tuple[Connections, int | None]) -> Row:
    """Those in use leave room; what autoscaling's maximum may open is a warning: pools grow with the work."""
    asked, in_use = found
    name, need = "connections", f"{tasks(asked.tasks)} x {asked.pool} may open {asked.needed}"
    if in_use is None or asked.limit is None:
        text = "not known how many are in use" if in_use is None else f"{in_use} in use, not known how many are allowed"
        todo = f"set {presence.URL_VARIABLE}" if in_use is None else "set database.maxConnections"
        return unknown(AREA, name, f"{text}; {need}", todo=todo)
    text = f"{in_use} of {asked.limit} in use; {need}"
    if in_use * 100 >= asked.limit * MOST_CONNECTIONS:
        return fail(
            AREA, name, text, f"below {MOST_CONNECTIONS} %", "see who holds them: SELECT * FROM pg_stat_activity"
        )
    if asked.needed > asked.limit:
        return warn(AREA, name, text, f"at most {asked.limit}", f"{POOL_VARIABLE} of {asked.fitting} would fit")
    return ok(AREA, name, text, f"at most {asked.limit}")


def read_storage(context: Context) -> tuple[dict[str, Any], float | None]:
    """The instance, and its free storage in bytes."""
    points = _datapoints(context, "FreeStorageSpace", "Minimum")
    return read_instance(context), points[-1] if points else None


def storage(_: Settings, found: tuple[dict[str, Any], float | None]) -> Row:
    """There is storage left."""
    described, free = found
    name, size = "storage", int(described["AllocatedStorage"])
    if free is None:
        return unknown(AREA, name, f"no datapoint of FreeStorageSpace; {size} GiB in all", todo=NO_DATA)
    percent, wanted = free / GIB / size * 100, f"{LITTLE_STORAGE} % free"
    text = f"{free / GIB:.1f} of {size} GiB free ({percent:.0f} %)"
    if percent < LEAST_STORAGE:
        return fail(AREA, name, text, wanted, "enlarge it (RDS console, Modify, Allocated storage)")
    if percent < LITTLE_STORAGE:
        return warn(AREA, name, text, wanted, "enlarge it (RDS console, Modify, Allocated storage)")
    return ok(AREA, name, text, wanted)


def read_cpu(context: Context) -> float | None:
    """The instance's CPU in percent, the highest minute of late."""
    return max(_datapoints(context, "CPUUtilization", "Average"), default=None)


def cpu(_: Settings, percent: float | None) -> Row:
    """There is CPU left."""
    name, wanted = "CPU", f"below {MUCH_CPU} %"
    if percent is None:
        return unknown(AREA, name, "no datapoint of CPUUtilization", todo=NO_DATA)
    text, todo = f"up to {percent:.0f} % in {LOOK_BACK.seconds // 60} minutes", "see what it does: Performance Insights"
    if percent >= MOST_CPU:
        return fail(AREA, name, text, wanted, todo)
    return warn(AREA, name, text, wanted, todo) if percent >= MUCH_CPU else ok(AREA, name, text, wanted)


def _datapoints(context: Context, name: str, statistic: str) -> list[float]:
    """The metric's values of late, oldest first."""
    answer = context.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/RDS",
        MetricName=name,
        Dimensions=[{"Name": "DBInstanceIdentifier", "Value": context.settings.database.instance}],
        StartTime=context.now - LOOK_BACK,
        EndTime=context.now,
        Period=60,
        Statistics=[statistic],
    )
    points = sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])
    return [float(point[statistic]) for point in points]


CHECKS = (
    Check(AREA, "instance", read_instance, instance),
    Check(AREA, "connection", read_answer, answers),
    Check(AREA, "connections", read_connections, room),
    Check(AREA, "storage", read_storage, storage),
    Check(AREA, "CPU", read_cpu, cpu),
)
