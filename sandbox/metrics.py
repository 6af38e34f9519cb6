"""What CloudWatch has of the sandbox: figures of the parts that really run, for the checklist's watch.

They run by the clock, whatever SANDBOX_SPEED, and so do their metrics. A period's datapoint is there from its first
seconds on and put right until the period is over. Where nothing really runs there is no datapoint.
"""

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from moto.cloudwatch.models import cloudwatch_backends
from moto.ecs.models import ecs_backends
from moto.elbv2.models import elbv2_backends
from moto.logs.models import logs_backends

from sandbox.ecs import answers
from sandbox.ecs.state import LiveService, ecs_of, lock
from sandbox.load import CPU, DIMENSIONS
from sandbox.load_balancer import Traffic
from sandbox.world import ACCOUNT, REGION, the_service

EVERY = 5.0  # seconds between two looks
LOG_GROUP, DATABASE = "/aws/ecs/pythonide-exam", "pythonide-db"
# Published only when there was an error, a request.
SELDOM = ("HTTPCode_Target_5XX_Count", "TargetResponseTime")
# The database as the world has it: bytes, vCPU of its class.
STORAGE, DATABASE_VCPUS = 20 * 2**30, 2
DATABASE_CPU = "AWS/RDS CPUUtilization"  # beside the service's metric of the same name
TICKS, PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
CONNECTIONS = """
    SELECT count(*) FILTER (WHERE datname = current_database() AND pid <> pg_backend_pid()),
           array_agg(pid), pg_database_size(current_database())
    FROM pg_stat_activity
"""


@dataclass(frozen=True)
class Reading:
    """Counters at a moment (seconds since the epoch): CPU seconds by task, the load balancer's requests and errors.

    And what is so at that moment: bytes of memory by task, seconds of a response, connections to the database, its
    size in bytes. `database_cpu` is in seconds again.
    """

    at: float
    cpu: Mapping[str, float]
    memory: Mapping[str, int]
    traffic: Traffic
    connections: int
    database_cpu: float
    database_size: int


@dataclass(frozen=True)
class Targets:
    """How many targets there are in which state, and the size of a task: vCPU, bytes of memory."""

    healthy: int
    unhealthy: int
    vcpus: float
    memory: int


def figures(first: Reading, last: Reading, targets: Targets, log_events: int) -> dict[str, list[float]]:
    """The values of each metric from `first` to `last`; of a task that started meanwhile all that it used.

    A metric that AWS publishes only when something happened is left out when nothing did.
    """
    seconds = max(last.at - first.at, 1)
    requests = last.traffic.requests - first.traffic.requests
    errors = last.traffic.errors - first.traffic.errors
    if requests < 0:
        # A new HAProxy counts from nothing.
        requests, errors = last.traffic.requests, last.traffic.errors
    errors_then, seconds_then = SELDOM
    happened = {
        errors_then: [float(errors)] if errors else [],
        seconds_then: [last.traffic.seconds] if requests else [],
    }
    return {
        CPU: [100 * (used - first.cpu.get(task, 0)) / seconds / targets.vcpus for task, used in last.cpu.items()],
        "MemoryUtilization": [100 * used / targets.memory for used in last.memory.values()],
        "HealthyHostCount": [float(targets.healthy)],
        "UnHealthyHostCount": [float(targets.unhealthy)],
        "RequestCount": [float(requests)],
        "DatabaseConnections": [float(last.connections)],
        DATABASE_CPU: [max(100 * (last.database_cpu - first.database_cpu) / seconds / DATABASE_VCPUS, 0)],
        "FreeStorageSpace": [float(STORAGE - last.database_size)],
        "IncomingLogEvents": [float(log_events)],
        **{name: values for name, values in happened.items() if values},
    }


