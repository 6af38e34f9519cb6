"""What an `up` would end: the only things that students' programs do not survive. Pure."""

from datetime import UTC, datetime

from components import figures, task_definition
from components.live import Live
from components.settings import Settings


def endings(settings: Settings, live: Live) -> list[str]:
    """What the `up` would do to students' programs, a phrase each; empty when all of them live on.

    A new revision replaces every task, be it of the task definition or of the service's metrics; a lower count ends
    those that are too many, whether it is asked for or follows from a lower maximum. More tasks, bounds, alarms and
    health checks of the target group end nothing (design).
    """
    running, desired = live.desired_count, figures.desired_count(settings, live.desired_count)
    phrases = []
    if not task_definition.same(
        task_definition.derive(live.task_definition, settings.container, settings), live.task_definition
    ):
        phrases.append(f"replace {figures.tasks(running)} of {live.revision} (a new revision)")
    elif settings.autoscaling.resolution != live.resolution:
        seconds = settings.autoscaling.resolution
        phrases.append(
            f"replace {figures.tasks(running)} (metrics every {seconds} s need a new revision of the service)"
        )
    if desired < running:
        phrases.append(f"lower the count from {running} to {desired}")
    return phrases


def foreign_rollout(settings: Settings, live: Live, now: datetime | None = None) -> str | None:
    """A rollout that is going on and does not lead to what this posture wants, with its revision and age; else None.

    A rollout towards the posture is the program's own, begun by an earlier `up` that was interrupted.
    """
    if live.rolling_out is None or not endings(settings, live):
        return None
    revision = live.rolling_out["taskDefinition"].rpartition("/")[2]
    age = (now or datetime.now(UTC)) - live.rolling_out["createdAt"]
    return f"a rollout of {revision} that this `up` did not start is in progress since {round(age.total_seconds())} s"
