"""`make benchmark`: every figure of docs/benchmark.md, measured on this machine in a sandbox of its own."""

import json
import os
import signal
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmark import report
from benchmark.contestants import PROGRAM, UP, Contestant, contestants
from benchmark.ground import BARE, NOTHING, SWITCH, Ground, Turn, ground, run
from benchmark.growth import growth
from benchmark.outcome import differences, outcome
from benchmark.report import ASKING, EMPTY, Figures, Turns
from components.aws import Access
from components.errors import ExamError
from components.live import read_account
from components.stack_files import read_settings
from sandbox.process import PROJECT, SandboxError
from sandbox.world import REGION

# As many rounds as there is time for.
FEWEST, MOST, ENOUGH = 3, 5, 90  # rounds, rounds, seconds
STARTS = 5
TURNS = ((SWITCH, "exam"), (NOTHING, "exam"), (SWITCH, "idle"))
NAME = "pythonide-exam"


def main() -> int:
    """Measure, and write the document; 1 when a contestant failed or did not reach what the others did."""
    # A SIGTERM ends it as Ctrl-C does: by way of the clean-up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix="pythonide-exam-benchmark-") as folder, ground(Path(folder)) as place:
            figures = measure(place)
    except KeyboardInterrupt:
        print("Stopped; nothing is left running.", file=sys.stderr)
        return 130
    except (ExamError, SandboxError) as error:
        print(error, file=sys.stderr)
        return 1
    report.write(figures)
    print(f"\nWritten: {report.DOCUMENT}")
    return 0


def measure(place: Ground) -> Figures:
    """Everything. Raises ExamError when a contestant fails, or reaches something else than the program."""
    day, load = f"{datetime.now(UTC):%Y-%m-%d}", os.getloadavg()[0]
    say("program start")
    starts = start_parts()
    players = contestants(place)
    wanted = first_switches(place, players[PROGRAM])
    rounds = compete(place, players, wanted)
    say("services")
    return Figures(day, load, plugin(place), rounds, growth(place), starts)


def first_switches(place: Ground, program: Contestant) -> dict[str, dict[str, object]]:
    """The program's outcome by posture, with what a first switch of each makes once."""
    outcomes = {}
    for posture in ("exam", "idle"):
        place.turn(program.to(posture), program.folder)
        outcomes[posture] = outcome(read_settings(PROJECT, posture), NAME)
    return outcomes


def compete(place: Ground, players: dict[str, Contestant], wanted: dict[str, dict[str, object]]) -> list[Turns]:
    """In each round all in turn, so that a machine that is slower for a while is so for all of them."""
    idle = {EMPTY: bare(place, "empty"), ASKING: bare(place, "asking")}
    rounds: list[Turns] = []
    begun = time.monotonic()
    while len(rounds) < FEWEST or (len(rounds) < MOST and time.monotonic() < begun + ENOUGH):
        say(f"round {len(rounds) + 1}")
        turns: Turns = {(name, NOTHING): [place.turn([*UP, folder.name], folder)] for name, folder in idle.items()}
        for name, player in players.items():
            for kind, posture in TURNS:
                turns.setdefault((name, kind), []).append(play(place, player, posture))
                reached = outcome(read_settings(PROJECT, posture), NAME)
                if missed := differences(wanted[posture], reached):
                    raise ExamError(f"{name} does not reach {posture} as the program does: {', '.join(missed)}")
        rounds.append(turns)
    return rounds


def bare(place: Ground, name: str) -> Path:
    """The folder of a project without a resource, `up` once; its program and stack have its name."""
    folder = place.project(name, BARE.format(name=name), PROJECT / "benchmark" / f"{name}.py")
    run(["pulumi", "stack", "init", name, "--no-select"], folder)
    place.turn([*UP, name], folder)
    return folder


def play(place: Ground, player: Contestant, posture: str) -> Turn:
    """One turn of a contestant."""
    return place.turn(player.to(posture), player.folder, player.variables)


def start_parts() -> list[dict[str, float]]:
    """The seconds of the program's start by part, several times, each to the exam posture from idle."""
    account = read_account(Access(REGION))
    parts = []
    for _ in range(STARTS + 1):
        command = [sys.executable, "-m", "benchmark.start", "exam", account, str(time.monotonic())]
        # Beside what the program says to the operator.
        parts.append(next(json.loads(line) for line in run(command).splitlines() if line.startswith("{")))
    return parts[1:]  # the first one has the files read from the disk


def plugin(place: Ground) -> str:
    """Which AWS plugin the engine used, in a sentence."""
    if (place.home / "bin" / "pulumi-resource-aws").exists():
        return "The engine's AWS plugin is the sandbox's stand-in."
    return "The engine's AWS plugin is the official one."


def say(text: str) -> None:
    """What is being measured."""
    print(f"{text} ...", flush=True)


if __name__ == "__main__":
    sys.exit(main())
