"""What happens in a rehearsal: each act does something as a person or as AWS would, and measures what comes of it."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from components.figures import tasks
from loadtest.record import Outcome, Result, Verb
from loadtest.verdict import Answer
from rehearsal.stage import Exam, call, until
from sandbox import quota

# Seconds that the class may take to come, after its first programs alone; that its work may take to bring a scale-out.
COMING, SCALING = 120.0, 80.0
SHOWN = 3  # datapoints
DEPLOYMENT = "a foreign deployment"
REFUSAL = "students are there: "
# What was measured, and whether it shows what was to be shown.
Measured = tuple[str, bool]


def up(stack: str) -> tuple[int, str]:
    """`pulumi up`: exit code, what it said."""
    return call("pulumi", "up", "-s", stack, "--yes", "--skip-preview")


def scale_up(exam: Exam) -> Measured:
    """`pulumi up -s exam`; from here on autoscaling sees what the tasks' processes use."""
    before, start = exam.size, time.monotonic()
    code, _ = up("exam")
    exam.server.ask("POST", "load", {"vcpus": None})
    count = exam.context.settings.task_count
    held = not code and exam.world["targets"]["healthy"] == count
    return f"{before} -> {exam.size}, {time.monotonic() - start:.0f} s", held


def bound(exam: Exam) -> Measured:
    """Each task is a process, and no more CPU than the task has."""
    groups = {pid: Path(f"/proc/{pid}/cgroup").read_text() for pid in exam.tasks}
    bounded = sum(f"{quota.PREFIX}{pid}" in text for pid, text in groups.items())
    how = quota.lacks() or f"{bounded} of them bounded by a cgroup's quota"
    count = exam.world["service"]["running"]
    return f"{exam.size}: {len(groups)} processes, {how}", len(groups) == count


def ready(_: Exam) -> Measured:
    """`python -m readiness -s exam`."""
    return _checklist("-s", "exam")


def _checklist(*arguments: str) -> Measured:
    code, said = call("python", "-m", "readiness", *arguments)
    return said.strip().partition("\n")[0], code == 0


def class_comes(exam: Exam) -> Measured:
    """Everybody logs in, by way of the load balancer."""
    wanted = f"{exam.context.settings.students} "
    until(lambda: exam.class_is_over() or exam.students()[1].startswith(wanted), COMING)
    there, told = exam.students()
    spread = " + ".join(str(count) for count in exam.tasks.values())
    return f"{told}; connections a task: {spread}", there and told.startswith(wanted)


def scales_out(exam: Exam) -> Measured:
    """Autoscaling meets the rush."""
    until(lambda: bool(exam.load["activities"]) or exam.class_is_over(), SCALING)
    load = exam.load
    if not load["activities"]:
        return f"none; CPU up to {max(load['published'], default=0):.0f} % of the task", False
    healthy = until(lambda: exam.complete)
    scaled = load["activities"][0]
    end = round(scaled["seconds"] / load["resolution"])
    used = ", ".join(f"{percent:.0f}" for percent in load["published"][max(end - SHOWN, 0) : end])
    target = exam.world["autoscaling"]["targetCpu"]
    text = f"CPU {used} % of the task (target {target:g}): {scaled['from']} -> {scaled['to']} tasks"
    return f"{text}, healthy {_seconds(healthy)} later", healthy is not None


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.0f} s"


def up_again(exam: Exam) -> Measured:
    """`pulumi up -s exam` in the middle of it."""
    before, start = set(exam.tasks), time.monotonic()
    exam.server.ask("DELETE", "calls")
    code, _ = up("exam")
    writes = sum(made["kind"] == "write" for made in exam.server.ask("GET", "calls"))
    stayed = before & set(exam.tasks)
    text = f"{writes} writes to AWS, {len(stayed)} of {len(before)} tasks stayed, {time.monotonic() - start:.0f} s"
    return text, not code and not writes and stayed == before


def kill(exam: Exam) -> Measured:
    """The task with the most students ends without notice."""
    (pid, opened), *_ = exam.tasks.items()
    os.kill(pid, signal.SIGKILL)
    gone = until(lambda: not exam.complete)
    again = until(lambda: exam.complete)
    text = f"{opened} connections broken; another task is healthy {_seconds(again)} later"
    return text, opened > 0 and gone is not None and again is not None


