"""Random sequences of what people, autoscaling and accidents do, and what holds after each of them."""

import os
import time
from typing import Any, ClassVar

import psycopg
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from components.guard import FORCE
from components.presence import URL_VARIABLE
from components.stack_files import read_settings
from sandbox.world import PLANTED_PASSWORD, TASK_DEFINITION
from tests.engine.harness import UP_LIMIT, Project
from tests.engine.running import Running, unlock
from tests.postures import ROOT

STACKS = st.sampled_from(["exam", "idle"])
POSTURES = {stack: read_settings(ROOT, stack) for stack in ("exam", "idle")}
ALARMS = 7
LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"


class Term(RuleBasedStateMachine):
    """A term with the exam service; `posture` is the last one that an `up` reached, None where one was cut short."""

    project: ClassVar[Project]
    database: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.project.reset()
        self.posture: str | None = None
        self.students = False
        self.image = TASK_DEFINITION["containerDefinitions"][0]["image"]
        self.variables = {v["name"] for v in TASK_DEFINITION["containerDefinitions"][0]["environment"]}
        self._sit_down(False)

    @rule(stack=STACKS)
    def up(self, stack: str) -> None:
        before, desired = self.project.running_tasks(), self.project.service()["desiredCount"]
        self.project.forget_calls()
        done = self.project.try_up(stack, **{URL_VARIABLE: self.database})
        if self.students:
            assert before <= self.project.running_tasks()
        if done.code:
            assert self.students, done.output
            assert "students are there" in done.output, done.output
            assert self.project.writes() == []
        else:
            self._reached(stack, desired)

    @precondition(lambda self: self.students)
    @rule(stack=STACKS)
    def up_by_force(self, stack: str) -> None:
        desired = self.project.service()["desiredCount"]
        done = self.project.try_up(stack, **{FORCE: "1"})
        assert done.code == 0, done.output
        self._reached(stack, desired)

    @precondition(lambda self: self.posture == "exam")
    @rule(count=st.integers(POSTURES["exam"].autoscaling.min, POSTURES["exam"].autoscaling.max))
    def autoscale(self, count: int) -> None:
        self.project.scale_to(count)

    @rule(number=st.integers(1, 99))
    def deploy_image(self, number: int) -> None:
        self.image = f"{self.image.partition(':')[0]}:build-{number}"
        name = f"FEATURE_{number}"
        self.project.deploy(self.image, None if name in self.variables else (name, "on"))
        self.variables.add(name)

    @rule()
    def lose_state(self) -> None:
        self.project.lose_state()

    @precondition(lambda self: not self.students)
    @rule(stack=STACKS, writes=st.integers(1, 12))
    def kill(self, stack: str, writes: int) -> None:
        running = Running(self.project, stack)
        limit = time.monotonic() + UP_LIMIT
        while running.process.poll() is None and len(self.project.writes()) < writes:
            assert time.monotonic() < limit
            time.sleep(0.02)
        running.kill()
        unlock(self.project, stack)
        self.project.settle()
        self.posture = None

    @rule(stack=STACKS)
    def destroy(self, stack: str) -> None:
        before = self.project.running_tasks()
        done = self.project.pulumi("destroy", "-s", stack, "--yes", "--skip-preview")
        assert done.code == 0, done.output
        assert self.project.running_tasks() == before
        self.posture = None

    @rule(come=st.booleans())
    def students_come_or_go(self, come: bool) -> None:
        self._sit_down(come)

    def _sit_down(self, come: bool) -> None:
        self.students = come
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute("TRUNCATE sessions")
            if come:
                connection.execute("INSERT INTO sessions (user_id, token) VALUES (1, 'token')")

    def _reached(self, stack: str, before: int) -> None:
        self.posture, wanted = stack, POSTURES[stack]
        self.project.settle()
        bounds = wanted.autoscaling
        expected = min(max(wanted.task_count, before), bounds.max)
        assert self.project.status()["service"]["desired"] == expected

    @invariant()
    def the_service_lives(self) -> None:
        status = self.project.status()
        assert status["service"]["running"] >= 1
        assert status["targets"]["healthy"] >= 1

    @invariant()
    def nothing_is_lost_from_the_definition(self) -> None:
        definition = self.project.definition()
        container = definition["containerDefinitions"][0]
        for name in ("executionRoleArn", "taskRoleArn", "networkMode"):
            assert definition[name] == TASK_DEFINITION[name]
        assert _contains(definition["volumes"][0], TASK_DEFINITION["volumes"][0])
        for name in ("mountPoints", "logConfiguration"):
            assert container[name] == TASK_DEFINITION["containerDefinitions"][0][name]
        assert {v["name"] for v in container["environment"]} == self.variables
        assert container["image"] == self.image

    @invariant()
    def the_last_posture_holds(self) -> None:
        if self.posture is None:
            return
        status, wanted = self.project.status(), POSTURES[self.posture]
        bounds, service = wanted.autoscaling, status["service"]
        assert (status["autoscaling"]["min"], status["autoscaling"]["max"]) == (bounds.min, bounds.max)
        assert (service["cpu"], service["memory"]) == (wanted.cpu, wanted.memory)
        assert bounds.min <= service["desired"] == service["running"] <= bounds.max
        assert len(status["alarms"]) == ALARMS

    @invariant()
    def the_planted_credential_is_nowhere(self) -> None:
        assert not any(PLANTED_PASSWORD in text for text in self.project.said)
        for file in (self.project.home / "state").rglob("*"):
            assert not file.is_file() or PLANTED_PASSWORD.encode() not in file.read_bytes(), file


def _contains(whole: dict[str, Any], part: dict[str, Any]) -> bool:
    return all(_contains(whole[k], v) if isinstance(v, dict) else whole[k] == v for k, v in part.items())


def test_a_term(sandbox: Project, database: str) -> None:
    Term.project, Term.database = sandbox, database
    run_state_machine_as_test(
        Term,
        settings=settings(
            max_examples=12 if LONG else 2,
            stateful_step_count=12 if LONG else 5,
            derandomize=not LONG,
            deadline=None,
            # A smaller failing sequence would take as long again many times over.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
