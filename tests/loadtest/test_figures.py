"""The figures of a run: what is planted is counted, and times are those of what came to its end."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.figures import figures, line, percentile, share, span
from loadtest.record import Outcome, Sample, Verb
from tests.loadtest.runs import STUDENTS, event, run


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 100))
def test_a_percentile_is_a_time_that_so_many_are_within(times: list[float], percent: float) -> None:
    times.sort()
    found = percentile(times, percent)
    assert found is not None
    assert any(found == round(time, 3) for time in times)
    assert sum(round(time, 3) <= found for time in times) * 100 >= percent * len(times) * (1 - 1e-9)


def test_a_percentile_of_nothing_or_of_what_never_ended_is_none() -> None:
    assert percentile([], 95) is None
    assert percentile([1.0, math.inf], 50) == 1
    assert percentile([1.0, math.inf], 95) is None


def test_a_line_counts_every_outcome_and_leaves_the_student_limits_out_of_the_times() -> None:
    found = line(
        "run",
        [
            event(seconds=1),
            event(seconds=2, outcome=Outcome.FOREIGN),
            event(seconds=0.01, outcome=Outcome.RATE_LIMITED),
            event(seconds=0.01, outcome=Outcome.KILLED),
        ],
    )
    assert found.outcomes == {"foreign output": 1, "killed": 1, "ok": 1, "rate limited": 1}
    assert (found.count, found.p50, found.p95, found.longest) == (4, 2, None, None)


def test_a_quiet_run() -> None:
    found = figures(run())
    by_name = {line.name: line for line in found.verbs}
    assert by_name[Verb.LOGIN].count == by_name[Verb.READ].count == STUDENTS
    assert found.runs == by_name[Verb.RUN].count == 3 * STUDENTS
    assert found.failed_runs == found.wrong_outputs == found.lost_sessions == found.lost_contents == 0
    assert found.programs[0].slower == 2  # 0.2 s instead of 0.1
    assert {line.name: line.count for line in found.phases}["rush: run"] == STUDENTS
    assert (found.sampled["cpu_usable"].mean, found.server_errors) == (20, 0)


@pytest.mark.parametrize(
    ("verb", "outcome", "figure"),
    [
        (Verb.RUN, Outcome.KILLED, "failed_runs"),
        (Verb.RUN, Outcome.LOST, "failed_runs"),
        (Verb.RUN, Outcome.NO_END, "failed_runs"),
        (Verb.RUN, Outcome.WRONG, "wrong_outputs"),
        (Verb.RUN, Outcome.FOREIGN, "wrong_outputs"),
        (Verb.READ, Outcome.CONTENT_LOST, "lost_contents"),
        (Verb.SOCKET, Outcome.LOST, "lost_sockets"),
        (Verb.SOCKET, Outcome.NOT_RECONNECTED, "lost_sessions"),
        (Verb.LOGIN, Outcome.REFUSED, "lost_sessions"),
        (Verb.CONNECT, Outcome.NO_ANSWER, "lost_sessions"),
        (Verb.SAVE, Outcome.FAULT, "faults"),
    ],
)
def test_what_is_planted_is_found(verb: Verb, outcome: Outcome, figure: str) -> None:
    found = figures(run(event(110, 3, verb, outcome)))
    assert getattr(found, figure) == 1


def test_a_session_that_is_there_again_is_not_lost() -> None:
    lost, back = event(60, 3, Verb.SOCKET, Outcome.LOST), event(62, 3, Verb.SOCKET, Outcome.RECONNECTED)
    assert figures(run(lost)).lost_sessions == 1
    found = figures(run(lost, back))
    assert (found.lost_sessions, found.lost_sockets, found.reconnected) == (0, 1, 1)
    assert figures(run(lost, event(62, 3, Verb.LOGIN))).lost_sessions == 0


def test_a_login_that_was_refused_and_then_taken_loses_nothing() -> None:
    assert figures(run(event(0.1, 3, Verb.LOGIN, Outcome.REFUSED))).lost_sessions == 0


def test_shares_and_spans() -> None:
    assert (share(1, 3), share(0, 0)) == (33.33, 0)
    assert span([Sample(0), Sample(5)], lambda sample: sample.memory).highest is None
    found = span([Sample(0, memory=1), Sample(5, memory=4), Sample(9)], lambda sample: sample.memory)
    assert (found.lowest, found.mean, found.highest) == (1, 2.5, 4)
