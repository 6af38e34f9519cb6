"""A row of the checklist."""

from dataclasses import dataclass
from enum import StrEnum

# What most often has to be done; the runner puts the stack's name in.
UP = "pulumi up -s {stack}"


class Verdict(StrEnum):
    """What a check makes of what it found; `unknown` is for what could not be found out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Row:
    """One line for the operator: what was found, what was wanted, what to do. None of it ever shows a credential."""

    area: str
    name: str
    verdict: Verdict
    found: str
    wanted: str = ""
    todo: str = ""


def ok(area: str, name: str, found: str, wanted: str = "") -> Row:
    """All is as wanted."""
    return Row(area, name, Verdict.OK, found, wanted)


def warn(area: str, name: str, found: str, wanted: str = "", todo: str = "") -> Row:
    """Not as wanted, but no reason not to start."""
    return Row(area, name, Verdict.WARN, found, wanted, todo)


def fail(area: str, name: str, found: str, wanted: str = "", todo: str = "") -> Row:
    """The exam should not start like this."""
    return Row(area, name, Verdict.FAIL, found, wanted, todo)


def unknown(area: str, name: str, found: str, wanted: str = "", todo: str = "") -> Row:
    """It could not be found out, and why."""
    return Row(area, name, Verdict.UNKNOWN, found, wanted, todo)
