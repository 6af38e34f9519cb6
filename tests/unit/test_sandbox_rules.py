"""The rules of the sandbox's ECS scheduler: no server, no AWS, a clock of the test's own."""

from collections.abc import Callable

import pytest

from sandbox.ecs import rules
from sandbox.ecs.rules import Deployment, Pace, Phase, Service, Task

START, HEALTH, DRAIN = 1.0, 1.0, 2.0


class World:
    """A service with a scheduler and a clock that goes on by a tenth of a second."""

    def __init__(self, desired: int, **settings: object) -> None:
        self.now = 0.0
        self.drain = DRAIN
        self.broken: set[str] = set()
        self.silent: set[str] = set()
        self.least_healthy = 99
        self.most_active = 0
        self.service = Service("s", desired, **settings)  # type: ignore[arg-type]
        self.deploy("first")
        self.run()

    def deploy(self, name: str) -> Deployment:
        deployment = Deployment(name, {"taskDefinition": name}, self.now, self.now)
        rules.deploy(self.service, deployment)
        return deployment

    def step(self) -> None:
        self.now += 0.1
        rules.advance(self.service, self.now, Pace(START, HEALTH, lambda: self.drain, self.answers))
        for number in range(rules.missing_tasks(self.service)):
            name = self.service.primary.id
            failure = "Task failed container health checks" if name in self.broken else None
            identity = f"{name}-{self.now:.1f}-{number}"
            self.service.tasks.append(Task(identity, name, name, "", "", failure, self.now, self.now + START))
        self.least_healthy = min(self.least_healthy, self.service.count((Phase.HEALTHY,)))
        self.most_active = max(self.most_active, self.service.count(rules.ACTIVE))

    def answers(self, task: Task) -> bool:
        return task.deployment_id not in self.silent

    def run(self, until: Callable[[], bool] | None = None, limit: float = 60) -> float:
        """Runs until a condition, by default the steady state, holds; returns the seconds that it took."""
        begin = self.now
        done = until or (lambda: rules.steady(self.service))
        self.step()
        while not done():
            assert self.now - begin < limit, self.service.events[:5]
            self.step()
        self.settled_in = self.now - begin
        return self.settled_in

    def watch(self) -> None:
        self.least_healthy, self.most_active = 99, 0


def test_a_task_whose_process_does_not_answer_yet_is_not_healthy() -> None:
    world = World(2)
    world.silent = {"second"}
    world.deploy("second")
    world.run(lambda: world.now > 10 * (START + HEALTH))
    assert [task.phase for task in world.service.tasks if task.deployment_id == "second"] == [Phase.INITIAL] * 2
    assert world.service.count((Phase.HEALTHY,)) == 2
    world.silent = set()
    assert world.run() <= DRAIN + HEALTH + 0.3


def test_a_task_that_is_failed_stops_and_another_starts() -> None:
    world = World(2)
    lost = world.service.tasks[0]
    rules.fail(lost, world.now, "Essential container in task exited")
    world.step()
    assert (lost.phase, lost.stopped_reason) == (Phase.STOPPED, "Essential container in task exited")
    world.run()
    assert world.service.count((Phase.HEALTHY,)) == 2
    assert world.service.deployment_of(lost).rollout_state == "COMPLETED"


def test_a_new_service_reaches_its_steady_state() -> None:
    world = World(2)
    assert world.service.count((Phase.HEALTHY,)) == 2
    assert world.settled_in == pytest.approx(START + HEALTH, abs=0.3)
    assert world.service.primary.rollout_state == "COMPLETED"
    assert "steady state" in world.service.events[0][1]


def test_a_deployment_starts_before_it_stops_and_completes_only_after_draining() -> None:
    world = World(2)
    world.watch()
    second = world.deploy("second")
    world.run(lambda: world.service.count((Phase.DRAINING,)) > 0)
    assert second.rollout_state == "IN_PROGRESS"
    assert [d.id for d in world.service.deployments] == ["second", "first"]
    took = world.run()
    assert took == pytest.approx(DRAIN, abs=0.3)
    assert world.least_healthy == 2
    assert world.most_active == 4
    assert [d.id for d in world.service.deployments] == ["second"]


def test_the_deregistration_delay_is_read_when_a_task_begins_to_drain() -> None:
    world = World(1)
    world.deploy("second")
    world.drain = 10
    world.run(lambda: world.service.count((Phase.DRAINING,)) > 0)
    world.drain = 0
    assert world.run() == pytest.approx(10, abs=0.3)