def deploy(exam: Exam) -> Measured:
    """Another pipeline forces a deployment: new tasks come, those with students drain."""
    context, old = exam.context, exam.tasks
    settings, balancer = context.settings, context.client("elbv2")
    context.client("ecs").update_service(cluster=settings.cluster, service=settings.service, forceNewDeployment=True)

    def replaced() -> bool:
        answer = balancer.describe_target_health(TargetGroupArn=context.live.target_group["TargetGroupArn"])
        states = Counter(target["TargetHealth"]["State"] for target in answer["TargetHealthDescriptions"])
        return bool(states["draining"] and not states["initial"] and exam.complete)

    taken = until(replaced)
    draining = {pid: opened for pid, opened in exam.tasks.items() if pid in old and opened}
    there = f"{sum(draining.values())} connections ({sum(old.values())} before)"
    text = f"new tasks healthy after {_seconds(taken)}; {tasks(len(draining))} of the old ones to drain, with {there}"
    return text, taken is not None and bool(draining)


def refused(exam: Exam) -> Measured:
    """`pulumi up -s idle` while they work."""
    before = exam.world["service"]["taskDefinition"]
    code, said = up("idle")
    why, same = refusal(said), exam.world["service"]["taskDefinition"] == before
    return why or "it was not", code != 0 and why is not None and same


def refusal(said: str) -> str | None:
    """Who is there, of what a `pulumi up` said; None where the guard did not refuse it."""
    line = next((line for line in said.splitlines() if REFUSAL in line), None)
    return line and line.partition(REFUSAL)[2].partition(";")[0]


def holds(exam: Exam) -> Measured:
    """The load test's own verdict."""
    made = exam.seen
    return made.verdict.sentence, made.verdict.answer is Answer.HOLDS


def nothing_lost(exam: Exam) -> Measured:
    """Those whose task was killed are back, and every file holds what was saved."""
    found = exam.seen.figures
    lost = f"lost for good: {found.lost_sessions} sessions, {found.lost_contents} files' contents"
    held = found.reconnected > 0 and not found.lost_sessions + found.lost_contents
    return f"{found.reconnected} of {found.lost_sockets} broken sockets; {lost}", held


def drained(exam: Exam) -> Measured:
    """The deployment took nobody's connection."""
    lost = broken(exam.seen.result, exam.marks[DEPLOYMENT])
    return f"{lost} sockets broken from the deployment to the end", not lost


def broken(result: Result, since: float) -> int:
    """How many sockets broke off after a moment, in seconds since the epoch."""
    at = since - datetime.fromisoformat(result.started).timestamp()
    gone = (Outcome.LOST, Outcome.TERMINATED)
    return sum(e.verb == Verb.SOCKET and e.outcome in gone and e.at >= at for e in result.events)


def class_leaves(exam: Exam) -> Measured:
    """Nobody is there, and so nothing keeps the old tasks."""
    taken = until(lambda: bool(exam.server.ask("GET", "status")["steady"]))
    there, told = exam.students()
    return f"{told}; the old tasks are gone after {_seconds(taken)}", not there and bool(taken)


def scale_down(exam: Exam) -> Measured:
    """`pulumi up -s idle` when nobody is there."""
    before, start = exam.size, time.monotonic()
    code, _ = up("idle")
    return f"{before} -> {exam.size}, {time.monotonic() - start:.0f} s", not code


def cleaned_up(_: Exam) -> Measured:
    """`python -m readiness -s idle --since`: the clean-up rows."""
    return _checklist("-s", "idle", "--since", "10m")


@dataclass(frozen=True)
class Act:
    """An act: what it shows, and how. Where one that is `needed` shows nothing, the rehearsal ends."""

    what: str
    play: Callable[[Exam], Measured]
    needed: bool = False


BEFORE = (
    Act("pulumi up -s exam", scale_up, needed=True),
    Act("a task is a process", bound),
    Act("readiness -s exam", ready),
)
DURING = (
    Act("the class comes", class_comes, needed=True),
    Act("autoscaling", scales_out),
    Act("up -s exam once more", up_again),
    Act("a task is killed", kill),
    Act(DEPLOYMENT, deploy),
    Act("up -s idle is refused", refused),
)
AFTER = (
    Act("load test", holds),
    Act("students reconnect", nothing_lost),
    Act("draining holds", drained),
    Act("the class leaves", class_leaves),
    Act("up -s idle", scale_down),
    Act("readiness -s idle --since 10m", cleaned_up),
)
