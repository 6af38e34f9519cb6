"""docs/runbook.md: every command in it, in its order, on the sandbox with the real parts; an operator types no other."""

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from components import alarms
from components.revert import AT, TELLS
from components.task_definition import environment
from sandbox import parts
from sandbox.process import exam_variables, find
from tests.engine.harness import CONTAINER, UP_LIMIT, Done, Project
from tests.engine.running import Running
from tests.postures import ROOT, live, settings

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
# What only a real account has: a log-in, a profile, a bucket.
MARK = "# your account"
FENCED = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ACCOUNT = "123456789012"
BROKEN = f"{ACCOUNT}.dkr.ecr.us-east-2.amazonaws.com/pythonide-exam:broken"
SEATED = """
    WITH seated AS (SELECT id, username FROM users WHERE username <> %s ORDER BY id LIMIT %s), begun AS (
        INSERT INTO sessions (user_id, token, created_at)
        SELECT id, gen_random_uuid(), now() AT TIME ZONE 'utc' - interval '1 hour' FROM seated
    ) SELECT username FROM seated
"""
WATCH_LIMIT = 60  # seconds until the figures must be there
ASK_LIMIT = 120  # seconds until every row must have its answer
# Of the minute that is over: what is two tasks now may have been one in it.
FIGURES = re.compile(r"tasks healthy +\d", re.MULTILINE)
UNSOUND = re.compile(r"^(?:FAIL|UNKNOWN) .*", re.MULTILINE)


def commands(text: str) -> list[str]:
    """The commands of a text's fenced blocks, in their order."""
    return [line for block in FENCED.findall(text) for line in block.splitlines()]


def sections(text: str) -> dict[str, list[str]]:
    """The commands for everybody, by the heading that they stand under."""
    parts = re.split(r"^#+ ", text, flags=re.MULTILINE)[1:]
    by_title = {part.splitlines()[0]: [c for c in commands(part) if not c.endswith(MARK)] for part in parts}
    return {title: found for title, found in by_title.items() if found}


SECTIONS = sections(RUNBOOK)


def typed(command: str) -> str:
    """A command with the operator's own in the place of the capitals."""
    end = f"{datetime.now(UTC) + timedelta(hours=3):%Y-%m-%d %H:%M} UTC"
    return command.replace("ACCOUNT", ACCOUNT).replace("TAG", "latest").replace("END", end)


class Desk:
    """The operator's desk: a shell in the project's folder."""

    def __init__(self, project: Project) -> None:
        self.project = project
        server = find(project.home)
        assert server
        path = f"{Path(sys.executable).parent}{os.pathsep}{project.env['PATH']}"
        # A preview of each `up` would show nothing that the `up` does not.
        more = {"PATH": path, "COLUMNS": "80", "PULUMI_OPTION_SKIP_PREVIEW": "true"}
        self.env = {**project.env, **exam_variables(project.home, server), **more}

    def types(self, command: str) -> Done:
        """A command of the runbook; the watch gets Ctrl-C once it shows what it is there for."""
        watched = "--watch" in command
        limit = ["timeout", "--preserve-status", "--signal=INT", str(WATCH_LIMIT if watched else UP_LIMIT)]
        with subprocess.Popen(
            [*limit, "bash", "-c", typed(command)],
            cwd=self.project.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout
            said = ""
            for line in process.stdout:
                said += line
                if watched and FIGURES.match(line):
                    process.send_signal(signal.SIGINT)
        self.project.said.append(said)
        return Done(process.returncode, said)

    def asks_again(self, command: str, done: Done) -> Done:
        """The checklist once more, while a row has no answer in time: on a busy machine that happens."""
        limit = time.monotonic() + ASK_LIMIT
        while "no answer within" in done.output and time.monotonic() < limit:
            done = self.types(command)
        return done

    def seat(self, students: int) -> None:
        """So many students are active from now on, and have saved what they wrote."""
        variables = environment(self.project.definition(), CONTAINER)
        with psycopg.connect(variables["DATABASE_URL"], autocommit=True) as connection:
            connection.execute("UPDATE sessions SET is_active = false")
            names = connection.execute(SEATED, [self.env["EXAM_TEST_USER"], students]).fetchall()
        for (name,) in names:
            folder = self.project.home / "files" / "ide" / "Local" / name
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "answer.py").write_text("print(42)\n")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    if lacks := parts.missing():
        text = f"not installed: {', '.join(lacks)}; run make setup"
        pytest.fail(text) if os.environ.get("CI") else pytest.skip(text)
    project = Project(tmp_path_factory.mktemp("runbook"), application="on")
    yield Desk(project)
    project.stop()