@dataclass
class Metrics:
    """Publishes the figures; one thread has it look."""

    url: str
    _looked: float = 0
    _first: Reading | None = None
    _last: Reading | None = None
    _period: float = 0  # its beginning
    _published: list[Any] = field(default_factory=list)

    def begin(self) -> None:
        """The world is anew and has no figures: the next look is at once."""
        self._looked = 0

    def look(self, pids: Callable[[], Mapping[str, int]], traffic: Callable[[], Traffic]) -> None:
        """Read and publish what the processes of tasks, the load balancer and the database do, if it is time."""
        now = time.time()
        if now < self._looked + EVERY:
            return
        self._looked = now
        with lock:
            live = the_service()
            if live is None:
                return
            resolution, targets, dimensions = answers.resolution(live, CPU), _targets(live), _dimensions(live)
        reading = _reading(now, pids(), traffic(), self.url)
        period = now // resolution * resolution
        if period != self._period:
            # What happened since the last look counts as this period's.
            self._first, self._period, self._published = self._last, period, []
        self._last = reading
        self._first = self._first or reading
        self._publish(figures(self._first, reading, targets, _log_events(period)), dimensions)

    def _publish(self, values: Mapping[str, list[float]], dimensions: Mapping[str, tuple[str, Any]]) -> None:
        backend = cloudwatch_backends[ACCOUNT][REGION]
        for datum in self._published:
            # A reset of the world has taken it away.
            with suppress(ValueError):
                backend.metric_data.remove(datum)
        at = datetime.fromtimestamp(self._period, UTC).replace(tzinfo=None)
        before = len(backend.metric_data)
        for name, (namespace, dims) in dimensions.items():
            if found := values.get(name):
                backend.put_metric_data(
                    namespace,
                    [{"MetricName": name.split()[-1], "Dimensions": dims, "Values": found, "Timestamp": at}],
                )
        self._published = backend.metric_data[before:]


def _targets(live: LiveService) -> Targets:
    states = [t["TargetHealth"]["State"] for arn in live.target_group_arns for t in answers.targets(live, arn)]
    ecs = ecs_of(ecs_backends[ACCOUNT][REGION])
    definition = ecs.task_definitions.find(live.state.primary.revision["taskDefinition"]).definition
    vcpus, megabytes = int(definition["cpu"]) / 1024, int(definition["memory"])
    # A target that is new, or drains, is neither.
    return Targets(states.count("healthy"), states.count("unhealthy"), vcpus, megabytes * 1024**2)


def _dimensions(live: LiveService) -> dict[str, tuple[str, list[dict[str, str]]]]:
    """By metric, the namespace and the dimensions that CloudWatch has it under."""
    elb = elbv2_backends[ACCOUNT][REGION]
    suffix = live.target_group_arns[0].rpartition(":")[2]
    balancer = next(iter(elb.load_balancers)).partition(":loadbalancer/")[2]
    group = [{"Name": "TargetGroup", "Value": suffix}, {"Name": "LoadBalancer", "Value": balancer}]
    database = [{"Name": "DBInstanceIdentifier", "Value": DATABASE}]
    of_group = ("HealthyHostCount", "UnHealthyHostCount", "RequestCount", *SELDOM)
    return {
        **dict.fromkeys((CPU, "MemoryUtilization"), ("AWS/ECS", DIMENSIONS)),
        **dict.fromkeys(of_group, ("AWS/ApplicationELB", group)),
        **dict.fromkeys(("DatabaseConnections", "FreeStorageSpace", DATABASE_CPU), ("AWS/RDS", database)),
        "IncomingLogEvents": ("AWS/Logs", [{"Name": "LogGroupName", "Value": LOG_GROUP}]),
    }


def _reading(now: float, pids: Mapping[str, int], traffic: Traffic, url: str) -> Reading:
    cpu, memory = {}, {}
    for task, pid in pids.items():
        # A process that is gone meanwhile, or a system without /proc.
        with suppress(OSError):
            cpu[task] = cpu_seconds(pid)
            memory[task] = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    with psycopg.connect(url, autocommit=True) as connection:
        connections, servers, size = connection.execute(CONNECTIONS).fetchone() or (0, [], 0)
        database_cpu = _family_cpu(servers)
    return Reading(now, cpu, memory, traffic, connections, database_cpu, size)


def _family_cpu(pids: list[int]) -> float:
    """What processes of one parent have used, the parent's own and ended ones included."""
    used, parents = 0.0, set[int]()
    for pid in pids:
        with suppress(OSError):
            used += cpu_seconds(pid)
            parents.add(int(_stat(pid)[1]))
    with suppress(OSError):
        used += sum(map(cpu_seconds, parents))
    return used


def cpu_seconds(pid: int) -> float:
    """What a process has used, with the children that it has waited for: fields 14 to 17 of proc(5)'s stat."""
    return sum(map(int, _stat(pid)[11:15])) / TICKS


def _stat(pid: int) -> list[str]:
    """The fields of proc(5)'s stat after the process's name."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _log_events(since: float) -> int:
    group = logs_backends[ACCOUNT][REGION].groups.get(LOG_GROUP)
    streams = list(group.streams.values()) if group else []
    return sum(event.timestamp >= since * 1000 for stream in streams for event in list(stream.events))
