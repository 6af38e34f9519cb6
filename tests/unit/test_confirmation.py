"""The last look of an `up`: what it set must be what is live."""

import pulumi
import pytest

from components import confirmation, summary
from components.live import Live
from tests.postures import live, settings

BOUNDS = "autoscaling bounds: (none) -> 2-6"


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirmation, "PAUSE", 0)


def looks(monkeypatch: pytest.MonkeyPatch, *seen: list[str]) -> list[list[str]]:
    """Let the looks see these differences; what is left of them afterwards is answered."""
    left = list(seen)
    monkeypatch.setattr(confirmation, "_missing", lambda _, __: left.pop(0))
    return left


def test_a_posture_in_force_is_confirmed_by_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    left = looks(monkeypatch, [], [BOUNDS])
    assert confirmation._confirm(settings("exam"), live(), "family:2") == "family:2"
    assert left == [[BOUNDS]]


def test_what_aws_shows_a_moment_later_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    looks(monkeypatch, [BOUNDS], [BOUNDS], [])
    assert confirmation._confirm(settings("exam"), live(), "family:2") == "family:2"


def test_what_something_else_changed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    looks(monkeypatch, *[[BOUNDS]] * confirmation.LOOKS)
    with pytest.raises(pulumi.RunError, match=r"still to do: autoscaling bounds: \(none\) -> 2-6\. Run `up`"):
        confirmation._confirm(settings("exam"), live(), "family:2")


def test_a_look_sees_what_is_live_and_leaves_the_resolution_to_its_own_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    world = live()
    monkeypatch.setattr(confirmation, "read_live", lambda *_: world)
    missing = confirmation._missing(settings("exam"), world)
    assert BOUNDS in missing
    assert not any(line.startswith("metrics") for line in missing)


def test_an_up_that_changes_nothing_looks_at_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    world: Live = live()
    monkeypatch.setattr(summary, "changes", lambda *_: [])
    revision = pulumi.Output.from_input("family:2")
    assert confirmation.confirmed(settings("exam"), world, revision, []) is revision
