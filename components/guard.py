"""The guard: an `up` that would end students' programs is refused while they are there."""

import os
from datetime import UTC, datetime

import pulumi

from components import effects, revert
from components.errors import ExamError
from components.live import Live
from components.moment import shown
from components.presence import presence
from components.settings import Settings

FORCE = "EXAM_FORCE"


def guard(settings: Settings, live: Live) -> None:
    """Let an `up` through that ends nobody's program, or that nobody is there for; a preview only warns.

    Raises ExamError that says how many are there, how that is known, what the `up` would do, and the way past it.
    Nobody is asked when nothing would end, and none when EXAM_FORCE=1. Before the end of an exam that AWS knows of, it
    is refused whoever is there.
    """
    endings = effects.endings(settings, live)
    rollout = effects.foreign_rollout(settings, live)
    if rollout:
        pulumi.log.warn(rollout)
    if not endings:
        return
    if os.environ.get(FORCE) == "1":
        pulumi.log.warn(f"{FORCE}=1: nobody was asked whether students are there; the `up` will {_and(endings)}")
        return
    end = revert.ends_at(settings, live)
    if end and datetime.now(UTC) < end:
        _refuse(refusal(f"the exam runs until {shown(end)} (exam.endsAt)", "then", endings, rollout))
        return
    who = presence(settings, live)
    if who.told is None:
        pulumi.log.warn(
            f"nothing tells whether students are there ({'; '.join(who.unanswered)}); the `up` will {_and(endings)}"
        )
        return
    if who.unanswered:
        pulumi.log.warn(f"students guard: {'; '.join(who.unanswered)}; the next source decides")
    if not who.there:
        pulumi.log.info(f"no students are there: {who.told}")
        return
    _refuse(refusal(f"students are there: {who.told}", "they are gone", endings, rollout))


def _refuse(text: str) -> None:
    if not pulumi.runtime.is_dry_run():
        raise ExamError(text)
    pulumi.log.warn(text)


def refusal(why: str, until: str, endings: list[str], rollout: str | None) -> str:
    """The one line that refuses."""
    also = f"; {rollout}" if rollout else ""
    return (
        f"{why}; this `up` would {_and(endings)}, which ends every program that runs there"
        f"{also}. Wait until {until}, or go on all the same with {FORCE}=1 pulumi up ..."
    )


def _and(phrases: list[str]) -> str:
    return " and ".join(phrases)
