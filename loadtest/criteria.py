"""The criteria of an exam, each with what was found, and since when it is broken. Pure."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from loadtest.config import Exam
from loadtest.figures import ENDED, NOT_COUNTED, P95, WRONG, Figures, lost_sessions, taken
from loadtest.record import Event, Outcome, Result, Verb


@dataclass(frozen=True)
class Criterion:
    """One criterion: what was found (None: never), the most that is allowed, since when it is over that (seconds).

    `lasting` is what no shortage of CPU in the load test can bring about.
    """

    name: str
    found: float | None
    limit: float
    unit: str
    held: bool
    since: float | None
    lasting: bool = False


def criteria(result: Result, found: Figures, exam: Exam) -> list[Criterion]:
    """The criteria that are set, each with what was found and since when it is broken."""
    asked, p95 = exam.criteria, {line.name: line.p95 for line in found.verbs}
    counted = [event for event in result.events if event.outcome not in NOT_COUNTED]
    runs, saves = ([event for event in counted if event.verb == verb] for verb in (Verb.RUN, Verb.SAVE))
    unread = [event for event in counted if event.outcome == Outcome.CONTENT_LOST]
    lost = lost_sessions(counted).values()
    failed = [event for event in runs if event.outcome not in ENDED]
    wrong = [event for event in runs if event.outcome in WRONG]
    one = len(runs) / 100
    rows: list[tuple[str, float | None, float | None, str, Iterable[Event], float, bool]] = [
        ("lost contents", found.lost_contents, asked.lost_contents, "", unread, 1, True),
        ("lost sessions", found.lost_sessions, asked.lost_sessions, "", lost, 1, True),
        ("runs killed or failed", found.failed_runs_percent, asked.killed_percent, "%", failed, one, False),
        ("runs with wrong output", found.wrong_outputs_percent, asked.wrong_percent, "%", wrong, one, False),
    ]
    made = [
        _criterion(name, value, limit, unit, bad, each * limit, lasting)
        for name, value, limit, unit, bad, each, lasting in rows
        if limit is not None
    ]
    for name, limit, events in (("run", asked.run_p95, runs), ("save", asked.save_p95, saves)):
        if limit is not None:
            late = [event for event in events if taken(event) > limit]
            spared = (100 - P95) * len(events) / 100
            # Without any there is none that was late.
            made.append(_criterion(f"p95 of a {name}", p95[name] if events else 0, limit, "s", late, spared, False))
    return made


def _criterion(
    name: str, found: float | None, limit: float, unit: str, events: Iterable[Event], spared: float, lasting: bool
) -> Criterion:
    """A criterion; it is broken since the first event that is one more than the `spared` ones that it bears."""
    held = found is not None and found <= limit
    moments = sorted(event.at for event in events)[math.floor(spared) :]
    return Criterion(name, found, limit, unit, held, None if held or not moments else moments[0], lasting)


def told(criterion: Criterion) -> str:
    """A criterion in words, with what was found and what is allowed."""
    unit = f" {criterion.unit}" if criterion.unit else ""
    found = "never" if criterion.found is None else f"{criterion.found:g}{unit}"
    return f"{criterion.name} {found} (limit {criterion.limit:g}{unit})"


def part(criterion: Criterion) -> str:
    """How much of its limit a criterion that is held has used up, in words."""
    unit = f" {criterion.unit}" if criterion.unit else ""
    return f"{criterion.name} at {criterion.found:g} of {criterion.limit:g}{unit}"