def test_scaling_out_and_in_makes_no_deployment() -> None:
    world = World(2)
    world.service.desired_count = 5
    assert world.run() == pytest.approx(START + HEALTH, abs=0.3)
    world.service.desired_count = 1
    world.step()
    assert world.service.count(rules.RUNNING) == 5
    assert not rules.steady(world.service)
    assert world.run() == pytest.approx(DRAIN, abs=0.3)
    assert [d.id for d in world.service.history] == ["first"]
    assert world.service.count(rules.RUNNING) == 1


def test_a_deployment_to_fewer_tasks_keeps_the_minimum() -> None:
    world = World(4)
    world.service.desired_count = 1
    world.watch()
    world.deploy("second")
    world.run()
    assert world.least_healthy == 1
    assert world.service.count(rules.RUNNING) == 1


def test_the_maximum_percent_holds_new_tasks_back() -> None:
    world = World(4, minimum_percent=50, maximum_percent=100)
    world.watch()
    world.deploy("second")
    world.run()
    assert world.most_active == 4
    assert world.least_healthy == 2


def test_a_newer_deployment_supersedes_one_in_progress() -> None:
    world = World(1)
    second = world.deploy("second")
    world.run(lambda: world.service.count((Phase.INITIAL,)) > 0)
    world.watch()
    world.deploy("third")
    world.run()
    assert world.service.primary.id == "third"
    assert second.rollout_state == "IN_PROGRESS"
    assert world.least_healthy == 1


@pytest.mark.parametrize(("desired", "threshold"), [(0, 3), (1, 3), (6, 3), (7, 4), (100, 50), (1000, 200)])
def test_the_failure_threshold_is_half_the_desired_count_within_bounds(desired: int, threshold: int) -> None:
    assert rules.failure_threshold(desired) == threshold


def test_the_circuit_breaker_rolls_back_while_the_old_tasks_serve() -> None:
    world = World(2, circuit_breaker=True, rollback=True)
    old = [t.id for t in world.service.tasks]
    world.broken = {"second"}
    world.watch()
    second = world.deploy("second")
    world.run(lambda: second.rollout_state == "FAILED")
    assert second.failed_tasks >= 3
    assert second.reason == "ECS deployment circuit breaker: tasks failed to start."
    assert [d.id for d in world.service.deployments] == ["first", "second"]
    assert world.service.primary.reason == "ECS deployment circuit breaker: rolling back to deploymentId first."
    world.run()
    assert [d.id for d in world.service.deployments] == ["first"]
    assert world.service.primary.id == "first"
    assert world.least_healthy == 2
    assert [t.id for t in world.service.tasks if t.phase is Phase.HEALTHY] == old
    failed = [t for t in world.service.tasks if t.stopped_reason == "Task failed container health checks"]
    assert len(failed) == second.failed_tasks


def test_without_rollback_a_failed_deployment_stays_and_starts_nothing_more() -> None:
    world = World(1, circuit_breaker=True)
    world.broken = {"second"}
    second = world.deploy("second")
    world.run(lambda: second.rollout_state == "FAILED")
    tasks = len(world.service.tasks)
    world.run(lambda: world.now > 60, limit=99)
    assert len(world.service.tasks) == tasks
    assert not rules.steady(world.service)
    assert world.service.count((Phase.HEALTHY,)) == 1


def test_without_a_circuit_breaker_it_keeps_trying() -> None:
    world = World(1)
    world.broken = {"second"}
    second = world.deploy("second")
    world.run(lambda: second.failed_tasks > 10)
    assert second.rollout_state == "IN_PROGRESS"
    world.broken = set()
    world.deploy("third")
    world.run()
    assert world.service.primary.id == "third"


def test_one_healthy_task_resets_the_failures() -> None:
    world = World(1, circuit_breaker=True, rollback=True)
    world.broken = {"second"}
    second = world.deploy("second")
    world.run(lambda: second.failed_tasks == 1)
    world.broken = set()
    world.run()
    assert (second.failed_tasks, second.rollout_state) == (0, "COMPLETED")


def test_a_deployment_of_no_tasks_completes_when_the_old_ones_are_gone() -> None:
    world = World(2)
    world.service.desired_count = 0
    world.deploy("second")
    world.run()
    assert world.service.count(rules.RUNNING) == 0
    assert [d.id for d in world.service.deployments] == ["second"]


def test_a_stopped_task_is_replaced() -> None:
    world = World(1)
    (task,) = world.service.tasks
    rules.begin_to_stop(world.service, task, world.now, Pace(START, HEALTH, lambda: DRAIN), "stopped by a person")
    world.run()
    assert task.stopped_reason == "stopped by a person"
    assert [t.phase for t in world.service.tasks] == [Phase.STOPPED, Phase.HEALTHY]
