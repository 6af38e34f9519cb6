from datetime import timedelta
from typing import Any

import pytest

from readiness.checks.ecr import Image, image
from readiness.row import Row, Verdict
from tests.readiness.worlds import DIGEST, EXAM, IMAGE, NOW, stopped, task

OTHER = "sha256:" + "b" * 64
PUSHED = NOW - timedelta(days=3, hours=2)


def judged(*tasks: dict[str, Any], name: str = IMAGE, digest: str | None = DIGEST) -> list[Row]:
    described = {"imageDigest": digest, "imagePushedAt": PUSHED} if digest else None
    return image(EXAM, Image(name, described, list(tasks), NOW))


def running(digest: str) -> dict[str, Any]:
    return task(containers=[{"name": EXAM.container, "imageDigest": digest}, {"name": "sidecar", "imageDigest": "x"}])


def test_the_image_that_runs_is_there() -> None:
    rows = judged(task(), task(), stopped("x", imageDigest=OTHER))
    assert [(row.verdict, row.found) for row in rows] == [
        (Verdict.OK, "pythonide-exam:latest, pushed 3 days ago"),
        (Verdict.OK, "aaaaaaaaaaaa runs and is tagged"),
    ]


def test_a_tag_that_has_moved_is_a_warning() -> None:
    row = judged(task(), digest=OTHER)[1]
    assert row.verdict is Verdict.WARN
    assert row.found == "running aaaaaaaaaaaa, the tag points at bbbbbbbbbbbb: a new task would run other code"


def test_neighbours_with_other_code_are_a_warning() -> None:
    row = judged(task(), running(OTHER))[1]
    assert (row.verdict, row.found) == (Verdict.WARN, "the tasks run different code: aaaaaaaaaaaa, bbbbbbbbbbbb")


def test_an_image_that_is_gone_fails() -> None:
    (row,) = judged(task(), digest=None)
    assert (row.verdict, row.found) == (Verdict.FAIL, "pythonide-exam:latest is not there")


def test_no_task_tells_no_digest() -> None:
    assert judged()[1].verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("name", ["docker.io/library/python:3.11", "pythonide-exam"])
def test_an_image_from_elsewhere_is_unknown(name: str) -> None:
    assert [row.verdict for row in judged(task(), name=name, digest=None)] == [Verdict.UNKNOWN]


@pytest.mark.parametrize("name", [IMAGE.removesuffix(":latest"), f"{IMAGE}@{DIGEST}"])
def test_ecr_knows_an_image_without_tag_and_by_digest(name: str) -> None:
    assert judged(task(), name=name)[0].verdict is Verdict.OK
