"""Two sandboxes for all tests: one of AWS alone, one whose tasks are processes. And a look at them."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from botocore.loaders import create_loader

from readiness.check import LIMIT, Check
from readiness.checks import CHECKS
from readiness.context import Context, context_of
from readiness.report import Report
from readiness.runner import run
from sandbox import parts, process
from sandbox.cli_install import find
from tests.engine.harness import Project
from tests.sandbox.aws import eventually, target_states
from tests.sandbox.real import Real

# They ask the exam URL, which there is no process for in the sandbox of AWS alone.
OF_THE_URL = ("health", "application")
# They know little without the database's process and datapoints.
OF_THE_DATABASE = ("students", "database")
PATIENCE = 60  # seconds
AWS_ONLY = tuple(check for check in CHECKS if check.area not in (*OF_THE_URL, *OF_THE_DATABASE))


def _or_else(text: str) -> None:
    pytest.fail(text) if os.environ.get("CI") else pytest.skip(text)


@pytest.fixture(scope="session", autouse=True)
def _clients_made_once() -> Iterator[None]:
    """Making its clients is most of a look's time; here one serves all looks with the same credentials.

    Those with others share AWS's models at least.
    """
    make, made = Context._make, dict[tuple[str | None, ...], Any]()
    models = create_loader()

    def once(context: Context, service: str) -> Any:
        key = (service, os.environ.get("AWS_ENDPOINT_URL"), os.environ.get("AWS_ACCESS_KEY_ID"))
        if key not in made:
            made[key] = make(context, service)
        return made[key]

    with patch.object(Context, "_make", once), patch("botocore.session.create_loader", lambda *_: models):
        yield


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    if find(os.environ["PATH"]) is None:
        _or_else("no Pulumi CLI: run make setup")
    project = Project(Path(tmp_path_factory.mktemp("readiness")))
    yield project
    project.stop()


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    if lacks := parts.missing():
        _or_else(f"not installed: {', '.join(lacks)}; run make setup")
    project = Project(Path(tmp_path_factory.mktemp("whole")), application="on")
    yield project
    project.stop()


def real_of(project: Project) -> Real:
    server = process.find(project.home)
    assert server
    return Real(project.home, server)


@pytest.fixture(scope="module")
def exam(whole: Project) -> Project:
    """The world with the exam posture: the one that another file has left, if it is sound, or a new one."""
    if not look(whole, "exam").headline.startswith("READY"):
        whole.reset()
        whole.up("exam")
        whole.settle()
    return whole


@pytest.fixture(scope="module")
def fresh(whole: Project) -> Real:
    """A fresh world in which the service is healthy, one for the tests of a file."""
    real = real_of(whole)
    real.server.ask("POST", "reset")
    eventually(lambda: target_states(real.client("elbv2")) == ["healthy"], PATIENCE)
    return real


@pytest.fixture
def operator(whole: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of an operator, without a way of their own to the database."""
    real = real_of(whole)
    for name, value in {**whole.env, **process.exam_variables(real.home, real.server)}.items():
        monkeypatch.setenv(name, value)
    for name in ("EXAM_DATABASE_URL", "AWS_PROFILE", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def real(fresh: Real, operator: None) -> Real:
    """The fresh world, and an operator in it."""
    return fresh


def patient(checks: Sequence[Check]) -> list[Check]:
    """A machine that is busy with other tests makes no row late."""
    return [check if check.limit < LIMIT else replace(check, limit=PATIENCE) for check in checks]


def look(project: Project, stack: str, checks: Sequence[Check] = AWS_ONLY, **env: str) -> Report:
    """The checklist, in this process."""
    with patch.dict(os.environ, {**project.env, **env}):
        context, asked = context_of(project.folder, stack), patient(checks)
        found = dict(run(context, asked))
    return Report(stack, context.now, 0, [row for check in asked for row in found[check]])
