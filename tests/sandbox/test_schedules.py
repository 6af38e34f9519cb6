"""What the sandbox's AWS does at a time: by a clock that is moved ahead, once, and only what is due."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.process import Server
from tests.sandbox.aws import SCALABLE, eventually, the_service

FAR = "2099-01-01T12:00:00"
AT, ONCE = f"at({FAR})", "cron(0 12 1 1 ? 2099)"
YEARS = 100 * 366 * 86400


def put(client: Callable[..., Any], action: str, rule: str) -> None:
    scaling, events = client("application-autoscaling"), client("events")
    scaling.register_scalable_target(**SCALABLE, MinCapacity=2, MaxCapacity=6)
    asked = {"MinCapacity": 1, "MaxCapacity": 1}
    scaling.put_scheduled_action(**SCALABLE, ScheduledActionName="end", Schedule=action, ScalableTargetAction=asked)
    topic = client("sns").create_topic(Name="alarms")["TopicArn"]
    events.put_rule(Name="end", ScheduleExpression=rule)
    events.put_targets(Rule="end", Targets=[{"Id": "alarms", "Arn": topic, "Input": json.dumps("It is over.")}])


def told(server: Server) -> dict[str, Any]:
    return dict(server.ask("GET", "clock"))


def maximum(client: Callable[..., Any]) -> int:
    (target,) = client("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    return int(target["MaxCapacity"])


def test_it_is_done_once_and_when_it_is_due(server: Server, client: Callable[..., Any]) -> None:
    client("ecs").update_service(cluster="pythonide-cluster", service="pythonide-exam-task-service", desiredCount=3)
    put(client, AT, ONCE)
    server.ask("POST", "clock", {"seconds": 3600})
    assert (told(server), maximum(client)) == ({"ahead": 3600, "done": [], "mails": []}, 6)
    server.ask("POST", "clock", {"seconds": YEARS})
    eventually(lambda: told(server)["mails"])
    server.ask("POST", "clock", {"seconds": 60})
    assert [mail["text"] for mail in told(server)["mails"]] == ["It is over."]
    assert maximum(client) == 1
    assert the_service(client("ecs"))["desiredCount"] == 1
    actions = client("application-autoscaling").describe_scheduled_actions(ServiceNamespace="ecs")
    assert actions["ScheduledActions"] == []
    server.ask("POST", "reset")
    assert told(server) == {"ahead": 0, "done": [], "mails": []}


@pytest.mark.parametrize(("action", "rule"), [("rate(1 hour)", "rate(1 hour)"), ("cron(0 12 * * ? *)",) * 2])
def test_what_has_no_one_time_is_left_alone(server: Server, client: Callable[..., Any], action: str, rule: str) -> None:
    put(client, action, rule)
    put(client, action, rule)
    server.ask("POST", "clock", {"seconds": YEARS})
    # What is due beside it is done, so a look has been had.
    scaling = client("application-autoscaling")
    bounds = {"MinCapacity": 2, "MaxCapacity": 5}
    scaling.put_scheduled_action(**SCALABLE, ScheduledActionName="due", Schedule=AT, ScalableTargetAction=bounds)
    eventually(lambda: told(server)["done"])
    assert (told(server)["done"], told(server)["mails"], maximum(client)) == (["due"], [], 5)
