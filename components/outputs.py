"""The stack's outputs: what the posture gives, what it costs, where to look."""

from datetime import datetime

import pulumi

from components import dashboard, figures, revert
from components.live import Live
from components.moment import shown
from components.python_ide_exam import PythonIdeExam
from components.settings import Settings


def export(exam: PythonIdeExam, settings: Settings, live: Live, idle: Settings) -> None:
    """Export the outputs; `idle` is the posture that the cost is compared with."""
    idle_cost = figures.hourly_cost(idle.task_count, idle.cpu, idle.memory)
    console = f"https://{live.region}.console.aws.amazon.com"
    values: dict[str, pulumi.Input[object]] = {
        "posture": pulumi.get_stack(),
        "desiredCount": exam.desired_count,
        "taskDefinition": exam.task_definition,
        **figures.outputs(settings, exam.desired_count, idle_cost),
        "examEndsAt": _time(settings.exam.ends_at),
        "revertBoundedAt": _time(revert.bounded_at(settings)),
        "examUrl": settings.url,
        "serviceConsole": f"{console}/ecs/v2/clusters/{settings.cluster}/services/{settings.service}/health"
        f"?region={live.region}",
        "alarmsConsole": f"{console}/cloudwatch/home?region={live.region}#alarmsV2:?search={exam.name}",
        "dashboardConsole": dashboard.console(exam.name, live.region),
    }
    for name, value in values.items():
        pulumi.export(name, value)


def _time(moment: datetime | None) -> str:
    return shown(moment) if moment else "never"
