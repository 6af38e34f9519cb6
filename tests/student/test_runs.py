"""How a run ends: every run of the recordings, and the rules for what a refusal says."""

from typing import Any

import pytest

from student.runs import Ending, Outcome, Run, is_refusal, wait_of
from tests.contract.application.replay import recording


def replayed(name: str, number: int) -> tuple[Run | None, list[str]]:
    """How run `number` ended, and the types of the messages that were still to come."""
    lines = recording(name)
    start = next(line["t"] for line in lines if line["message"].get("id") == number)
    received = [line for line in lines if line["direction"] == "receive" and line["t"] >= start]
    ending = Ending(number)
    for place, line in enumerate(received):
        if run := ending.read(line["message"], line["t"] - start):
            own = [later["message"] for later in received[place + 1 :] if later["message"].get("cmd_id") == number]
            return run, [message["type"] for message in own]
    return None, []


@pytest.mark.parametrize(
    ("name", "number", "outcome", "output", "said", "seconds"),
    [
        ("e_run", 1001, Outcome.PROMPT, "1\n2\n3\n", "", 2.999),  # the first in its process
        ("e_run", 1003, Outcome.PROMPT, "1\n2\n3\n", "", 0.014),
        ("e_run", 1004, Outcome.REFUSED, "", "File can not run", 0.013),  # no such file
        ("e_run", 1005, Outcome.ERROR, "", "TEXT", 0.022),  # 1/0
        ("e_run", 1007, Outcome.KILLED, "", "TEXT 3", 3.012),  # while True: pass
        ("e_run", 1012, Outcome.REFUSED, "", "TEXT", 2.006),  # it runs already
        ("e_run", 1013, Outcome.KILLED, "", "TEXT 3", 3.008),  # time.sleep(8)
        ("e_run", 1014, Outcome.ERROR, "", "TEXT", 0.025),  # 10,000 lines
        ("e3_run_more", 6000, Outcome.PROMPT, "", "", 0.005),  # prints nothing
        ("e3_run_more", 6001, Outcome.PROMPT, "out\n", "warn\n", 0.004),
        ("e3_run_more", 6002, Outcome.ERROR, "", "TEXT 1", 0.005),  # a syntax error
        ("e3_run_more", 6003, Outcome.COMPLETE, "", "", 0.005),  # sys.exit
        ("e3_run_more", 6004, Outcome.PROMPT, "9\n", "", 0.009),  # two inputs
    ],
)
def test_the_recorded_ends(name: str, number: int, outcome: Outcome, output: str, said: str, seconds: float) -> None:
    run, _ = replayed(name, number)
    assert run is not None
    assert (run.outcome, run.output, run.error, round(run.seconds, 3)) == (outcome, output, said, seconds)


def test_what_comes_after_the_end_is_left() -> None:
    run, left = replayed("e_run", 1002)
    assert run is not None
    assert (run.outcome, run.output, round(run.seconds, 3)) == (Outcome.PROMPT, "1\n2\n3\n", 0.013)
    assert left == ["stdout", "complete"]


def test_a_stopped_run_has_no_end() -> None:
    lines = [line for line in recording("e_run") if line["message"].get("id") != 1012]
    stopped = Ending(1008)
    assert all(stopped.read(line["message"], 1.0) is None for line in lines if line["direction"] == "receive")
    assert stopped.end(Outcome.NO_END, 30.0) == Run(Outcome.NO_END, "", 30.0)


@pytest.mark.parametrize(
    ("error", "seconds", "outcome"),
    [
        ("over the limit of 3 seconds", 3.01, Outcome.KILLED),
        ("3.0 s", 25.0, Outcome.KILLED),  # a server that is short of CPU says so late
        ("invalid syntax (line 3)", 0.01, Outcome.ERROR),
        ("index 5 of list of 3", 3.5, Outcome.ERROR),
        ("13", 3.5, Outcome.ERROR),
    ],
)
def test_the_time_limit_is_told_from_the_programs_own_errors(error: str, seconds: float, outcome: Outcome) -> None:
    run = Ending(1).read({"cmd_id": 1, "type": "error", "data": {"error": error}}, seconds)
    assert run is not None
    assert run.outcome is outcome


@pytest.mark.parametrize(
    ("refusal", "wait"),
    [
        ("TEXT 10 59", 59),
        ("too fast, wait 52 seconds.", 52),
        ("too fast, wait 7s", 7),
        ("no such path", None),
        ("[Errno 2] no such file: 'x.py'", None),
        ("", None),
    ],
)
def test_a_rate_limit_is_told_by_its_wait(refusal: str, wait: int | None) -> None:
    run = Ending(1).read({"type": "error", "message": refusal}, 0.1)
    assert wait_of(refusal) == wait
    assert run == Run(Outcome.REFUSED if wait is None else Outcome.RATE_LIMITED, "", 0.1, refusal)


@pytest.mark.parametrize(
    "message",
    [{"type": "error", "cmd_id": 2, "data": {}}, {"type": "response", "id": 2, "code": -1}, {"code": -1, "id": 2}, {}],
)
def test_other_peoples_messages_end_nothing(message: dict[str, Any]) -> None:
    assert Ending(1).read(message, 0.1) is None
    assert not is_refusal(message)
