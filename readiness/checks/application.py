"""Whether a student can work: log in, save, read back, run; on every task, which warms it up too."""

import os

from components.errors import ExamError
from components.figures import tasks
from components.presence import TEST_USER_VARIABLE
from components.settings import Settings
from readiness.check import Check
from readiness.context import Context
from readiness.row import Row, fail, ok, unknown, warn
from readiness.visits import Visitor, Visits
from student.errors import LoginRefusedError, RateLimitError, SessionTerminatedError
from student.runs import TIME_LIMIT, Outcome, Run, wait_of
from student.walk import Step, Walk
from student.web import Place

AREA, WORK, TASKS = "application", "work", "every task"
PASSWORD_VARIABLE = "EXAM_TEST_PASSWORD"  # noqa: S105 (the name of one)
LIMIT = 30.0  # seconds
STEPS = (Step.LOGIN, Step.CONNECT, Step.SAVE, Step.READ, Step.RUN)
WANTED = "log in, save, read back, run"
LOOK = "look at the rows of the tasks and of the logs"


def read(context: Context) -> Visits | None:
    """Visit every task with the test account; None without one."""
    username, password = os.environ.get(TEST_USER_VARIABLE), os.environ.get(PASSWORD_VARIABLE)
    if not username or not password:
        return None
    place = Place(context.settings.url, context.address)
    return Visitor(place, username, password).all(_running(context))


def _running(context: Context) -> int:
    """The tasks that run, at least one; where AWS does not tell, as many as the posture has."""
    try:
        return max(int(context.live.service["runningCount"]), 1)
    except ExamError:
        return context.settings.task_count


def application(_: Settings, visits: Visits | None) -> list[Row]:
    """How the work went; where it went well, whether on every task; and what could not be cleaned up."""
    if visits is None:
        todo = f"set {TEST_USER_VARIABLE} and {PASSWORD_VARIABLE} to an account that no student uses"
        return [unknown(AREA, WORK, "no test account", WANTED, todo)]
    troubles = [trouble for walk in visits.walks if (trouble := _trouble(walk, visits.output))]
    rows = [_of_all(troubles[0], len(troubles), len(visits.walks))] if troubles else [_work(visits), _tasks(visits)]
    if visits.left:
        text = f"{visits.left} is left in the test account's folder"
        rows.append(warn(AREA, "clean-up", text, "removed", "remove it in the web IDE"))
    return rows


def _of_all(row: Row, troubles: int, walks: int) -> Row:
    often = f" ({troubles} of {walks} visits)" if walks > 1 else ""
    return Row(row.area, row.name, row.verdict, row.found + often, row.wanted, row.todo)


def _trouble(walk: Walk, output: str) -> Row | None:
    """What went wrong on a walk, if anything."""
    match walk.problem:
        case None:
            return _run_trouble(walk.runs[-1], output)
        case LoginRefusedError() if walk.at is Step.LOGIN:
            return unknown(AREA, WORK, str(walk.problem), todo=f"are {TEST_USER_VARIABLE}, {PASSWORD_VARIABLE} right?")
        case RateLimitError():
            return _limited(walk.problem.wait)
        case SessionTerminatedError():
            todo = "let nobody else use the test account and run this again; if nobody does, look at the logs"
            return fail(AREA, WORK, f"{walk.at}: {walk.problem}", "the connection stays", todo)
    return fail(AREA, WORK, f"{walk.at}: {walk.problem}", "an answer", LOOK)


def _run_trouble(run: Run, output: str) -> Row | None:
    match run.outcome:
        case Outcome.PROMPT if run.output == output:
            return None
        case Outcome.PROMPT | Outcome.COMPLETE:
            todo = "run this again; programs that run at once may mix their output, else look at the logs"
            return fail(AREA, WORK, f"run: the program printed {run.output!r}", f"{output!r}", todo)
        case Outcome.RATE_LIMITED:
            return _limited(wait_of(run.error))
        case Outcome.KILLED:
            text = f"run: one print was killed by the limit of {TIME_LIMIT} s, twice"
            return fail(AREA, WORK, text, "output", "the task has no CPU left: look at its row; more tasks help")
    return fail(AREA, WORK, f"run: {run.outcome} after {run.seconds:.1f} s {run.error}".rstrip(), "output", LOOK)


def _limited(wait: int | None) -> Row:
    todo = f"run this again in {wait or 60} s"
    return unknown(AREA, WORK, "the test account has used up what the application allows a minute", todo=todo)


def _work(visits: Visits) -> Row:
    """The longest time of each step; of first runs the other row tells, unless there are no others."""
    warm = [walk for visit in visits.visits if (walk := visit.walk) and not visit.cold] or visits.walks
    longest = {step: max(w.seconds[step] for w in (warm if step is Step.RUN else visits.walks)) for step in STEPS}
    return ok(AREA, WORK, ", ".join(f"{step} {seconds:.2f} s" for step, seconds in longest.items()), WANTED)


def _tasks(visits: Visits) -> Row:
    """Every task has answered; the first run in each was a cold one."""
    firsts, connections = sorted(visits.cold), f"{len(visits.visits)} connections"
    cold = f"{len(firsts)} cold (first run {' s, '.join(f'{s:.1f}' for s in firsts)} s)" if firsts else "none cold"
    wanted = "every running task answers"
    if any(walk.runs[0].outcome is Outcome.KILLED for walk in visits.walks):
        text = f"the first run of a new task was killed by the limit of {TIME_LIMIT} s; {cold}"
        return warn(AREA, TASKS, text, wanted, "they are warm now; run this after every scale-out, before students do")
    if visits.met == visits.tasks:
        return ok(AREA, TASKS, f"{visits.met} of {tasks(visits.tasks)} answered, {cold}", wanted)
    if not visits.sticky:
        text = f"{connections}, {cold}; without stickiness no task is told from another"
        return warn(AREA, TASKS, text, wanted, "pulumi up -s exam, which sets stickiness")
    if visits.likely:
        return ok(AREA, TASKS, f"{connections} to {tasks(visits.tasks)} that started together, {cold}", wanted)
    text = f"{visits.met} of {tasks(visits.tasks)} answered on {connections}, {cold}"
    return warn(AREA, TASKS, text, wanted, "look at the targets' row, then run this again")


CHECKS = (Check(AREA, WORK, read, application, LIMIT, writes=True),)
