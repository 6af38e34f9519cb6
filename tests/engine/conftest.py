"""One sandbox for a test process; every test gets its world as at the start."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.cli_install import find
from tests.engine.harness import Project
from tests.engine.reference import Reference


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    if find(os.environ["PATH"]) is None:
        text = "no Pulumi CLI: run make setup"
        pytest.fail(text) if os.environ.get("CI") else pytest.skip(text)
    project = Project(Path(tmp_path_factory.mktemp("engine")))
    yield project
    project.stop()


@pytest.fixture
def project(sandbox: Project) -> Project:
    sandbox.reset()
    return sandbox


@pytest.fixture(scope="session")
def reference(sandbox: Project) -> Reference:
    sandbox.reset()
    return Reference(sandbox)
