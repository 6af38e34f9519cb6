"""The table of metrics, and the dashboard over it."""

from typing import Any

import pytest

from components import alarms, dashboard, metrics
from tests.postures import DEFINITION, live, settings

ARNS = {
    alarm.key: f"arn:aws:cloudwatch:us-east-2:123456789012:alarm:pythonide-exam-{alarm.key}"
    for alarm in alarms.table(settings("exam"), live())
}


def body(**world: Any) -> dict[str, Any]:
    return dashboard.body(metrics.table(settings("exam"), live(**world)), ARNS, "us-east-2")


def properties(title: str, **world: Any) -> dict[str, Any]:
    return next(w["properties"] for w in body(**world)["widgets"] if w["properties"]["title"] == title)


def test_every_alarm_has_a_widget_of_its_own() -> None:
    widgets = [w["properties"] for w in body()["widgets"] if "annotations" in w["properties"]]
    assert sorted(w["annotations"]["alarms"][0] for w in widgets) == sorted(ARNS.values())
    # One alarm, and no metrics beside it, is what a widget takes.
    assert all(len(w["annotations"]["alarms"]) == 1 and "metrics" not in w for w in widgets)


def test_tasks_are_counted_once_whatever_the_resolution() -> None:
    running, healthy = properties("Tasks")["metrics"]
    assert running == [
        "AWS/ECS",
        "CPUUtilization",
        "ClusterName",
        "pythonide-cluster",
        "ServiceName",
        "pythonide-exam-task-service",
        {"stat": "SampleCount", "period": 20, "label": "Running tasks"},
    ]
    assert healthy[:2] == ["AWS/ApplicationELB", "HealthyHostCount"]
    assert body()["periodOverride"] == "inherit"


def test_widgets_fill_the_grid_without_overlap() -> None:
    widgets = body()["widgets"]
    cells = {
        (x, y) for w in widgets for x in range(w["x"], w["x"] + w["width"]) for y in range(w["y"], w["y"] + w["height"])
    }
    assert len(cells) == sum(w["width"] * w["height"] for w in widgets)
    assert max(x for x, _ in cells) == 23
    assert {w["properties"]["region"] for w in widgets} == {"us-east-2"}


def test_without_a_log_group_there_are_no_log_events() -> None:
    assert properties("Log events")["metrics"][0][:4] == [
        "AWS/Logs",
        "IncomingLogEvents",
        "LogGroupName",
        "/aws/ecs/pythonide-exam",
    ]
    container = {k: v for k, v in DEFINITION["containerDefinitions"][0].items() if k != "logConfiguration"}
    with pytest.raises(StopIteration):
        properties("Log events", task_definition={**DEFINITION, "containerDefinitions": [container]})


@pytest.mark.parametrize("stack", ["exam", "idle"])
def test_alarms_watch_the_metrics_of_the_table(stack: str) -> None:
    table = metrics.table(settings(stack), live())
    assert all(alarm.metric == table[alarm.key] for alarm in alarms.table(settings(stack), live()))
    assert table == metrics.table(settings("exam"), live())
