"""The whole program under Pulumi mocks, for both stacks: resources, names, options, order, secretness."""

import copy
import inspect
import json
import runpy
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi
import pytest
from pulumi_aws import ecs, lb

import components.live
from components import alarms, confirmation, count, figures, guard, rollout, service, target_group
from components.errors import ExamError
from components.live import Live
from components.monitoring import Monitoring
from components.presence import Presence
from components.python_ide_exam import PythonIdeExam
from tests.postures import ROOT, SECRET, SERVICE_ARN, TARGET_GROUP_ARN, config, live, settings
from tests.unit.fakes import MetricsEcs

COMPONENT = "pythonide:exam:PythonIdeExam"
SERVICE, GROUP, BOUNDS = "pythonide-exam-service", "pythonide-exam-target-group", "pythonide-exam-scalable-target"
POLICY = "pythonide-exam-cpu-scaling-policy"
DASHBOARD = "pythonide-exam-dashboard"
ALARMS = alarms.table(settings("exam"), live())
RUN: dict[str, "Program"] = {}
TOPIC_ARN = "arn:aws:mock:us-east-2:123456789012:pythonide-exam-alarms"
# How a secret looks on the wire to the engine.
SIGNATURE, SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"


def key(kind: str, name: str) -> str:
    """What a resource is looked up by: its name; the second resource of a name also by its type."""
    return f"{name}/{kind.rpartition(':')[2]}" if kind.endswith((":EventTarget", ":TopicPolicy")) else name


@dataclass
class Program(pulumi.runtime.Mocks):
    """What a program declared: inputs as the engine would get them, options as the program gave them."""

    account: str = "123456789012"
    inputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    options: dict[str, pulumi.ResourceOptions] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    ended: bool = False

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        self.inputs[key(args.typ, args.name)], self.types[key(args.typ, args.name)] = args.inputs, args.typ
        computed: dict[str, Any] = {"arn": f"arn:aws:mock:us-east-2:123456789012:{args.name}"}
        if args.typ == "aws:ecs/taskDefinition:TaskDefinition":
            computed["revision"] = 8
        return args.name, {**args.inputs, **computed}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        assert args.token == "aws:index/getCallerIdentity:getCallerIdentity"
        return {"accountId": self.account, "arn": "arn", "id": "id", "userId": "user"}, []

    def seen(self, args: pulumi.ResourceTransformArgs) -> None:
        # A stack keeps its transformations, and the next program may run in the same stack.
        if not self.ended:
            self.options[key(args.type_, args.name)] = args.opts

    def depends_on(self, name: str) -> set[str]:
        resources: Any = self.options[name].depends_on
        return {resource._name for resource in resources}

    def of_type(self, kind: str) -> set[str]:
        return {name for name, typ in self.types.items() if typ == kind}


def run(stack: str, declare: Callable[[], Any], program: Program) -> Program:
    """Run `declare` as the program of `stack`."""
    pulumi.runtime.set_mocks(program, project="pythonide-exam", stack=stack, preview=False)
    pulumi.runtime.set_all_config(config(stack))
    pulumi.runtime.test(lambda: _declare(declare, program))()  # type: ignore[no-untyped-call]
    program.ended = True
    return program


def _declare(declare: Callable[[], Any], program: Program) -> Any:
    pulumi.runtime.register_stack_transformation(program.seen)  # type: ignore[arg-type]
    outputs = declare()
    return pulumi.Output.all(**outputs).apply(program.outputs.update) if outputs else None


def main(stack: str, world: Live, monkeypatch: pytest.MonkeyPatch, account: str = "123456789012") -> Program:
    """The real __main__.py over a live world that is given."""
    program = Program(account)
    exported: dict[str, Any] = {}
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(components.live, "read_account", lambda _: world.account)
    monkeypatch.setattr(components.live, "read_live", lambda *_, **__: world)
    monkeypatch.setattr(pulumi, "export", exported.__setitem__)
    monkeypatch.setattr(pulumi.log, "info", lambda message, *_, **__: program.said.append(message))

    def declare() -> dict[str, Any]:
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")
        return exported

    return run(stack, declare, program)


@pytest.fixture(autouse=True)
def nobody_meddles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "presence", lambda _, __: Presence(False, "0 active students (sessions table)"))
    monkeypatch.setattr(confirmation, "_missing", lambda _, __: [])
    monkeypatch.setattr(count, "_count_now", lambda posture, world: figures.desired_count(posture, world.desired_count))


@pytest.fixture(autouse=True)
def ecs_does_as_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = MetricsEcs()
    monkeypatch.setattr(Monitoring, "_ecs", lambda _: nullcontext(metrics))
    monkeypatch.setattr(rollout, "_wait", lambda _, __, revision, complete: revision)


