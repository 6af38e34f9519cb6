"""`make demo`: what it runs, and when it goes on."""

import json
import os

import pytest

from sandbox import demo, engine, process
from sandbox.process import Server

CHECKLIST = {stack: ["python", "-m", "readiness", "-s", stack] for stack in ("exam", "idle")}


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands of a demo, none of which is really run; FAILING is one that ends with CODE."""
    commands: list[list[str]] = []

    def call(command: list[str], env: dict[str, str]) -> int:
        assert (env["SANDBOX_OWNER"], "EXAM_DATABASE_URL" in env) == (str(os.getpid()), False)
        commands.append(command)
        return int(os.environ["CODE"]) if json.dumps(command) == os.environ.get("FAILING") else 0

    monkeypatch.setenv("EXAM_DATABASE_URL", "postgresql://elsewhere")
    monkeypatch.setenv("CODE", "1")
    monkeypatch.setattr(demo, "_call", call)
    monkeypatch.setattr(process, "find", lambda _: Server(1, os.getpid()))
    monkeypatch.setattr(process, "stop", lambda _: True)
    monkeypatch.setattr(engine, "environment", lambda *_: {})
    return commands


def with_address(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(process, "exam_variables", lambda *_: {"EXAM_ADDRESS": address})


def test_each_switch_ends_with_the_checklist(ran: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    with_address(monkeypatch, "http://127.0.0.1:8080")
    assert demo.main() == 0
    for stack, checklist in CHECKLIST.items():
        (up,) = (number for number, command in enumerate(ran) if command[:4] == ["pulumi", "up", "-s", stack])
        assert ran[up + 1] == checklist
    assert [command[-1] for command in (ran[0], ran[-1])] == ["start", "stop"]


@pytest.mark.parametrize(
    ("address", "code", "ends"),
    [("http://127.0.0.1:8080", 1, True), ("http://127.0.0.1:8080", 2, False), (process.NOBODY, 1, False)],
)
def test_a_checklist_ends_it_only_where_an_exam_should_be_able_to_start(
    ran: list[list[str]], monkeypatch: pytest.MonkeyPatch, address: str, code: int, *, ends: bool
) -> None:
    with_address(monkeypatch, address)
    monkeypatch.setenv("FAILING", json.dumps(CHECKLIST["exam"]))
    monkeypatch.setenv("CODE", str(code))
    assert demo.main() == (code if ends else 0)
    assert (CHECKLIST["idle"] in ran) != ends


def test_a_switch_that_fails_always_ends_it(ran: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    with_address(monkeypatch, process.NOBODY)
    monkeypatch.setenv("FAILING", json.dumps(demo.STEPS[1][1]))
    assert demo.main() == 1
    assert ran[-1] == demo.STEPS[1][1]