def exam_over(desk: Desk) -> None:
    """The students have left, and the exam's end was an hour ago."""
    desk.seat(0)
    events, end = desk.project.client("events"), datetime.now(UTC) - timedelta(hours=1)
    (rule,) = events.list_rules(NamePrefix="pythonide-exam-task-service-forgotten-revert")["Rules"]
    said = TELLS.match(rule["Description"])
    assert said
    told = rule["Description"].replace(said[1], f"{end:{AT}}")
    events.put_rule(Name=rule["Name"], ScheduleExpression=rule["ScheduleExpression"], Description=told)


def broken_image(desk: Desk) -> None:
    """Somebody has asked for an image that does not start."""
    desk.seat(0)
    desk.project.configure("exam", "image", BROKEN)


def dead_laptop(desk: Desk) -> None:
    """An `up` has died half-way."""
    up = Running(desk.project, "exam")
    up.await_writes(3)
    up.kill()


@dataclass(frozen=True)
class Situation:
    """How the operator comes to a section: what has happened, and what an `up` then fails with, if it does."""

    happens: Callable[[Desk], None]
    trouble: str = ""


SITUATIONS = {
    "During the exam": Situation(lambda desk: desk.seat(3)),
    "After the exam": Situation(exam_over),
    "`up` refuses: students are there": Situation(lambda desk: desk.seat(3), "students are there: 3 active students"),
    "`up` fails": Situation(broken_image, "Task failed"),
    "The laptop dies in the middle of `up`": Situation(dead_laptop, "locked"),
}


# Another section types the same commands; `pulumi cancel` is typed in test_interrupts.py.
REPEATED = {"Five minutes before", "The wrong stack was run", "The laptop dies in the middle of `up`"}
ALL = [pytest.param(title, marks=[pytest.mark.long] * (title in REPEATED)) for title in SECTIONS]


def test_every_situation_is_a_section() -> None:
    assert SITUATIONS.keys() | REPEATED <= SECTIONS.keys()


@pytest.mark.parametrize("title", ALL)
def test_every_command_does_what_it_should(desk: Desk, title: str) -> None:
    if situation := SITUATIONS.get(title):
        situation.happens(desk)
        if situation.trouble:
            up = desk.types("pulumi up -s exam --yes")
            assert up.code != 0
            assert situation.trouble in up.output, up.output
    for command in SECTIONS[title]:
        done = desk.types(command)
        assert "Traceback" not in done.output
        if "--watch" in command:
            assert FIGURES.search(done.output), done.output
        elif "readiness" in command:
            judge(command, desk.asks_again(command, done))
        else:
            assert done.code == 0, f"{command}\n{done.output}"


def judge(command: str, done: Done) -> None:
    """What the checklist says: the posture is there, and every row is sound but what the broken image left behind."""
    if "--database" in command:
        assert re.search("^[a-zA-Z]+ +pool +6 tasks ", done.output, re.MULTILINE), done.output
        assert UNSOUND.findall(done.output) == [], done.output
        return
    assert re.search(rf"^ok +posture +live +{command.split()[4]} ", done.output, re.MULTILINE), done.output
    assert [row for row in UNSOUND.findall(done.output) if "stopped tasks" not in row] == [], done.output
    if "--submissions" in command:
        assert re.search("submissions +folders ", done.output), done.output


def left_out(text: str) -> list[str]:
    """What of a runbook looks like a command, is not marked as the reader's own, and stands where no test runs it."""
    outside = FENCED.sub("", text)
    run = [command for found in sections(text).values() for command in found]
    listed = [command for command in commands(text) if not command.endswith(MARK)]
    inline = [code for code in outside.split("`")[1::2] if " " in code and code != MARK]
    indented = re.findall(r"^(?: {4}|\t|~~~).*", outside, re.MULTILINE)
    return [*(Counter(listed) - Counter(run)).elements(), *inline, *indented]


def test_no_command_is_left_out() -> None:
    assert left_out(RUNBOOK) == []
    # An account's log-in, profile and backend, which a test has not.
    assert [c.split()[0] for c in commands(RUNBOOK) if c.endswith(MARK)] == ["aws", "export", "pulumi"]


@pytest.mark.parametrize(
    "hidden",
    [
        "Type `pulumi destroy -s exam`.",
        "    pulumi destroy -s exam",
        "~~~\npulumi destroy -s exam\n~~~",
        "```console\npulumi destroy -s exam",
        "## One hour before\n\n```console\npulumi destroy -s exam\n```",
    ],
)
def test_a_command_that_no_test_would_run_is_found(hidden: str) -> None:
    assert left_out(f"{RUNBOOK}\n{hidden}\n")


def test_every_alarm_is_explained() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|", RUNBOOK, re.MULTILINE)
    assert sorted(rows) == sorted(alarm.key for alarm in alarms.table(settings("exam"), live()))
    # And what else the topic is told of: deployments, and a revert that was forgotten.
    assert "| nobody has reverted it |" in RUNBOOK
    assert all(f"| deployment {told} |" in RUNBOOK for told in ("started", "failed"))
