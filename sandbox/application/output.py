"""Standard output of the whole process, and the guard on what one program prints.

A run replaces the process's standard output by its own until it ends, then puts back what it found. So the prints of
programs that overlap go to the one that started last, or to one that has ended: this is how the application mixes
output up, and it is not cured here.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby

MOST_LINES, MOST_EQUAL, RATE, EARLY = 10_000, 500, 100, 0.5  # lines, lines, lines a second, seconds
EARLY_LINES, EARLY_CHARACTERS = 50, 4_000


class Capture:
    """What was printed while it was the process's standard output."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._parts: dict[bool, list[str]] = {False: [], True: []}

    def write(self, text: str, *, error: bool = False) -> None:
        """Adds to it, or to what went to standard error."""
        self._parts[error].append(text)

    @property
    def output(self) -> str:
        """All of standard output."""
        return "".join(self._parts[False])

    @property
    def errors(self) -> str:
        """All of standard error."""
        return "".join(self._parts[True])


class Console:
    """The process's standard output: of one run at a time, the log between them."""

    def __init__(self) -> None:
        """At first it is the log."""
        self._current: Capture | None = None

    def write(self, text: str, *, error: bool = False) -> None:
        """Prints where everything goes now."""
        if self._current:
            self._current.write(text, error=error)
        else:
            sys.stdout.write(text)
            sys.stdout.flush()

    @contextmanager
    def replaced(self) -> Iterator[Capture]:
        """Makes all prints of the process go to what it gives."""
        own = Capture()
        before, self._current = self._current, own
        try:
            yield own
        finally:
            self._current = before


def too_much(text: str, seconds: float) -> str | None:
    """Why the output guard ends a program that printed this so long after its start; None if it does not."""
    if not text:
        return None
    lines = text.split("\n")
    if len(lines) > MOST_LINES:
        return f"{len(lines)} lines of output, {MOST_LINES} are allowed"
    if any(sum(1 for _ in same) >= MOST_EQUAL for _, same in groupby(lines)):
        return f"the same line {MOST_EQUAL} times: infinite loop"
    if seconds < EARLY:
        early = len(lines) > EARLY_LINES and len(text) >= EARLY_CHARACTERS
        return f"{len(lines)} lines of output in {seconds:.0f} s" if early else None
    rate = len(lines) / seconds
    return f"{rate:.0f} lines of output a second after {seconds:.0f} s" if rate > RATE else None
