"""Whether a revert that is forgotten would be bounded, and whether one was."""

from dataclasses import dataclass
from datetime import datetime

from components import revert
from components.live import Live
from components.moment import shown
from components.settings import Settings
from readiness.check import Check
from readiness.context import Context
from readiness.row import UP, Row, fail, ok, warn

AREA, NAME = "autoscaling", "forgotten revert"
REVERT = f"pulumi up -s {revert.IDLE}"


@dataclass(frozen=True)
class Bound:
    """What runs now, for the stack named, at a moment."""

    stack: str
    live: Live
    now: datetime


def read(context: Context) -> Bound:
    """What is live of it comes with the rest."""
    return Bound(context.stack, context.live, context.now)


def bound(settings: Settings, found: Bound) -> Row:
    """In an exam as the posture has it, and not yet acted upon; in idle nothing is left of it."""
    wanted, there = revert.wanted(settings), revert.now(found.live)
    at = revert.bounded_at(settings)
    if at and at <= found.now:
        return fail(AREA, NAME, f"the exam is over, AWS has scaled it down at {shown(at)}", "reverted", REVERT)
    if there != wanted:
        return fail(AREA, NAME, there, wanted, UP)
    if at is None and found.stack != revert.IDLE:
        todo = f"pulumi config set -s {found.stack} --path exam.endsAt <time>"
        return warn(AREA, NAME, there, "bounded", todo)
    return ok(AREA, NAME, there, wanted)


CHECKS = (Check(AREA, NAME, read, bound),)
