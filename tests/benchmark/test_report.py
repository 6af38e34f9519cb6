"""docs/benchmark.md is made of what was measured, and of nothing else."""

import re
from dataclasses import replace

import pytest

from benchmark.contestants import FLOOR, PROGRAM, SCRIPT
from benchmark.ground import NOTHING, SWITCH, UNSAVED, Turn
from benchmark.report import ASKING, EMPTY, Figures, Turns, document

# Figures that no document would have by itself.
ROUND: Turns = {
    (EMPTY, NOTHING): [Turn(711.11, 0, 0)],
    (ASKING, NOTHING): [Turn(715.55, 8116, 0)],
    (PROGRAM, SWITCH): [Turn(722.22, 8101, 8102), Turn(722.24, 8103, 8102)],
    (PROGRAM, NOTHING): [Turn(733.33, 8104, 8105)],
    (SCRIPT, SWITCH): [Turn(744.44, 8106, 8107)],
    (SCRIPT, NOTHING): [Turn(755.55, 8108, 8109)],
    (FLOOR, SWITCH): [Turn(766.66, 8110, 8111)],
    (FLOOR, NOTHING): [Turn(777.77, 8112, 8113)],
}
GROWTH = {
    801: {SWITCH: [Turn(800.1, 1, 2)], UNSAVED: [Turn(800.2, 3, 4)], NOTHING: [Turn(800.3, 5, 6)]},
    811: {SWITCH: [Turn(900.1, 8114, 8115)], UNSAVED: [Turn(900.7, 3, 4)], NOTHING: [Turn(900.9, 5, 6)]},
}
FIGURES = Figures("2001-02-03", 876.5, "Which plugin.", [ROUND], GROWTH, [{"one": 611.11, "other": 622.22}])


def row(text: str, name: str) -> list[str]:
    """The cells of the row that begins with a name."""
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {name} |")]
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_every_row_has_its_own_figures() -> None:
    text = document(FIGURES, "a machine")
    assert row(text, EMPTY) == ["", "", "", "711.11 s (711.11-711.11)", "0", "0"]
    assert row(text, ASKING)[3:] == ["715.55 s (715.55-715.55)", "8116", "0"]
    assert row(text, PROGRAM)[:3] == ["722.23 s (722.22-722.24)", "8101-8103", "8102"]
    assert row(text, SCRIPT)[3:] == ["755.55 s (755.55-755.55)", "8108", "8109"]
    assert row(text, FLOOR)[0] == "766.66 s (766.66-766.66)"
    assert row(text, "811") == ["900.10 s", "900.70 s", "900.90 s", "8114", "8115"]
    assert row(text, "each further one")[:3] == ["10.00 s", "10.05 s", "10.06 s"]
    assert row(text, "all") == ["1233.33 s"]
    assert "on 2001-02-03 on a machine, at a load of 876.5" in text
    assert "Which plugin." in text


def test_no_figure_stays_when_what_was_measured_is_something_else() -> None:
    def times(text: str) -> set[str]:
        return set(re.findall(r"\d+\.\d\d(?= s| times)", re.sub(r"at most \S+", "", text)))

    def slower(turns: list[Turn]) -> list[Turn]:
        return [replace(turn, seconds=turn.seconds * factor) for turn, factor in zip(turns, (3, 5), strict=False)]

    # The two of a ratio not alike, or it would stay what it is.
    factors = {key: slower(slower(turns)) if key[0] == PROGRAM else slower(turns) for key, turns in ROUND.items()}
    growth = {size: {kind: slower(turns) for kind, turns in kinds.items()} for size, kinds in GROWTH.items()}
    other = replace(FIGURES, rounds=[factors], growth=growth, starts=[{"one": 1.5, "other": 2.25}])
    before, after = (times(document(figures, "a machine")) for figures in (FIGURES, other))
    assert len(before) > 15
    assert before & after == set()


@pytest.mark.parametrize(("seconds", "answer"), [(1279.9, "yes"), (1280.1, "no")])
def test_whether_a_goal_is_reached_is_worked_out(seconds: float, answer: str) -> None:
    turns = {**ROUND, (PROGRAM, SWITCH): [Turn(seconds, 1, 1)], (EMPTY, NOTHING): [Turn(1280 / 1.8, 0, 0)]}
    text = document(replace(FIGURES, rounds=[turns]), "a machine")
    assert row(text, f"a switch against {EMPTY}")[2] == answer


def test_ratios_are_taken_round_by_round() -> None:
    slow = {key: [replace(turn, seconds=turn.seconds * 10) for turn in turns] for key, turns in ROUND.items()}
    both = replace(FIGURES, rounds=[ROUND, slow])
    assert both.ratio(PROGRAM, SCRIPT, SWITCH) == pytest.approx(FIGURES.ratio(PROGRAM, SCRIPT, SWITCH))
