"""The programs that students run, what each must print, and how an output that is not that is told.

Every line carries a mark of its student: so another student's lines are told from lines that are missing, or that the
server printed. All stay under 50 lines, where the application's guard on output begins.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from loadtest.record import Outcome

LINES = 30
THINKING = 5.0  # seconds before input() is answered
MARK = re.compile(r"<student (\d+)>")


@dataclass(frozen=True)
class Program:
    """A program: its text, what it must print, and the answers to its input(), given after THINKING seconds each."""

    text: str
    output: str
    answers: tuple[str, ...] = ()


def _prints(mark: str) -> Program:
    text = f'for number in range({LINES}):\n    print(f"{mark} line {{number}}")\n'
    return Program(text, "".join(f"{mark} line {number}\n" for number in range(LINES)))


def _loop(turns: int) -> Callable[[str], Program]:
    total = turns * (turns - 1) // 2

    def program(mark: str) -> Program:
        text = (
            f'print("{mark} begins")\ntotal = 0\nfor number in range({turns}):\n    total += number\n'
            f'print(f"{mark} total {{total}}")\n'
        )
        return Program(text, f"{mark} begins\n{mark} total {total}\n")

    return program


def _input(mark: str) -> Program:
    text = (
        f'print("{mark} begins")\nname = input("Your name? ")\nlength = len(name)\n'
        f'print(f"{mark} hello {{name}}, {{length}} letters")\n'
    )
    return Program(text, f"{mark} begins\n{mark} hello Ada, 3 letters\n", ("Ada",))


# A million turns cost the application about 0.64 CPU-s.
PROGRAMS: dict[str, Callable[[str], Program]] = {
    "prints": _prints,
    "loop": _loop(370_000),
    "long loop": _loop(1_500_000),
    "input": _input,
}


def program(name: str, student: int) -> Program:
    """A program of a student."""
    return PROGRAMS[name](mark(student))


def mark(student: int) -> str:
    """What tells a student's lines from all others."""
    return f"<student {student}>"


def judged(output: str, expected: str, student: int) -> Outcome:
    """Whether a run printed what it must: OK, FOREIGN (another student's lines among it) or WRONG."""
    if output == expected:
        return Outcome.OK
    foreign = any(int(number) != student for number in MARK.findall(output))
    return Outcome.FOREIGN if foreign else Outcome.WRONG
