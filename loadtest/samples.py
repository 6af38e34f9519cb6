"""What AWS says while the load runs: counts every few seconds, and afterwards what CloudWatch has kept of the time."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from botocore.exceptions import BotoCoreError, ClientError

from components import figures, metrics
from components.errors import ExamError
from components.live import SCALING, Live
from components.settings import Settings
from loadtest.record import Activity, Sample
from readiness.context import Context
from readiness.metrics import Series, read

EVERY = 5.0  # seconds between two looks
# The samples' fields by the metrics' keys. A count belongs to one sample of its period only.
FIELDS = {
    "cpu": "cpu_task",
    "memory": "memory",
    "database-connections": "connections",
    "server-errors": "errors_5xx",
}
COUNTS = ("server-errors",)


def posture(context: Context) -> dict[str, float]:
    """The plain facts of what is live. Raises ExamError."""
    live, target = context.live, context.live.scalable_target or {}
    cpu, memory = int(live.task_definition["cpu"]), int(live.task_definition["memory"])
    return {
        "tasks": live.desired_count,
        "cpu": cpu,
        "memory": memory,
        "min": target.get("MinCapacity", live.desired_count),
        "max": target.get("MaxCapacity", live.desired_count),
        "usd_per_hour": round(figures.hourly_cost(live.desired_count, cpu, memory), 4),
    }


class Sampler:
    """One thread that looks at the service from `with` on; `samples`, `activities` and `notes` grow meanwhile.

    `started` is the run's start by time.monotonic(). At the end CloudWatch fills the samples' other figures in; on a
    real account its newest datapoints are a minute or more behind, so that those of the last moments stay empty.
    """

    def __init__(self, context: Context, started: float, every: float = EVERY) -> None:
        """Nothing is asked yet."""
        self._context, self._every = context, every
        self._began = datetime.now(UTC) - timedelta(seconds=time.monotonic() - started)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._seen: set[str] = set()
        self.samples: list[Sample] = []
        self.activities: list[Activity] = []
        self.notes: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        # The clients' own limits bound it.
        self._thread.join()
        self._try(self._fill)

    def _run(self) -> None:
        while not self._over.is_set():
            self._try(self._look)
            self._try(self._scaled)
            self._over.wait(self._every)

    def _try(self, ask: Callable[[], None]) -> None:
        """What cannot be asked is said once, and does not end the run."""
        try:
            ask()
        except (BotoCoreError, ClientError, ExamError) as error:
            text = str(error).splitlines()[0]
            if isinstance(error, ClientError):
                text = f"{error.operation_name}: {error.response['Error']['Code']}"
            if (note := f"not sampled: {text}") not in self.notes:
                self.notes.append(note)

    def _look(self) -> None:
        context, settings = self._context, self._context.settings
        at = (datetime.now(UTC) - self._began).total_seconds()
        answer = context.client("ecs").describe_services(cluster=settings.cluster, services=[settings.service])
        service = answer["services"][0]
        group = context.live.target_group["TargetGroupArn"]
        health = context.client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        healthy = sum(target["TargetHealth"]["State"] == "healthy" for target in health)
        self.samples.append(Sample(round(at, 1), service["desiredCount"], service["runningCount"], healthy))
        prefix = f"(service {settings.service}) "
        self._tell({e["id"]: (e["createdAt"], e["message"].removeprefix(prefix)) for e in service.get("events", [])})

    def _scaled(self) -> None:
        client, resource = self._context.client("application-autoscaling"), self._context.settings.resource_id
        found = client.describe_scaling_activities(**SCALING, ResourceId=resource)["ScalingActivities"]
        self._tell({a["ActivityId"]: (a["StartTime"], f"autoscaling: {a['Description']}") for a in found})

    def _tell(self, told: Mapping[str, tuple[datetime, str]]) -> None:
        for key in sorted(told.keys() - self._seen, key=lambda key: told[key][0]):
            self._seen.add(key)
            at = (told[key][0] - self._began).total_seconds()
            if at >= 0:
                self.activities.append(Activity(round(at, 1), told[key][1]))

    def _fill(self) -> None:
        settings, live = self._context.settings, self._context.live
        table = {key: metric for key, metric in metrics.table(settings, live).items() if key in FIELDS}
        for key in ("cpu", "memory"):
            table[key] = replace(table[key], period=live.resolution or table[key].period)
        end = datetime.now(UTC) + timedelta(seconds=1)
        kept = read(self._context.client("cloudwatch"), table, end, end - self._began)
        self.samples = [filled(s, previous, kept, self._began) for previous, s in _pairs(self.samples)]
        usable = usable_part(settings, live)
        self.samples = [replace(s, cpu_usable=s.cpu_task and round(s.cpu_task / usable, 2)) for s in self.samples]


def usable_part(settings: Settings, live: Live) -> float:
    """The part of a task's size that the application can use."""
    return figures.cpu_percent(1, int(live.task_definition["cpu"]), settings.application).aws


def _pairs(samples: list[Sample]) -> list[tuple[Sample | None, Sample]]:
    return list(zip([None, *samples[:-1]], samples, strict=True))


def filled(sample: Sample, previous: Sample | None, kept: Mapping[str, Series], began: datetime) -> Sample:
    """A sample with the values of the periods that it falls into; a count only where `previous` does not have it."""
    values = {}
    for key, field in FIELDS.items():
        point = _point(kept[key], began + timedelta(seconds=sample.at))
        told = previous and _point(kept[key], began + timedelta(seconds=previous.at))
        if point and not (key in COUNTS and told and told[0] == point[0]):
            values[field] = round(point[1], 2)
    return replace(sample, **values)


def _point(found: Series, moment: datetime) -> tuple[Any, float] | None:
    period = timedelta(seconds=found.metric.period)
    return next((point for point in found.points if point[0] <= moment < point[0] + period), None)
