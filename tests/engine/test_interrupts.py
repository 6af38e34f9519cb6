"""An `up` that is killed, interrupted, or not alone: the next one converges to exactly the posture."""

import re

import pytest

from tests.engine.harness import Project
from tests.engine.reference import Reference
from tests.engine.running import Running, processes, unlock

# After how many writing calls an `up` is killed: of a stack's first, which makes all there is (at 15 only the rollout
# and the target group are left), and of a switch between stacks that have been there.
FIRST = [5, *(pytest.param(n, marks=pytest.mark.long) for n in (1, 3, 8, 11, 15))]
# The stacks that have been there, and the switches of which each is killed.
SWITCHES = [
    (["idle", "exam"], {"idle": 7}),
    pytest.param(["exam", "idle"], {"exam": 3, "idle": 7}, marks=pytest.mark.long),
    pytest.param(["exam", "idle"], {"exam": 1, "idle": 5}, marks=pytest.mark.long),
]
SOON = 20  # seconds in which an interrupted `up` must have ended


def kill(project: Project, stack: str, writes: int) -> None:
    """Kill an `up` after so many writing calls, and unlock its stack."""
    running = Running(project, stack)
    running.await_writes(writes)
    running.kill()
    unlock(project, stack)


@pytest.mark.parametrize("writes", FIRST)
def test_a_first_up_that_was_killed(project: Project, reference: Reference, writes: int) -> None:
    kill(project, "exam", writes)
    project.up("exam")
    reference.reached(project, "exam")


@pytest.mark.parametrize(("before", "switches"), SWITCHES)
def test_switches_that_were_killed(
    project: Project, reference: Reference, before: list[str], switches: dict[str, int]
) -> None:
    for stack in before:
        project.up(stack)
    for stack, writes in switches.items():
        kill(project, stack, writes)
        project.up(stack)
        reference.reached(project, stack)


@pytest.mark.long
def test_creations_that_a_kill_left_pending_do_no_harm(project: Project, reference: Reference) -> None:
    """A pending creation stays in the state, since everything is an upsert; one command forgets it."""
    project.fault("sns:CreateTopic", "hang", seconds=30)
    running = Running(project, "exam")
    running.await_writes(4)
    running.kill()
    project.clear_faults()
    unlock(project, "exam")
    assert "creating" in project.pending("exam")
    project.up("exam")
    reference.reached(project, "exam")
    done = project.pulumi("refresh", "-s", "exam", "--yes", "--skip-preview", "--clear-pending-creates")
    assert done.code == 0, done.output
    assert project.pending("exam") == []
    project.up("exam")
    assert project.writes() == []


def test_an_up_that_is_interrupted_says_so_and_the_next_continues(project: Project, reference: Reference) -> None:
    running = Running(project, "exam")
    running.await_writes(1, "UpdateService")
    running.interrupt()
    done = running.done(SOON)
    assert done.code != 0
    assert re.search(r"error: update canceled|its rollout goes on", done.output), done.output
    assert processes(project) == []
    project.up("exam")
    reference.reached(project, "exam")


@pytest.mark.long
@pytest.mark.parametrize("wanted", ["exam", "idle"])
def test_both_stacks_at_once(project: Project, reference: Reference, wanted: str) -> None:
    both = [Running(project, stack) for stack in ("exam", "idle")]
    ended = [running.done() for running in both]
    for stack, done in zip(("exam", "idle"), ended, strict=True):
        assert done.code == 0 or done.errors, (stack, done.output)
    project.settle()
    project.up(wanted)
    reference.reached(project, wanted)


def test_an_up_that_the_other_stack_overtook_is_no_success(project: Project, reference: Reference) -> None:
    """Idle comes in between exam's bounds and its service: exam's own size with idle's bounds would be a mix."""
    project.fault("application-autoscaling:RegisterScalableTarget", "hang", calls=1)
    running = Running(project, "exam")
    running.await_fault()
    project.up("idle")
    project.clear_faults()
    done = running.done()
    assert done.code != 0
    assert re.search(r"something else changed the service .*autoscaling bounds: 1-1 -> 2-6", done.output), done.output
    assert "Traceback" not in done.output
    project.up("exam")
    reference.reached(project, "exam")
