"""What checks share: AWS asked once, for everybody who asks."""

import shutil
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.errors import ExamError
from components.live import Live
from components.stack_files import read_access
from readiness import context as module
from readiness.context import Context, context_of
from tests.postures import ROOT
from tests.readiness.worlds import EXAM, IDLE, exam


def context() -> Context:
    return Context(EXAM, "exam", IDLE, access=None)  # type: ignore[arg-type]


def together(context: Context, read: Any) -> list[Any]:
    """What each of several threads gets that ask at once."""
    results: list[Any] = []

    def ask() -> None:
        try:
            results.append(context.once("key", read))
        except ExamError as error:
            results.append(str(error))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_a_read_happens_once_for_all_threads() -> None:
    calls: list[int] = []

    def read() -> str:
        calls.append(1)
        time.sleep(0.05)
        return "found"

    assert together(context(), read) == ["found"] * 8
    assert len(calls) == 1


def test_its_error_is_everybodys() -> None:
    calls: list[int] = []

    def read() -> None:
        calls.append(1)
        raise ExamError("no credentials")

    assert together(context(), read) == ["no credentials"] * 8
    assert len(calls) == 1


def test_what_runs_is_read_once_with_the_shared_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def read(_: object, __: object, client: object) -> Live:
        asked.append(client)
        return exam()

    monkeypatch.setattr(module, "read_live", read)
    one = context()
    assert one.live is one.live
    assert asked == [one.client]


class SlowMachine:
    """Access whose session takes its time to make a client."""

    def session(self) -> "SlowMachine":
        return self

    def client(self, service: str, **_: Any) -> str:
        time.sleep(0.05)
        return service


def test_the_making_of_clients_is_measured() -> None:
    one = Context(EXAM, "exam", IDLE, access=SlowMachine())  # type: ignore[arg-type]
    assert [one.client("ecs"), one.client("ec2"), one.client("ecs")] == ["ecs", "ec2", "ecs"]
    assert 0.1 <= one.making < 2


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("Pulumi.yaml", "Pulumi.exam.yaml", "Pulumi.idle.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def configure(project: Path, **values: Any) -> None:
    path = project / "Pulumi.exam.yaml"
    content = yaml.safe_load(path.read_text())
    content["config"].update({f"aws:{key}": value for key, value in values.items()})
    path.write_text(yaml.safe_dump(content))


def test_the_context_of_a_stack(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EXAM_ADDRESS", raising=False)
    exam, idle = context_of(project, "exam"), context_of(project, "idle")
    assert (exam.settings, exam.other, exam.other_stack) == (EXAM, IDLE, "idle")
    assert (idle.settings, idle.other, idle.other_stack) == (IDLE, EXAM, "exam")
    assert (exam.access.region, exam.access.profile, exam.address) == ("us-east-2", None, None)
    monkeypatch.setenv("EXAM_ADDRESS", "http://127.0.0.1:8080")
    assert context_of(project, "exam").address == "http://127.0.0.1:8080"


def test_access_is_as_the_provider_of_the_stack_has_it(project: Path) -> None:
    role = {"roleArn": "arn:aws:iam::123456789012:role/exam-operator"}
    configure(project, profile="school", region="eu-west-1", assumeRoles=[role])
    access = read_access(project, "exam", 30)
    assert (access.region, access.profile, access.assume_roles, access.limit) == ("eu-west-1", "school", (role,), 30)
    assert read_access(project, "idle", 30).profile is None


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"region": ""}, "aws:region is missing"),
        ({"assumeRoles": [{"externalId": {"secure": "v1:x"}}]}, "is encrypted"),
    ],
)
def test_access_that_cannot_be_told(project: Path, values: dict[str, Any], text: str) -> None:
    configure(project, **values)
    with pytest.raises(ExamError, match=text):
        read_access(project, "exam", 30)


def test_another_stack_is_no_stack(project: Path) -> None:
    with pytest.raises(ExamError, match="no stack prod; it is one of exam, idle"):
        context_of(project, "prod")


def test_another_folder_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(ExamError, match="run this in the project's folder"):
        context_of(tmp_path, "exam")
