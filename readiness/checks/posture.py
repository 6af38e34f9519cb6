"""Whether what is live is the posture of the stack named: no `up` would change it."""

from dataclasses import dataclass

from components import summary
from components.settings import Settings
from readiness.check import Check
from readiness.context import Context
from readiness.row import UP, Row, Verdict, fail, ok

AREA, NAME = "posture", "live"
SHOWN = 3  # changes


@dataclass(frozen=True)
class Differences:
    """What an `up` of the stack named would change, and of the other one."""

    stack: str
    own: list[str]
    other_stack: str
    other: list[str]


def read(context: Context) -> Differences:
    """Both postures beside what is live."""
    own = summary.changes(context.settings, context.live)
    return Differences(context.stack, own, context.other_stack, summary.changes(context.other, context.live))


def posture(_: Settings, differences: Differences) -> Row:
    """The stack's own posture is ok; the other's, or neither, is a fail."""
    wanted = differences.stack
    if not differences.own:
        return ok(AREA, NAME, wanted, wanted)
    if not differences.other:
        return fail(AREA, NAME, differences.other_stack, wanted, UP)
    count, shown = len(differences.own), differences.own[:SHOWN]
    more = [f"{count - SHOWN} more"] if count > SHOWN else []
    found = f"neither posture; {count} {'value differs' if count == 1 else 'values differ'}: {'; '.join(shown + more)}"
    return fail(AREA, NAME, found, wanted, UP)


def is_live(rows: list[Row], stack: str) -> str | None:
    """The posture that is live by this check's row among `rows`: exam, idle, neither; None where it cannot tell."""
    for row in rows:
        if row.area == AREA and row.verdict is Verdict.OK:
            return stack
        if row.area == AREA and row.verdict is Verdict.FAIL:
            return row.found if row.found in ("exam", "idle") else "neither"
    return None


CHECKS = (Check(AREA, NAME, read, posture),)
