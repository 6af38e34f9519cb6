"""One program with several services: what each further one costs."""

import time
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from benchmark.contestants import UP
from benchmark.ground import BARE, NOTHING, STEADY, SWITCH, UNSAVED, Ground, Turn, run
from components.aws import Access
from components.errors import ExamError
from sandbox.world import CLUSTER, REGION, SERVICE

SIZES = (1, 5, 20)
PROGRAM = Path(__file__).with_name("several.py")
NAMED = "benchmark-{}"
SETTINGS = f"""{BARE.format(name=PROGRAM.stem)}options:
  refresh: always
config:
  aws:region: us-east-2
  aws:maxRetries: 6
"""
TURNS = ((SWITCH, "exam"), (NOTHING, "exam"), (SWITCH, "idle"), (NOTHING, "idle"))
# The engine writes the whole state after every change, which two changes at once have to wait for; with this it writes
# it once, at the end.
UNSAVED_VARIABLES = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}


def growth(ground: Ground) -> dict[int, dict[str, list[Turn]]]:
    """By the number of services: the turns of each kind.

    Both postures are there once before the first turn, as they are for an operator's second exam.
    """
    _services(max(SIZES))
    folder = ground.project("several", SETTINGS, PROGRAM)
    found: dict[int, dict[str, list[Turn]]] = {}
    for size in SIZES:
        for posture in ("exam", "idle"):
            run(["pulumi", "stack", "init", f"{posture}-{size}", "--no-select"], folder)
            _turn(ground, folder, posture, size, UNSAVED_VARIABLES)
        turns = found[size] = {SWITCH: [], NOTHING: [], UNSAVED: []}
        for kind, posture in TURNS:
            turns[kind].append(_turn(ground, folder, posture, size))
        for posture in ("exam", "idle"):
            turns[UNSAVED].append(_turn(ground, folder, posture, size, UNSAVED_VARIABLES))
    return found


def _turn(ground: Ground, folder: Path, posture: str, size: int, variables: Mapping[str, str] | None = None) -> Turn:
    """An `up` of a stack that has the posture and the number of services in its name."""
    made = ground.turn([*UP, f"{posture}-{size}"], folder, variables)
    _steady(size)
    return made


def _services(number: int) -> None:
    """So many services beside the exam service, each like it and behind a target group of its own."""
    access = Access(REGION)
    ecs, elb = access.client("ecs"), access.client("elbv2")
    service = ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0]
    answer = ecs.describe_task_definition(taskDefinition=service["taskDefinition"], include=["TAGS"])
    kept = ("networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn", "taskRoleArn", "volumes")
    definition = {key: answer["taskDefinition"][key] for key in (*kept, "containerDefinitions")}
    arn = service["loadBalancers"][0]["targetGroupArn"]
    like = elb.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"][0]
    listener = elb.describe_listeners(LoadBalancerArn=like["LoadBalancerArns"][0])["Listeners"][0]["ListenerArn"]
    for name, priority in zip(map(NAMED.format, range(number)), count(100)):
        group = elb.create_target_group(
            Name=name, Protocol="HTTP", Port=like["Port"], VpcId=like["VpcId"], TargetType="ip"
        )["TargetGroups"][0]["TargetGroupArn"]
        elb.create_rule(
            ListenerArn=listener,
            Priority=priority,
            Conditions=[{"Field": "host-header", "Values": [f"{name}.example"]}],
            Actions=[{"Type": "forward", "TargetGroupArn": group}],
        )
        ecs.register_task_definition(family=name, **definition)
        balancer = {**service["loadBalancers"][0], "targetGroupArn": group}
        ecs.create_service(
            cluster=CLUSTER,
            serviceName=name,
            taskDefinition=name,
            desiredCount=1,
            launchType="FARGATE",
            loadBalancers=[balancer],
            networkConfiguration=service["networkConfiguration"],
        )
    _steady(number)


def _steady(number: int) -> None:
    """Wait until each of the services has one deployment, and that as many tasks as it wants."""
    ecs = Access(REGION).client("ecs")
    ends = time.monotonic() + STEADY
    names = [NAMED.format(one) for one in range(number)]
    while True:
        asked = [names[begin : begin + 10] for begin in range(0, number, 10)]  # the most that AWS describes at once
        found = [one for some in asked for one in ecs.describe_services(cluster=CLUSTER, services=some)["services"]]
        if all(_is_steady(service) for service in found):
            return
        if time.monotonic() > ends:
            raise ExamError(f"ECS has not started the benchmark's services within {STEADY} s")
        time.sleep(0.1)


def _is_steady(service: dict[str, Any]) -> bool:
    states = [deployment.get("rolloutState") for deployment in service["deployments"]]
    return states == ["COMPLETED"] and service["runningCount"] == service["desiredCount"]
