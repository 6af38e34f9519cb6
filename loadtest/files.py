"""A student's files in a load test: all in one folder of the run's own, and what each of them must hold."""

import time
from dataclasses import dataclass, field

from loadtest.programs import PROGRAMS, mark, program
from student.client import Student
from student.errors import RefusedError, StudentError

ANSWER = "answer.py"  # what is saved again and again
# Seconds between two file commands in a row: the application takes ten in 2 s.
PACE = 0.3
LINES = 40


def folder_of(run: str) -> str:
    """The folder of a run's files, by the run's own short name: no student has one like it."""
    return f"load-test-{run}"


def path_of(folder: str, name: str) -> str:
    """Where a program, or the answer, is saved."""
    return f"{folder}/{name.replace(' ', '-').removesuffix('.py')}.py"


def paths(folder: str) -> list[str]:
    """Every file that a student of a run may have saved."""
    return [path_of(folder, name) for name in (*PROGRAMS, ANSWER)]


def programs(folder: str, student: int) -> dict[str, str]:
    """The texts of a student's programs, by path."""
    return {path_of(folder, name): program(name, student).text for name in PROGRAMS}


def answer(student: int, version: int) -> str:
    """The answer's text as it is saved for the `version`th time: a page of a student's code."""
    lines = (f'line_{number} = "{mark(student)} version {version}"\n' for number in range(LINES))
    return f"# {mark(student)} version {version}\n" + "".join(lines)


@dataclass
class Contents:
    """What the files may hold: what was saved last, and what was sent since without an answer. None: no file."""

    _possible: dict[str, set[str | None]] = field(default_factory=dict)

    def sent(self, path: str, text: str) -> None:
        """A save is under way: from now on the file may hold the text."""
        self._possible.setdefault(path, {None}).add(text)

    def saved(self, path: str, text: str) -> None:
        """The save was answered well: the file holds the text and nothing else."""
        self._possible[path] = {text}

    def refused(self, path: str, text: str) -> None:
        """The save was refused: the file holds what it held before."""
        self._possible[path].discard(text)

    def holds(self, path: str, text: str) -> bool:
        """Whether a file holds the text for certain."""
        return self._possible.get(path) == {text}

    def known(self) -> list[str]:
        """The files that must be there."""
        return [path for path, possible in self._possible.items() if possible != {None}]

    def right(self, path: str, text: str | None) -> bool:
        """Whether a file may hold this."""
        return text in self._possible[path]


def remove(student: Student, folder: str) -> bool:
    """Remove a run's folder of a student who is connected; whether nothing is left. Raises nothing."""
    try:
        for path in paths(folder):
            _quietly(student, path)
        time.sleep(PACE)
        student.delete_folder(folder)
    except RefusedError:
        return True  # it was never made
    except StudentError:
        return False
    return True


def _quietly(student: Student, path: str) -> None:
    time.sleep(PACE)
    try:
        student.delete(path)
    except RefusedError:
        return  # it was never saved
