"""docs/benchmark.md, written from what was measured: no figure in it is typed by hand."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmark.contestants import FLOOR, PROGRAM, SCRIPT
from benchmark.ground import NOTHING, SWITCH, UNSAVED, Turn
from loadtest.capacity import machine
from sandbox.process import PROJECT

DOCUMENT = PROJECT / "docs" / "benchmark.md"
EMPTY, ASKING = "an empty `pulumi up`", "an empty one with the AWS plugin"
# A round's turns, by who made them and of which kind.
Turns = dict[tuple[str, str], list[Turn]]

TEXT = """# What a switch takes

Written by `make benchmark` on {date} on {machine}, at a load of {load:.1f} when it began. Do not edit.

Everything runs in the sandbox, whose AWS is on the same machine and answers in milliseconds. Its tasks start, become
healthy and drain within a moment for all alike: what waits for AWS itself is no part of the figures.
{plugin}

## Against what it could be

{contest}

Wall time, the median of {rounds} rounds with the least and the most; in each round all took turns. Calls to AWS are as
the sandbox recorded them. The last three reach the same, or there would be no table: definition, count, bounds and
policy, target group, alarms, event rule. What both postures have alike was there before, and is neither in the script
nor in the last row: the dashboard, the topic's policy, the rule's target.

- **{empty}**: the same engine, backend and language host on a project without a resource, so without an AWS plugin to
  start, and without a state to refresh.
- **{asking}**: the same, but the program asks AWS who it is, which starts the plugin.
- **{script}** (`benchmark/switch.sh`): it cannot tell that there is nothing to do, and replaces every task again.
- **{floor}** (`benchmark/floor.py`): no preview, no guard, no look at what became of the rollout, no state.

## Several services in one program

{growth}

The median of 2 turns each. The engine writes the whole state after every change, one change after the other: the more
services, the more there is to write, and the more often. `PULUMI_SKIP_CHECKPOINTS` leaves that out; an `up` that is
killed then loses track of what it has done.

## The program's start

From the start of the interpreter until the first resource is registered, for a switch to `exam`; the engine's part is
left out. Medians of {starts} runs.

{start}

## Goals

{goals}
"""


@dataclass(frozen=True)
class Figures:
    """What was measured: the day, the load of the machine and what is to be known of the engine, and the figures.

    `growth` has the turns by the number of services and their kind, `starts` the seconds of each start by part.
    """

    date: str
    load: float
    plugin: str
    rounds: list[Turns]
    growth: dict[int, dict[str, list[Turn]]]
    starts: list[dict[str, float]]

    def turns(self, name: str, kind: str) -> list[Turn]:
        """All turns of a kind that somebody made."""
        return [turn for made in self.rounds for turn in made.get((name, kind), [])]

    def ratio(self, name: str, other: str, other_kind: str) -> float:
        """A switch of one against a turn of another, round by round; the median."""
        return median(_seconds(made[name, SWITCH]) / _seconds(made[other, other_kind]) for made in self.rounds)

    @property
    def start(self) -> float:
        """Seconds of the program's start."""
        return median(sum(parts.values()) for parts in self.starts)

    def further(self, kind: str) -> float:
        """Seconds that each further service adds to a turn."""
        fewest, most = min(self.growth), max(self.growth)
        return (_seconds(self.growth[most][kind]) - _seconds(self.growth[fewest][kind])) / (most - fewest)


def write(figures: Figures, path: Path = DOCUMENT) -> None:
    """Write the document."""
    path.write_text(document(figures, machine()), encoding="utf-8")


def document(figures: Figures, machine: str) -> str:
    """The document."""
    return TEXT.format(
        date=figures.date,
        machine=machine,
        load=figures.load,
        plugin=figures.plugin,
        rounds=len(figures.rounds),
        contest=_contest(figures),
        empty=EMPTY,
        asking=ASKING,
        script=SCRIPT,
        floor=FLOOR,
        growth=_growth(figures),
        starts=len(figures.starts),
        start=_start(figures),
        goals=_goals(figures),
    )


def _contest(figures: Figures) -> str:
    head = ["", SWITCH, "reads", "writes", NOTHING, "reads", "writes"]
    rows = [
        [name, *_cells(figures.turns(name, SWITCH)), *_cells(figures.turns(name, NOTHING))]
        for name in (EMPTY, ASKING, PROGRAM, SCRIPT, FLOOR)
    ]
    return _table(head, rows)


def _growth(figures: Figures) -> str:
    kinds = (SWITCH, UNSAVED, NOTHING)
    rows = [
        [str(size), *(f"{_seconds(turns[kind]):.2f} s" for kind in kinds), *_counts(turns[SWITCH])]
        for size, turns in sorted(figures.growth.items())
    ]
    further = [f"{figures.further(kind):.2f} s" for kind in kinds]
    return _table(["services", *kinds, "a switch's reads", "writes"], [*rows, ["each further one", *further, "", ""]])


def _start(figures: Figures) -> str:
    rows = [[part, f"{median(parts[part] for parts in figures.starts):.2f} s"] for part in figures.starts[0]]
    return _table(["part", "time"], [*rows, ["all", f"{figures.start:.2f} s"]])


def _goals(figures: Figures) -> str:
    goals: list[tuple[str, float, float, Callable[[float], str]]] = [
        (f"a switch against {EMPTY}", 1.8, figures.ratio(PROGRAM, EMPTY, NOTHING), "{:.2f} times".format),
        ("a switch against the script's", 0.4, figures.ratio(PROGRAM, SCRIPT, SWITCH), "{:.2f} times".format),
        ("the program's start", 0.7, figures.start, "{:.2f} s".format),
        ("a further service, a switch", 0.15, figures.further(SWITCH), "{:.2f} s".format),
        (f"a further service, {NOTHING}", 0.15, figures.further(NOTHING), "{:.2f} s".format),
        ("a further service, a switch without checkpoints", 0.15, figures.further(UNSAVED), "{:.2f} s".format),
    ]
    rows = [
        [what, f"at most {shown(goal)}", shown(measured), "yes" if measured <= goal else "no"]
        for what, goal, measured, shown in goals
    ]
    return _table(["", "goal", "measured", "reached"], rows)


def _cells(turns: list[Turn]) -> list[str]:
    """Wall seconds, reads and writes; empty where nobody took a turn."""
    if not turns:
        return ["", "", ""]
    seconds = [turn.seconds for turn in turns]
    wall = f"{median(seconds):.2f} s ({min(seconds):.2f}-{max(seconds):.2f})"
    return [wall, *_counts(turns)]


def _counts(turns: list[Turn]) -> list[str]:
    return [_range(turn.reads for turn in turns), _range(turn.writes for turn in turns)]


def _range(counts: Iterable[int]) -> str:
    all_of_them = sorted(counts)
    return "-".join(str(number) for number in dict.fromkeys((all_of_them[0], all_of_them[-1])))


def _seconds(turns: list[Turn]) -> float:
    return median(turn.seconds for turn in turns)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
