"""The desired count to write: worked out anew where it is raised, left alone where it stays."""

from types import SimpleNamespace
from typing import Any

import pulumi
import pytest
from botocore.exceptions import EndpointConnectionError

from components import count
from components.aws import Access
from components.live import Live
from tests.postures import live, settings


def at(desired: int) -> Live:
    world = live()
    return live(service={**world.service, "desiredCount": desired})


def answer(monkeypatch: pytest.MonkeyPatch, service: Any) -> None:
    def describe_services(**_: Any) -> Any:
        if isinstance(service, Exception):
            raise service
        return {"services": [service]}

    ecs = SimpleNamespace(describe_services=describe_services)
    monkeypatch.setattr(Access, "session", lambda _: SimpleNamespace(client=lambda _: ecs))


@pytest.mark.parametrize("reached", [2, 5])
def test_a_count_that_stays_is_left_alone(reached: int) -> None:
    assert count.latest(settings("exam"), at(reached), []) is None


def written(stack: str, world: Live) -> int:
    """What the program would write."""
    found: list[int] = []
    pulumi.runtime.set_mocks(SimpleNamespace(), preview=False)  # type: ignore[arg-type]
    output = count.latest(settings(stack), world, [])
    assert output is not None
    pulumi.runtime.test(lambda: output.apply(found.append))()  # type: ignore[no-untyped-call]
    return found[0]


@pytest.mark.parametrize(("now", "wanted"), [(1, 2), (2, 2), (5, 5), (9, 6)])
def test_a_raised_count_is_worked_out_anew(monkeypatch: pytest.MonkeyPatch, now: int, wanted: int) -> None:
    answer(monkeypatch, {"desiredCount": now})
    assert written("exam", at(1)) == wanted


def test_a_lowered_count_is_autoscalings_maximum(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, AssertionError("nobody is asked"))
    assert written("idle", at(5)) == 1


def test_no_answer_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, EndpointConnectionError(endpoint_url="https://ecs.us-east-2.amazonaws.com"))
    with pytest.raises(pulumi.RunError, match="no answer from AWS while looking for the desired count of service"):
        count._count_now(settings("exam"), at(1))