@pytest.fixture(params=["exam", "idle"])
def stack(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def program(stack: str, monkeypatch: pytest.MonkeyPatch) -> Program:
    """The program of `stack` over the live world; run once, as most tests only look."""
    if stack not in RUN:
        RUN[stack] = main(stack, live(), monkeypatch)
    return replace(RUN[stack], inputs=copy.deepcopy(RUN[stack].inputs))


def test_both_stacks_declare_the_same_set_under_the_same_names(monkeypatch: pytest.MonkeyPatch) -> None:
    exam, idle = main("exam", live(), monkeypatch), main("idle", live(), monkeypatch)
    assert exam.types == idle.types
    assert exam.of_type(COMPONENT) == {"pythonide-exam"}
    aws = {name: typ for name, typ in exam.types.items() if typ.startswith("aws:")}
    assert all(name.startswith("pythonide-exam-") for name in aws)
    named = {name: values["name"] for name, values in exam.inputs.items() if "name" in values and name in aws}
    # What is adopted keeps the name it has.
    assert {name: named.get(name, name) for name in named} == {name: name for name in named}


def test_every_child_belongs_to_the_component(program: Program) -> None:
    children = [name for name, typ in program.types.items() if typ.startswith("aws:")]
    assert len(children) >= 16
    for name in children:
        parent = program.options[name].parent
        assert isinstance(parent, PythonIdeExam), name


def test_the_service_is_adopted(program: Program) -> None:
    options, inputs = program.options[SERVICE], program.inputs[SERVICE]
    assert options.import_ == "pythonide-cluster/pythonide-exam-task-service"
    assert options.retain_on_delete
    # A count that is right already is autoscaling's to change.
    raised = "desiredCount" in inputs
    assert options.ignore_changes == [*service.IGNORED, *([] if raised else ["desired_count"])]
    assert options.custom_timeouts
    assert options.custom_timeouts.update == "20m"
    assert set(inputs) - {"desiredCount"} == {
        "cluster",
        "taskDefinition",
        "deploymentCircuitBreaker",
        "waitForSteadyState",
    }
    assert inputs["cluster"].startswith("arn:aws:ecs:")
    assert inputs["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert inputs["waitForSteadyState"] is True


def test_the_target_group_is_adopted(program: Program, stack: str) -> None:
    options, inputs = program.options[GROUP], program.inputs[GROUP]
    assert options.import_ == TARGET_GROUP_ARN
    assert options.retain_on_delete
    assert options.ignore_changes == list(target_group.IGNORED)
    assert set(inputs) == {"deregistrationDelay", "healthCheck", "stickiness"}
    check = inputs["healthCheck"]
    assert check["path"] == {"exam": "/health", "idle": "/api/health"}[stack]
    # What the posture does not own of the health check is as it is live.
    assert (check["matcher"], check["port"], check["protocol"], check["enabled"]) == (
        "200",
        "traffic-port",
        "HTTP",
        True,
    )


@pytest.mark.parametrize(
    ("resource", "owned", "ignored", "left_out"),
    [
        (ecs.Service, service.OWNED, service.IGNORED, ()),
        (lb.TargetGroup, target_group.OWNED, target_group.IGNORED, target_group.LEFT_OUT),
    ],
)
def test_owned_and_ignored_are_exactly_the_sdks_inputs(
    resource: type, owned: tuple[str, ...], ignored: tuple[str, ...], left_out: tuple[str, ...]
) -> None:
    inputs = set(inspect.signature(resource._internal_init).parameters)  # type: ignore[attr-defined]
    inputs -= {"__self__", "self", "resource_name", "opts", "__props__"}
    ours = [*owned, *ignored, *left_out]
    assert sorted(ours) == sorted(inputs)


def test_bounds_come_before_the_service_and_the_policy(program: Program) -> None:
    assert BOUNDS in program.depends_on(SERVICE)
    assert BOUNDS in program.depends_on(POLICY)


@pytest.mark.parametrize(
    ("stack", "delay", "first"), [("exam", 300, SERVICE), ("idle", 3600, GROUP), ("idle", 300, GROUP)]
)
def test_the_shorter_delay_is_in_force_during_the_rollout(
    stack: str, delay: int, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    attributes = {**live().target_group_attributes, "deregistration_delay.timeout_seconds": str(delay)}
    program = main(stack, live(target_group_attributes=attributes), monkeypatch)
    second = GROUP if first == SERVICE else SERVICE
    assert first in program.depends_on(second)
    assert second not in program.depends_on(first)


def test_the_task_definition_is_a_secret_and_never_deregistered(program: Program) -> None:
    name = "pythonide-exam-task-definition"
    options = program.options[name]
    assert options.retain_on_delete
    assert program.inputs[name]["skipDestroy"] is True
    assert "containerDefinitions" in (options.additional_secret_outputs or [])
    containers = program.inputs[name]["containerDefinitions"]
    assert containers[SIGNATURE] == SECRET_SIGNATURE
    assert SECRET in containers["value"]
    del program.inputs[name]["containerDefinitions"]
    assert SECRET not in json.dumps([program.inputs, program.outputs, program.said])


def test_the_service_keeps_a_revision_that_is_the_posture(monkeypatch: pytest.MonkeyPatch) -> None:
    assert main("idle", live(), monkeypatch).inputs[SERVICE]["taskDefinition"] == "pythonide-exam-task:7"
    assert main("exam", live(), monkeypatch).inputs[SERVICE]["taskDefinition"] == "pythonide-exam-task:8"


@pytest.mark.parametrize(
    ("stack", "running", "desired"), [("exam", 1, 2), ("exam", 5, None), ("exam", 9, 6), ("idle", 5, 1)]
)
def test_the_count(stack: str, running: int, desired: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    world = live(service={**live().service, "desiredCount": running})
    assert main(stack, world, monkeypatch).inputs[SERVICE].get("desiredCount") == desired


def test_target_tracking(program: Program, stack: str) -> None:
    tracking = program.inputs[POLICY]["targetTrackingScalingPolicyConfiguration"]
    assert tracking["targetValue"] == {"exam": 22.5, "idle": 45}[stack]
    assert tracking["disableScaleIn"] == (stack == "exam")
    metric = "ECSServiceAverageCPUUtilization" + {"exam": "HighResolution", "idle": ""}[stack]
    assert tracking["predefinedMetricSpecification"] == {"predefinedMetricType": metric}
    bounds = program.inputs[BOUNDS]
    assert (bounds["minCapacity"], bounds["maxCapacity"]) == {"exam": (2, 6), "idle": (1, 1)}[stack]
    assert bounds["resourceId"] == "service/pythonide-cluster/pythonide-exam-task-service"


def test_memory_tracking_is_declared_where_it_is_asked_for() -> None:
    scaling = settings("exam").autoscaling.model_dump(by_alias=True) | {"targetMemory": 60}
    posture = settings("exam", autoscaling=scaling)
    program = run(
        "exam", lambda: PythonIdeExam("pythonide-exam", posture, live(), settings("idle")) and None, Program()
    )
    tracking = program.inputs["pythonide-exam-memory-scaling-policy"]["targetTrackingScalingPolicyConfiguration"]
    assert tracking["targetValue"] == 60
    metric = "ECSServiceAverageMemoryUtilizationHighResolution"
    assert tracking["predefinedMetricSpecification"] == {"predefinedMetricType": metric}


def test_alarms(program: Program, stack: str) -> None:
    names = program.of_type("aws:cloudwatch/metricAlarm:MetricAlarm")
    keys = {name.removeprefix("pythonide-exam-") for name in names}
    assert keys == {
        "cpu",
        "memory",
        "database-connections",
        "unhealthy-hosts",
        "healthy-hosts",
        "server-errors",
        "response-time",
    }
    thresholds = {key: program.inputs[f"pythonide-exam-{key}"]["threshold"] for key in keys}
    assert thresholds["cpu"] == {"exam": 40, "idle": 80}[stack]
    assert thresholds["healthy-hosts"] == {"exam": 2, "idle": 1}[stack]
    assert (thresholds["memory"], thresholds["response-time"]) == (75, 10)
    for name in names:
        inputs = program.inputs[name]
        assert (inputs["period"], inputs["evaluationPeriods"]) == (60, 2)
        assert inputs["alarmActions"] == inputs["okActions"] == [TOPIC_ARN]
        assert ("statistic" in inputs) != ("extendedStatistic" in inputs)
    slow = program.inputs["pythonide-exam-response-time"]
    assert slow["extendedStatistic"] == "p95"
    assert slow["dimensions"] == {
        "TargetGroup": "targetgroup/pythonide-exam-tg/6de063e219368e1f",
        "LoadBalancer": "app/pythonide-alb/50dc6c495c0c9188",
    }
    assert [alarm.key for alarm in alarms.table(settings(stack), live())].count("cpu") == 1


def test_the_dashboard_is_the_same_in_both_stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    exam, idle = (main(stack, live(), monkeypatch).inputs[DASHBOARD] for stack in ("exam", "idle"))
    assert exam == idle
    assert exam["dashboardName"] == "pythonide-exam"
    body = json.loads(exam["dashboardBody"])
    shown = [widget["properties"].get("annotations", {}).get("alarms", []) for widget in body["widgets"]]
    arns = [arn for alarms in shown for arn in alarms]
    assert {arn.rpartition(":")[2] for arn in arns} == {f"pythonide-exam-{a.key}" for a in ALARMS}
    assert len(arns) == len(ALARMS)


def test_deployments_are_told_to_the_topic(program: Program, stack: str) -> None:
    pattern = json.loads(program.inputs["pythonide-exam-deployment"]["eventPattern"])
    assert pattern["source"] == ["aws.ecs"]
    assert pattern["resources"] == [SERVICE_ARN]
    started = {"exam": ["SERVICE_DEPLOYMENT_IN_PROGRESS"], "idle": []}[stack]
    assert pattern["detail"]["eventName"] == ["SERVICE_DEPLOYMENT_FAILED", *started]
    target = program.inputs["pythonide-exam-deployment/EventTarget"]
    assert target["rule"] == "pythonide-exam-deployment"
    assert target["arn"] == TOPIC_ARN


def test_cloudwatch_and_eventbridge_may_publish(program: Program) -> None:
    inputs = program.inputs["pythonide-exam-alarms/TopicPolicy"]
    assert inputs["arn"] == TOPIC_ARN
    statements = json.loads(inputs["policy"])["Statement"]
    assert {s["Principal"]["Service"] for s in statements} == {"cloudwatch.amazonaws.com", "events.amazonaws.com"}
    assert {(s["Effect"], s["Action"], s["Resource"]) for s in statements} == {("Allow", "sns:Publish", TOPIC_ARN)}


def test_who_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    posture = settings("exam", notify=["a@school.example", "b@school.example"])
    program = run(
        "exam", lambda: PythonIdeExam("pythonide-exam", posture, live(), settings("idle")) and None, Program()
    )
    subscriptions = [program.inputs[n] for n in program.of_type("aws:sns/topicSubscription:TopicSubscription")]
    assert {(s["protocol"], s["endpoint"]) for s in subscriptions} == {
        ("email", "a@school.example"),
        ("email", "b@school.example"),
    }


def test_two_services_in_one_program_do_not_clash() -> None:
    def declare() -> None:
        PythonIdeExam("first", settings("exam"), live(), settings("idle"))
        PythonIdeExam("second", settings("exam"), live(), settings("idle"))

    program = run("exam", declare, Program())
    first = {name.removeprefix("first-") for name in program.types if name.startswith("first-")}
    second = {name.removeprefix("second-") for name in program.types if name.startswith("second-")}
    assert first == second
    assert len(program.of_type("aws:ecs/service:Service")) == 2


def test_outputs(program: Program, stack: str) -> None:
    expected = {
        "exam": {"desiredCount": 2, "taskDefinition": "pythonide-exam-task:8", "vcpus": 4, "usableVcpus": 2},
        "idle": {"desiredCount": 1, "taskDefinition": "pythonide-exam-task:7", "vcpus": 1, "usableVcpus": 1},
    }[stack]
    assert {key: program.outputs[key] for key in expected} == expected
    assert program.outputs["posture"] == stack
    assert program.outputs["examUrl"] == "https://exam.pythonide-classroom.tech"
    assert "pythonide-exam-task-service" in program.outputs["serviceConsole"]
    assert program.outputs["dashboardConsole"].endswith("?region=us-east-2#dashboards/dashboard/pythonide-exam")
    assert program.outputs["usdPerHourAboveIdle"] == {"exam": 0.1481, "idle": 0}[stack]


def test_what_changes_is_told(program: Program) -> None:
    (told,) = (text for text in program.said if "changes what is live" in text)
    assert "autoscaling bounds: (none) ->" in told


def test_another_account_than_the_providers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(pulumi.RunError, match="sees AWS account 123456789012, the Pulumi provider 210987654321"):
        main("exam", live(), monkeypatch, account="210987654321")


def test_a_definition_that_cannot_be_expressed_is_refused() -> None:
    definition = {**live().task_definition, "inferenceAccelerators": [{"deviceName": "d", "deviceType": "t"}]}
    with pytest.raises(ExamError, match="uses inferenceAccelerators, which Pulumi's TaskDefinition cannot express"):
        run(
            "exam",
            lambda: (
                PythonIdeExam("pythonide-exam", settings("exam"), live(task_definition=definition), settings("idle"))
                and None
            ),
            Program(),
        )
